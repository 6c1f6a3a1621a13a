package poller_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// expect takes a ticket, and a place if there is one.
func (r *rig) expect(t *testing.T) (*poller.Expected[int, *ticket], bool) {
	t.Helper()
	k, err := r.desk.Admit(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Error(err)
	}
	return r.Expect(k)
}

// mustExpect is expect of a poller that has to give a place.
func (r *rig) mustExpect(t *testing.T) *poller.Expected[int, *ticket] {
	t.Helper()
	e, ok := r.expect(t)
	if !ok {
		t.Fatal("no task may be expected")
	}
	return e
}

func TestExpectedTaskIsHandledLikeAPolledOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var r *rig
		r = start(t, func(o *options) {
			o.Handle = func(_ context.Context, task int, k *ticket) {
				r.note(task)
				<-release
				k.Return()
			}
		})
		e := r.mustExpect(t)
		if s := r.Status(); s.Expecting != 1 || s.Handling != 0 || s.IdleSince.IsZero() {
			t.Errorf("while it is expected: %+v", s)
		}
		e.Run(42)
		e.Run(43)
		e.Release()
		synctest.Wait()
		s := r.Status()
		if s.Expecting != 0 || s.Handling != 1 || s.Unpolled != 1 || s.Tasks != 0 || s.InFlight != 3 ||
			!s.IdleSince.IsZero() {
			t.Errorf("while it runs: %+v", s)
		}
		close(release)
		synctest.Wait()
		if got := r.seen(); !slices.Equal(got, []int{42}) {
			t.Errorf("handled %v", got)
		}
		r.stop(t)
	})
}

func TestHandlersOfExpectedTasksMayBreak(t *testing.T) {
	for name, breaks := range map[string]func(){"panic": func() { panic("oh") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(o *options) {
					o.Handle = func(context.Context, int, *ticket) { breaks() }
				})
				r.mustExpect(t).Run(1)
				synctest.Wait()
				if s := r.Status(); s.Panics != 1 || s.Handling != 0 || s.InFlight != 3 || r.desk.out.Load() != 3 {
					t.Errorf("%+v, %d tickets out", s, r.desk.out.Load())
				}
				r.stop(t)
			})
		})
	}
}

func TestWaitsForWhatIsExpected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		first, second := r.mustExpect(t), r.mustExpect(t)
		r.Stop(poller.Interrupt)
		r.ended(t)
		time.AfterFunc(time.Second, func() { first.Run(1) })
		time.AfterFunc(2*time.Second, func() {
			second.Release()
			second.Release()
			second.Run(2)
		})
		within(t, 2*time.Second, "Wait", func() {
			if err := r.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if got := r.seen(); !slices.Equal(got, []int{1}) {
			t.Errorf("handled %v", got)
		}
		r.settled(t)
	})
}

// Run may come a moment later than what is expected.
func TestExpectsBeforeItRuns(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, r *rig){
		"run":  func(t *testing.T, r *rig) { t.Helper(); r.run(t.Context()) },
		"stop": func(t *testing.T, r *rig) { t.Helper(); r.Stop(poller.Complete); r.run(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 10, nil)
				r.mustExpect(t).Run(1)
				synctest.Wait()
				if got := r.seen(); len(got) > 0 {
					t.Errorf("handled %v before it ran", got)
				}
				begin(t, r)
				synctest.Wait()
				if got := r.seen(); !slices.Equal(got, []int{1}) {
					t.Errorf("handled %v", got)
				}
				r.stop(t)
			})
		})
	}
}

func TestExpectsNothingAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuses := func(r *rig, when string) {
			t.Helper()
			if _, ok := r.expect(t); ok {
				t.Errorf("a task may be expected %s", when)
			}
		}
		r := newRig(t, 10, nil)
		r.run(t.Context())
		synctest.Wait()
		r.Pause()
		refuses(r, "in a pause")
		r.Resume()
		r.mustExpect(t).Release()
		r.Stop(poller.Complete)
		refuses(r, "after Stop")
		r.stop(t)
		refuses(r, "after the end")
		r = start(t, func(o *options) { o.MaxTasks = 5 })
		refuses(r, "beside a number of tasks")
		r.stop(t)
	})
}

// Whenever a stop comes, each place is given back or has its task handled, before Wait returns.
func TestNoExpectedTaskIsDropped(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) { expectRace(t, seed) })
	}
}

func expectRace(t *testing.T, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 11))
	var handled atomic.Int64
	r := start(t, func(o *options) {
		o.Handle = func(_ context.Context, task int, k *ticket) {
			time.Sleep(time.Duration(task%3) * time.Millisecond)
			handled.Add(1)
			k.Return()
		}
	})
	var callers sync.WaitGroup
	var want atomic.Int64
	for n := range 20 {
		begin, takes, comes := rnd.IntN(10), rnd.IntN(5), rnd.IntN(3) > 0
		callers.Go(func() {
			time.Sleep(time.Duration(begin) * time.Millisecond)
			e, ok := r.expect(t)
			if !ok {
				return
			}
			time.Sleep(time.Duration(takes) * time.Millisecond)
			if !comes {
				e.Release()
				return
			}
			want.Add(1)
			e.Run(n)
		})
	}
	time.Sleep(time.Duration(rnd.IntN(12)) * time.Millisecond)
	r.Stop(poller.StopMode(rnd.IntN(2)))
	r.ended(t)
	if err := r.Wait(t.Context()); err != nil {
		t.Errorf("seed %d: %v", seed, err)
	}
	if s := r.Status(); s.Handling+s.Expecting != 0 {
		t.Errorf("seed %d: Wait returned with %+v", seed, s)
	}
	callers.Wait()
	if got := handled.Load(); got != want.Load() || r.Status().Unpolled != uint64(got) {
		t.Errorf("seed %d: %d of %d tasks were handled: %+v", seed, got, want.Load(), r.Status())
	}
	r.settled(t)
}
