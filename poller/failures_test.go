package poller_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

const ms = time.Millisecond

// When polls are sent after failures, to the millisecond.
func TestBackoff(t *testing.T) {
	net, busy, denied := fails(errNetwork), fails(errThrottled), fails(errDenied)
	for _, c := range []struct {
		name    string
		answers []answer
		backoff poller.Backoff
		want    []time.Duration
	}{
		{
			"doubles up to ten seconds", repeat(8, net),
			poller.Backoff{},
			[]time.Duration{
				0, 200 * ms, 600 * ms, 1400 * ms, 3000 * ms, 6200 * ms, 12600 * ms, 22600 * ms, 32600 * ms,
			},
		},
		{
			"throttled starts at a second", repeat(5, busy),
			poller.Backoff{},
			[]time.Duration{0, 1000 * ms, 3000 * ms, 7000 * ms, 15000 * ms, 25000 * ms},
		},
		{
			"the longer track holds",
			[]answer{net, net, net, net, busy, net},
			poller.Backoff{},
			[]time.Duration{0, 200 * ms, 600 * ms, 1400 * ms, 3000 * ms, 6200 * ms, 12600 * ms},
		},
		{
			"fatal is retried on the beat",
			[]answer{denied, denied, net, denied},
			poller.Backoff{},
			[]time.Duration{0, 10000 * ms, 20000 * ms, 20800 * ms, 30800 * ms},
		},
		{
			"a task resets it",
			[]answer{net, net, gives(1), net},
			poller.Backoff{},
			[]time.Duration{0, 200 * ms, 600 * ms, 600 * ms, 800 * ms},
		},
		{
			"an empty poll resets it",
			[]answer{net, net, empty, net},
			poller.Backoff{},
			[]time.Duration{0, 200 * ms, 600 * ms, 700 * ms, 900 * ms},
		},
		{
			"as configured",
			[]answer{net, net, net, net, busy},
			poller.Backoff{Initial: 10 * ms, Factor: 3, Max: 50 * ms, Throttled: 40 * ms},
			[]time.Duration{0, 10 * ms, 40 * ms, 90 * ms, 140 * ms, 190 * ms},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: c.answers}
				c.backoff.Jitter = -1
				r := start(t, func(o *options) {
					o.Source, o.Scaler, o.Classify = s, poller.Fixed(1), classify
					o.Backoff = c.backoff
				})
				time.Sleep(time.Hour)
				if got := s.times(); !slices.Equal(got, c.want) {
					t.Errorf("polls sent at\n     %v\nwant %v", got, c.want)
				}
				r.stop(t)
			})
		})
	}
}

func TestBackoffJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: repeat(200, fails(errNetwork))}
		r := start(t, func(o *options) {
			o.Source, o.Scaler = s, poller.Fixed(1)
			o.Backoff = poller.Backoff{Initial: time.Second, Factor: 1}
		})
		time.Sleep(time.Hour)
		times := s.times()
		lo, hi := time.Hour, time.Duration(0)
		for i := range times[1:] {
			lo, hi = min(lo, times[i+1]-times[i]), max(hi, times[i+1]-times[i])
		}
		if lo < 800*ms || lo > 850*ms || hi > 1200*ms || hi < 1150*ms {
			t.Errorf("waits from %s to %s, want them spread over 0.8s to 1.2s", lo, hi)
		}
		r.stop(t)
	})
}

// Five polls that fail together make one step of the back-off, not five.
func TestBackoffIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: repeat(15, func() (int, poller.Feedback, error) {
			time.Sleep(10 * ms)
			return 0, poller.Feedback{}, errNetwork
		})}
		r := start(t, func(o *options) { o.Source, o.Scaler = s, poller.Fixed(5) })
		time.Sleep(10 * ms)
		synctest.Wait()
		if st := r.Status(); st.BackingOff != 5 || st.InFlight != 0 ||
			!st.RetryAt.Equal(time.Now().Add(200*ms)) {
			t.Errorf("while backing off: %+v", st)
		}
		time.Sleep(time.Hour)
		var want []time.Duration
		for _, at := range []time.Duration{0, 210 * ms, 620 * ms, 1430 * ms} {
			want = append(want, at, at, at, at, at)
		}
		if got := s.times(); !slices.Equal(got, want) {
			t.Errorf("polls sent at\n     %v\nwant %v", got, want)
		}
		r.stop(t)
	})
}

func TestStopEndsBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) {
			o.Source = &script{answers: repeat(1000, fails(errNetwork))}
		})
		time.Sleep(20 * time.Second)
		r.stop(t)
	})
}

