package poller_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

func TestKeepsTargetWhateverHandlersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := start(t, func(o *options) {
			o.Handle = func(_ context.Context, _ int, k *ticket) { <-release; k.Return() }
		})
		for n := range 7 { // ten tickets: seven tasks leave three polls
			s := r.Status()
			if s.InFlight != 3 || s.Handling != n || s.Tasks != uint64(n) {
				t.Fatalf("after %d tasks: %+v", n, s)
			}
			r.queue.tasks <- n
			synctest.Wait()
		}
		for n := 7; n < 10; n++ { // and now the tickets run out
			r.queue.tasks <- n
		}
		synctest.Wait()
		if s := r.Status(); s.InFlight != 0 || s.Admitting != 3 || s.Handling != 10 {
			t.Fatalf("without tickets: %+v", s)
		}
		close(release)
		synctest.Wait()
		if s := r.Status(); s.InFlight != 3 || s.Handling != 0 {
			t.Fatalf("after the handlers ended: %+v", s)
		}
		if n := r.queue.most.Load(); n != 3 {
			t.Errorf("at most %d polls in flight at once, want 3", n)
		}
		r.stop(t)
	})
}

func TestEmptyPollReturnsTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		if n := r.desk.out.Load(); n != 3 {
			t.Fatalf("%d tickets out with 3 polls in flight", n)
		}
		time.Sleep(10*longPoll + time.Second)
		s := r.Status()
		if s.Empties != 30 || s.Polls != 30 || r.desk.out.Load() != 3 {
			t.Errorf("after ten rounds: %+v, %d tickets out", s, r.desk.out.Load())
		}
		r.stop(t)
	})
}

// The heart of the promise: whenever a stop comes, each task is handled or still in the queue.
func TestNoTaskIsDropped(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) { dropRace(t, seed) })
	}
}

func dropRace(t *testing.T, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 7))
	var handled atomic.Int64
	r := newRig(t, 1+rnd.IntN(4), func(o *options) {
		if rnd.IntN(2) == 0 { // it may also stop by itself
			o.MaxTasks, o.IdleTimeout = rnd.IntN(30), time.Millisecond
			o.IdleStop = poller.StopMode(rnd.IntN(2))
		}
		o.Handle = func(_ context.Context, task int, k *ticket) {
			time.Sleep(time.Duration(task%3) * time.Millisecond)
			handled.Add(1)
			k.Return()
		}
	})
	r.run(t.Context())
	total := 1 + rnd.IntN(30)
	stopAt := rnd.IntN(total + 1)
	mode := poller.StopMode(rnd.IntN(2))
	for n := range total {
		if n == stopAt {
			go r.Stop(mode)
		}
		if rnd.IntN(2) == 0 {
			time.Sleep(time.Millisecond)
		}
		r.queue.tasks <- n
	}
	r.Stop(mode)
	if err := <-r.ran; err != nil {
		t.Errorf("seed %d: Run: %v", seed, err)
	}
	if err := r.Wait(t.Context()); err != nil {
		t.Errorf("seed %d: %v", seed, err)
	}
	if got := int(handled.Load()) + len(r.queue.tasks); got != total {
		t.Errorf("seed %d: %d handled and %d left of %d tasks", seed, handled.Load(),
			len(r.queue.tasks), total)
	}
	r.settled(t)
}

// A task that arrives after the poll was cancelled is handled all the same.
func TestTaskAfterInterruptIsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) {
			o.Scaler = poller.Fixed(1)
			o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				return 42, poller.Feedback{}, nil
			})
		})
		r.Stop(poller.Interrupt)
		within(t, time.Second, "Run", func() { r.ended(t) })
		if err := r.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.seen(); !slices.Equal(got, []int{42}) {
			t.Errorf("handled %v, want [42]", got)
		}
		r.settled(t)
	})
}

func TestStopComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		time.Sleep(20 * time.Second)
		r.Stop(poller.Complete)
		r.queue.tasks <- 1
		synctest.Wait()
		if s := r.Status(); s.State != poller.StateStopping || s.InFlight != 2 {
			t.Errorf("after a task: %+v", s)
		}
		within(t, 40*time.Second, "the rest of the long polls", func() { r.ended(t) })
		if got := r.seen(); !slices.Equal(got, []int{1}) {
			t.Errorf("handled %v, want [1]", got)
		}
		if n := r.queue.sent.Load(); n != 3 {
			t.Errorf("%d polls were sent, want 3: none after Stop", n)
		}
		r.settled(t)
	})
}

func TestStopSharpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.Stop(poller.Complete)
		time.Sleep(5 * time.Second)
		r.Stop(poller.Complete)
		synctest.Wait()
		if s := r.Status(); s.InFlight != 3 {
			t.Errorf("a second Stop(Complete) changed something: %+v", s)
		}
		r.stop(t)
		r.stopAgain(t)
	})
}

// stopAgain checks that more stops of a stopped poller do nothing.
func (r *rig) stopAgain(t *testing.T) {
	t.Helper()
	r.Stop(poller.Complete)
	r.Stop(poller.Interrupt)
	r.Pause()
	r.Resume()
	r.settled(t)
}

func TestStopBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, nil)
		if got := r.Status().State; got != poller.StateNew {
			t.Errorf("state %s, want new", got)
		}
		r.Stop(poller.Interrupt)
		if err := r.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := r.Run(t.Context()); !errors.Is(err, poller.ErrRunTwice) {
			t.Errorf("second Run: got %v, want ErrRunTwice", err)
		}
		if n := r.queue.sent.Load(); n != 0 {
			t.Errorf("%d polls were sent", n)
		}
		r.settled(t)
	})
}

func TestStopEndsWaitForTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0, nil)
		r.run(t.Context())
		time.Sleep(time.Hour)
		if s := r.Status(); s.Admitting != 3 || s.InFlight != 0 {
			t.Errorf("without tickets: %+v", s)
		}
		r.Stop(poller.Complete)
		within(t, 0, "Run", func() { r.ended(t) })
		r.settled(t)
	})
}

// A ticket that comes too late is returned, not polled with.
func TestTicketAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, nil)
		desk := r.desk
		slow := newRig(t, 1, func(o *options) {
			o.Scaler = poller.Fixed(1)
			o.Admit = poller.AdmissionFunc[*ticket](func(ctx context.Context) (*ticket, error) {
				<-ctx.Done()
				return desk.Admit(context.WithoutCancel(ctx))
			})
		})
		slow.run(t.Context())
		synctest.Wait()
		slow.stop(t)
		if n := slow.queue.sent.Load(); n != 0 || desk.out.Load() != 0 {
			t.Errorf("%d polls sent, %d tickets out", n, desk.out.Load())
		}
	})
}

func TestRunContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errGone := errors.New("gone")
		type key struct{}
		ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
		var handlerErr error
		var value any
		hold := make(chan struct{})
		r := newRig(t, 2, func(o *options) {
			o.Handle = func(ctx context.Context, _ int, k *ticket) {
				<-hold
				handlerErr, value = ctx.Err(), ctx.Value(key{})
				k.Return()
			}
		})
		r.run(ctx)
		r.queue.tasks <- 1
		synctest.Wait()
		cancel(errGone)
		within(t, 0, "Run", func() {
			if err := <-r.ran; !errors.Is(err, errGone) {
				t.Errorf("Run: got %v, want the cause of its context", err)
			}
		})
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := r.Wait(short); !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "1 handlers running") {
			t.Errorf("Wait with a handler running: %v", err)
		}
		close(hold)
		if err := r.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if handlerErr != nil || value != "value" {
			t.Errorf("handler's context: error %v, value %v", handlerErr, value)
		}
		r.settled(t)
	})
}

// spender is a ticket that writes down what happens to it.
type spender struct{ log *[]string }

func (k spender) Return() { *k.log = append(*k.log, "return") }
func (k spender) Spend()  { *k.log = append(*k.log, "spend") }

// A ticket learns of its task before the next poll is admitted and before the handler runs; an
// empty poll does not spend it.
func TestSpender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		s := &script{answers: []answer{gives(1), empty, fails(errClosed)}}
		step := make(chan struct{}) // the next Admit waits for the handler, so that log has no race
		first := true
		p, err := poller.New(poller.Options[int, spender]{
			Source: s, Classify: classify, Scaler: poller.Fixed(1), EmptyPause: -1,
			Admit: poller.AdmissionFunc[spender](func(context.Context) (spender, error) {
				if !first {
					<-step
				}
				first = false
				log = append(log, "admit")
				return spender{&log}, nil
			}),
			Handle: func(context.Context, int, spender) {
				log = append(log, "handle")
				close(step)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Run(t.Context()), p.Wait(t.Context())); err != nil {
			t.Error(err)
		}
		want := []string{"admit", "spend", "handle", "admit", "return", "admit", "return"}
		if !slices.Equal(log, want) {
			t.Errorf("got  %q\nwant %q", log, want)
		}
	})
}

// A source that answers "nothing" at once is asked no more often than EmptyPause says.
func TestEmptyPause(t *testing.T) {
	for _, c := range []struct {
		name  string
		pause time.Duration
		takes time.Duration
		want  uint64
	}{
		{"default", 0, 0, 100},
		{"longer", time.Second, 0, 10},
		{"counts from the start of the poll", 0, 60 * time.Millisecond, 100},
		{"not after a long poll", time.Second, 2 * time.Second, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(o *options) {
					o.Scaler, o.EmptyPause = poller.Fixed(1), c.pause
					o.Source = poller.SourceFunc[int](
						func(context.Context) (int, poller.Feedback, error) {
							time.Sleep(c.takes)
							return empty()
						})
				})
				time.Sleep(10*time.Second - time.Nanosecond)
				if got := r.Status().Empties; got < c.want-1 || got > c.want {
					t.Errorf("%d polls in 10s, want %d", got, c.want)
				}
				r.Stop(poller.Complete)
				r.ended(t)
				r.settled(t)
			})
		})
	}
}
