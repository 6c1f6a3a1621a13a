package poller_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// A bounded source has tasks without end, counts those it gave, and complains when there are more
// polls than tasks to take.
type bounded struct {
	mu    sync.Mutex
	rnd   *rand.Rand
	limit int
	open  int
	gave  int
	wrong string
}

func (b *bounded) Poll(ctx context.Context) (int, poller.Feedback, error) {
	b.mu.Lock()
	b.open++
	if b.open+b.gave > b.limit {
		b.wrong = fmt.Sprintf("%d polls in flight after %d of %d tasks", b.open, b.gave, b.limit)
	}
	wait, fate := time.Duration(b.rnd.IntN(20))*ms, b.rnd.IntN(10)
	b.mu.Unlock()

	select {
	case <-time.After(wait):
	case <-ctx.Done():
		fate = 9
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	switch fate {
	case 0:
		return 0, poller.Feedback{Empty: true}, nil
	case 1, 9:
		return 0, poller.Feedback{}, errNetwork
	default:
		b.gave++
		return b.gave, poller.Feedback{}, nil
	}
}

// Whatever the number of polls, the tickets and the failures, exactly so many tasks are taken.
func TestMaxTasks(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			limit := 1 + rnd.IntN(25)
			source := &bounded{rnd: rnd, limit: limit}
			r := newRig(t, 1+rnd.IntN(20), func(o *options) {
				o.Source, o.MaxTasks, o.EmptyPause = source, limit, -1
				o.Scaler = poller.Fixed(1 + rnd.IntN(30))
				o.Backoff.Initial = ms
			})
			var meddled sync.WaitGroup
			if rnd.IntN(2) == 0 {
				meddled.Go(func() {
					r.Pause()
					time.Sleep(5 * ms)
					if err := r.SetScaler(poller.Fixed(40)); err != nil {
						t.Error(err)
					}
					r.Resume()
				})
			}
			if err := errors.Join(r.Run(t.Context()), r.Wait(t.Context())); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			meddled.Wait()
			if got := len(r.seen()); got != limit || source.gave != limit {
				t.Errorf("seed %d: %d given and %d handled, want %d", seed, source.gave, got, limit)
			}
			if source.wrong != "" {
				t.Errorf("seed %d: %s", seed, source.wrong)
			}
			r.settled(t)
		})
	}
}

// The last task ends the polling at once, though its handler runs on.
func TestMaxTasksStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) {
			o.MaxTasks = 2
			o.Handle = func(_ context.Context, _ int, k *ticket) { time.Sleep(time.Hour); k.Return() }
		})
		if n := r.queue.open.Load(); n != 2 {
			t.Errorf("%d polls in flight for two tasks", n)
		}
		time.Sleep(time.Second)
		r.queue.tasks <- 1
		r.queue.tasks <- 2
		within(t, 0, "Run", func() { r.ended(t) })
		within(t, time.Hour, "Wait", func() {
			if err := r.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
		r.settled(t)
	})
}

// When a poller with an IdleTimeout of 90 s stops; empty polls end every minute.
func TestIdleTimeout(t *testing.T) {
	const idle = 90 * time.Second
	for _, c := range []struct {
		name string
		stop poller.StopMode
		do   func(t *testing.T, r *rig)
		runs time.Duration
	}{
		{"from the start", poller.Interrupt, func(*testing.T, *rig) {}, idle},
		{"polls end by themselves", poller.Complete, func(*testing.T, *rig) {}, 2 * longPoll},
		{"from the last task", poller.Interrupt, func(_ *testing.T, r *rig) {
			time.Sleep(50 * time.Second)
			r.queue.tasks <- 0
			time.Sleep(10 * time.Second)
			r.queue.tasks <- 0
		}, 60*time.Second + idle},
		{"from the end of the last handler", poller.Interrupt, func(_ *testing.T, r *rig) {
			r.queue.tasks <- 100
			r.queue.tasks <- 200
		}, 200*time.Second + idle},
		{"a handler that outlasts it", poller.Interrupt, func(_ *testing.T, r *rig) {
			time.Sleep(80 * time.Second)
			r.queue.tasks <- 1000
		}, 1080*time.Second + idle},
		{"a handler without polls beside it", poller.Interrupt, func(t *testing.T, r *rig) {
			t.Helper()
			for range 10 { // that is every ticket
				r.queue.tasks <- 300
			}
		}, 300*time.Second + idle},
		{"a pause does not count", poller.Interrupt, func(_ *testing.T, r *rig) {
			time.Sleep(80 * time.Second)
			r.Pause()
			time.Sleep(time.Hour)
			r.Resume()
		}, 80*time.Second + time.Hour + idle},
		{"nor does a short one", poller.Interrupt, func(_ *testing.T, r *rig) {
			time.Sleep(80 * time.Second)
			r.Pause()
			time.Sleep(time.Second)
			r.Resume()
		}, 81*time.Second + idle},
		{"nor does a wait for tickets", poller.Interrupt, func(t *testing.T, r *rig) {
			t.Helper()
			var all sync.WaitGroup
			for range 10 { // three of them wait for the first polls to end
				all.Go(func() {
					k, err := r.desk.Admit(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(time.Hour)
					k.Return()
				})
			}
			all.Wait()
		}, time.Hour + idle},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				r := start(t, func(o *options) {
					o.IdleTimeout, o.IdleStop = idle, c.stop
					o.Handle = func(_ context.Context, task int, k *ticket) {
						time.Sleep(time.Duration(task) * time.Second)
						k.Return()
					}
				})
				c.do(t, r)
				r.ended(t)
				if got := time.Since(begin); got != c.runs {
					t.Errorf("ran for %s, want %s", got, c.runs)
				}
				if err := r.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				r.settled(t)
			})
		})
	}
}