func TestFatal(t *testing.T) {
	denied, net := fails(errDenied), fails(errNetwork)
	for _, c := range []struct {
		name    string
		answers []answer
		after   time.Duration
		runs    time.Duration
		since   time.Duration
	}{
		{"a minute by default", repeat(20, denied), 0, 60 * time.Second, 0},
		{"at once", repeat(20, denied), -1, 0, 0},
		{"as configured", repeat(20, denied), 15 * time.Second, 20 * time.Second, 0},
		{
			"counted from the last good round trip",
			append([]answer{denied, denied, empty}, repeat(20, denied)...), 0,
			20*time.Second + 100*ms + 60*time.Second, 20*time.Second + 100*ms,
		},
		{
			"other errors do not count",
			append(repeat(4, net), repeat(20, denied)...), 0, 3*time.Second + 60*time.Second, 3 * time.Second,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				r := newRig(t, 3, func(o *options) {
					o.Source, o.Scaler = &script{answers: c.answers}, poller.Fixed(1)
					o.Classify, o.FatalAfter, o.Name = classify, c.after, "orders"
				})
				var err error
				within(t, c.runs, "Run", func() { err = r.Run(t.Context()) })
				var fatal *poller.FatalError
				if !errors.As(err, &fatal) || !errors.Is(err, errDenied) {
					t.Fatalf("Run: got %v, want a FatalError of %v", err, errDenied)
				}
				if got := fatal.Since.Sub(begin); got != c.since || fatal.Poller != "orders" {
					t.Errorf("fatal since %s on %q, want %s", got, fatal.Poller, c.since)
				}
				r.settled(t)
			})
		})
	}
}

// A fatal error ends the poller whatever says how many polls there are.
func TestFatalInEveryMode(t *testing.T) {
	for name, opts := range map[string]poller.AutoOptions{
		"local": {}, "suggestions": {ServerDecides: true}, "at its minimum": {Initial: 1, Max: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				auto, err := poller.NewAuto(opts)
				if err != nil {
					t.Fatal(err)
				}
				r := newRig(t, 10, func(o *options) {
					o.Source = &script{answers: repeat(1000, fails(errDenied))}
					o.Scaler, o.Classify, o.StopWhenIdle, o.IdleTimeout = auto, classify, true, time.Second
				})
				within(t, 60*time.Second, "Run", func() {
					if err := r.Run(t.Context()); !errors.Is(err, errDenied) {
						t.Errorf("Run: got %v, want a FatalError of %v", err, errDenied)
					}
				})
				r.settled(t)
			})
		})
	}
}

// A fatal error ends the polls beside it.
func TestFatalInterruptsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{fails(errDenied)}}
		r := newRig(t, 3, func(o *options) {
			o.Source, o.Classify, o.FatalAfter = s, classify, -1
		})
		within(t, 0, "Run", func() {
			if err := r.Run(t.Context()); !errors.Is(err, errDenied) {
				t.Errorf("Run: %v", err)
			}
		})
		r.settled(t)
	})
}

// After a Stop the errors of the last polls are no reason to fail.
func TestFatalAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) {
			o.Classify, o.FatalAfter, o.Scaler = classify, -1, poller.Fixed(1)
			o.Source = poller.SourceFunc[int](func(context.Context) (int, poller.Feedback, error) {
				time.Sleep(time.Second)
				return 0, poller.Feedback{}, errDenied
			})
		})
		r.Stop(poller.Complete)
		if err := <-r.ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		r.settled(t)
	})
}

// Nor are they a reason to cut short what Stop(Complete) lets end.
func TestFatalAfterStopInterruptsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first atomic.Bool
		q := newQueue()
		r := start(t, func(o *options) {
			o.Classify, o.FatalAfter, o.Scaler = classify, -1, poller.Fixed(2)
			o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				if first.CompareAndSwap(false, true) {
					time.Sleep(time.Second)
					return 0, poller.Feedback{}, errDenied
				}
				return q.Poll(ctx)
			})
		})
		r.Stop(poller.Complete)
		within(t, longPoll, "the poll beside the failed one", func() { r.ended(t) })
		r.settled(t)
	})
}

func TestStoppedBySource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, func(o *options) {
			o.Classify, o.Scaler = classify, poller.Fixed(1)
			o.Source = &script{answers: []answer{gives(1), gives(2), fails(errClosed)}}
		})
		within(t, 0, "Run", func() {
			if err := r.Run(t.Context()); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		if err := r.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if got := r.seen(); len(got) != 2 {
			t.Errorf("handled %v, want both tasks", got)
		}
		r.settled(t)
	})
}

// An admission that fails is retried like a poll, and is told from one.
func TestAdmissionFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		var kinds []string
		r := newRig(t, 3, nil)
		desk := r.desk
		r = newRig(t, 3, func(o *options) {
			o.Scaler = poller.Fixed(1)
			o.Classify = func(err error) poller.Class {
				kind := "other"
				if errors.Is(err, errNetwork) {
					kind = "network"
				}
				if _, ok := errors.AsType[*poller.AdmissionError](err); ok {
					kind = "admission " + kind
				}
				kinds = append(kinds, kind)
				return poller.Retry
			}
			o.Admit = poller.AdmissionFunc[*ticket](func(ctx context.Context) (*ticket, error) {
				switch calls.Add(1) {
				case 1:
					return nil, errNetwork
				case 2:
					panic("no desk")
				}
				return desk.Admit(ctx)
			})
		})
		r.desk = desk
		r.run(t.Context())
		time.Sleep(599 * ms)
		s := r.Status()
		if s.Polls != 0 || s.BackingOff != 1 || s.FailingSince.IsZero() || s.Panics != 1 {
			t.Errorf("after two failures: %+v", s)
		}
		time.Sleep(ms)
		synctest.Wait()
		if s := r.Status(); s.InFlight != 1 {
			t.Errorf("after the third call: %+v", s)
		}
		if want := []string{"admission network", "admission other"}; !slices.Equal(kinds, want) {
			t.Errorf("Classify saw %v, want %v", kinds, want)
		}
		r.stop(t)
	})
}