// While polling fails nobody can tell whether there are tasks.
func TestIdleTimeoutWaitsOutFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		const outage = 10 * time.Minute
		var good time.Time // end of the first good poll
		r := newRig(t, 3, func(o *options) {
			o.IdleTimeout, o.IdleStop, o.Scaler = 15*time.Second, poller.Interrupt, poller.Fixed(1)
			o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				select {
				case <-time.After(5 * time.Second):
				case <-ctx.Done():
					return 0, poller.Feedback{}, ctx.Err()
				}
				if time.Since(begin) < outage {
					return 0, poller.Feedback{}, errNetwork
				}
				if good.IsZero() {
					good = time.Now()
				}
				return empty()
			})
		})
		if err := r.Run(t.Context()); err != nil {
			t.Error(err)
		}
		if got := time.Since(good); good.IsZero() || got != 15*time.Second {
			t.Errorf("ended %s after the first good poll, want 15s", got)
		}
		r.settled(t)
	})
}

// A task that a poll brings after the poller found itself idle is handled.
func TestTaskAfterIdleStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) { o.IdleTimeout = 50 * time.Second })
		time.Sleep(55 * time.Second)
		if got := r.Status().State; got != poller.StateStopping {
			t.Errorf("state %s, want stopping", got)
		}
		r.queue.tasks <- 1
		r.ended(t)
		if err := r.Wait(t.Context()); err != nil || !slices.Equal(r.seen(), []int{1}) {
			t.Errorf("handled %v: %v", r.seen(), err)
		}
		r.settled(t)
	})
}

func TestStopWhenIdle(t *testing.T) {
	for _, c := range []struct {
		name string
		stop poller.StopMode
		do   func(r *rig)
		runs time.Duration
	}{
		{"after the first round", poller.Interrupt, func(*rig) {}, longPoll},
		{"the first of the round has polled again", poller.Complete, func(*rig) {}, 2 * longPoll},
		// The poll that brought the task is sent anew at 50 s and ends at 110 s; the two others
		// end at 60 s, but were sent before, and again at 120 s.
		{"after a round that began after the last task", poller.Interrupt, func(r *rig) {
			time.Sleep(50 * time.Second)
			r.queue.tasks <- 0
		}, 2 * longPoll},
		// The handler ends at 160 s; polls sent after that end at 240 s and 250 s.
		{"not while a handler runs", poller.Interrupt, func(r *rig) {
			time.Sleep(10 * time.Second)
			r.queue.tasks <- 150
		}, 250 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				r := start(t, func(o *options) {
					o.StopWhenIdle, o.IdleStop = true, c.stop
					o.Handle = func(_ context.Context, task int, k *ticket) {
						time.Sleep(time.Duration(task) * time.Second)
						k.Return()
					}
				})
				c.do(r)
				r.ended(t)
				if got := time.Since(begin); got != c.runs {
					t.Errorf("ran for %s, want %s", got, c.runs)
				}
				r.settled(t)
			})
		})
	}
}

// A failure, a task and a handler in a round of empty polls begin it anew. One poll at a time, and
// a round of three.
func TestStopWhenIdleBeginsAnew(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []answer
		want    int // polls
	}{
		{"nothing", repeat(9, empty), 3},
		{"a failure", []answer{empty, empty, fails(errNetwork), empty, empty, empty, empty}, 6},
		{"a task", []answer{empty, empty, gives(1), empty, empty, empty, empty}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: c.answers}
				r := newRig(t, 1, func(o *options) {
					o.Source, o.StopWhenIdle, o.IdleStop = s, true, poller.Interrupt
				})
				if err := errors.Join(r.Run(t.Context()), r.Wait(t.Context())); err != nil {
					t.Error(err)
				}
				if got := len(s.times()); got != c.want {
					t.Errorf("%d polls, want %d", got, c.want)
				}
				r.settled(t)
			})
		})
	}
}

// Status.IdleSince tells without stopping anything.
func TestIdleSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		check := func(r *rig, when string, want time.Duration) {
			t.Helper()
			got := r.Status().IdleSince
			if want < 0 && !got.IsZero() || want >= 0 && !got.Equal(begin.Add(want)) {
				t.Errorf("%s: idle since %s, want %s (negative: not idle)", when, got.Sub(begin), want)
			}
		}
		r := newRig(t, 10, func(o *options) {
			o.Handle = func(_ context.Context, _ int, k *ticket) { time.Sleep(time.Hour); k.Return() }
		})
		check(r, "new", -1)
		r.run(t.Context())
		time.Sleep(100 * time.Second)
		check(r, "idle", 0)
		r.queue.tasks <- 1
		time.Sleep(200 * time.Second)
		check(r, "busy", -1)
		time.Sleep(2 * time.Hour)
		check(r, "idle again", 100*time.Second+time.Hour)
		r.Pause()
		check(r, "paused", -1)
		r.stop(t)
		check(r, "stopped", -1)
	})
}