// panics collects contained panics.
type panics struct {
	mu    sync.Mutex
	where []string
}

func (p *panics) ObservePanic(e poller.PanicEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.where = append(p.where, e.Err.Where)
}

func (p *panics) list() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.where, " ")
}

func TestPanicsAreContained(t *testing.T) {
	bang := func() { panic(errNetwork) }
	for _, c := range []struct {
		name string
		boom func()
		at   string
		want string
	}{
		{"source", bang, "source", "Source.Poll"},
		{"source ends its goroutine", runtime.Goexit, "source", "Source.Poll"},
		{"admission", bang, "admit", "Admission.Admit"},
		{"admission ends its goroutine", runtime.Goexit, "admit", "Admission.Admit"},
		{"handler", bang, "handle", "Handle"},
		{"handler ends its goroutine", runtime.Goexit, "handle", "Handle"},
		{"handler after settling", bang, "handled", "Handle"},
		{"scaler", bang, "scale", "Scaler.Next"},
		{"classify", bang, "classify", "Classify"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { panicsOnce(t, c.at, c.want, c.boom) })
		})
	}
}

// panicsOnce lets one callback go off, once, and checks that polling goes on.
func panicsOnce(t *testing.T, at, want string, boom func()) {
	t.Helper()
	var armed atomic.Bool
	strike := func(where string) {
		if where == at && armed.CompareAndSwap(true, false) {
			boom()
		}
	}
	var seen panics
	r := newRig(t, 10, nil)
	q, desk := r.queue, r.desk
	r = newRig(t, 10, func(o *options) {
		o.Observers = []poller.Observer{&seen}
		o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
			task, fb, err := q.Poll(ctx)
			if task == 13 {
				return 0, fb, errNetwork
			}
			if task == 99 {
				strike("source")
			}
			return task, fb, err
		})
		o.Admit = poller.AdmissionFunc[*ticket](func(ctx context.Context) (*ticket, error) {
			strike("admit")
			return desk.Admit(ctx)
		})
		o.Handle = func(_ context.Context, _ int, k *ticket) {
			strike("handle")
			k.Return()
			strike("handled")
		}
		o.Scaler = scalerFunc(func(poller.Event) int { strike("scale"); return 3 })
		o.Classify = func(error) poller.Class { strike("classify"); return poller.Retry }
	})
	r.queue, r.desk = q, desk
	r.run(t.Context())
	synctest.Wait()
	armed.Store(true)
	q.tasks <- 1
	q.tasks <- 99
	q.tasks <- 13
	time.Sleep(10 * time.Second)
	q.tasks <- 2
	time.Sleep(10 * time.Second)
	s := r.Status()
	if s.InFlight != 3 || s.Handling != 0 || s.Panics != 1 || desk.out.Load() != 3 {
		t.Errorf("after the panic: %+v, %d tickets out", s, desk.out.Load())
	}
	if got := seen.list(); got != want {
		t.Errorf("panics seen in %q, want %q", got, want)
	}
	desk.twice.Store(0) // Return after a panic may come on top of the handler's own
	r.stop(t)
}

func TestPanicErrorUnwraps(t *testing.T) {
	err := error(&poller.PanicError{Where: "Handle", Value: errNetwork})
	if !errors.Is(err, errNetwork) || !strings.Contains(err.Error(), "Handle") {
		t.Errorf("got %v", err)
	}
	if errors.Unwrap(&poller.PanicError{Value: "text"}) != nil {
		t.Error("a text was unwrapped")
	}
}

// The same failure is logged once a minute; a change and a recovery are logged at once.
func TestFailuresAreLoggedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		list := append(repeat(20, fails(errNetwork)), fails(errThrottled), gives(1))
		r := start(t, func(o *options) {
			o.Source, o.Scaler = &script{answers: list}, poller.Fixed(1)
			o.Classify = classify
			o.Logger = slog.New(slog.NewTextHandler(&out, nil))
		})
		time.Sleep(time.Hour)
		r.stop(t)
		// 20 failures take 142.6 s, so the first text comes at about 0, 60 and 120 s.
		for text, want := range map[string]int{
			"network is down": 3, "too much": 1, "polling works again": 1,
		} {
			if got := strings.Count(out.String(), text); got != want {
				t.Errorf("%q logged %d times, want %d:\n%s", text, got, want, out.String())
			}
		}
	})
}
