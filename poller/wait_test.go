package poller_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// slow lets handlers take a while.
func slow(d time.Duration) func(*options) {
	return func(o *options) {
		o.Handle = func(_ context.Context, _ int, k *ticket) {
			time.Sleep(d)
			k.Return()
		}
	}
}

func TestWaitTasksTakesNoNoticeOfPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second))
		if err := r.WaitTasks(t.Context()); err != nil {
			t.Errorf("without tasks: %v", err)
		}
		r.queue.tasks <- 1
		r.queue.tasks <- 2
		e := r.mustExpect(t)
		synctest.Wait()
		began := time.Now()
		time.AfterFunc(3*time.Second, e.Release)
		why := errors.New("tired")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, why)
		defer cancel()
		if err := r.WaitTasks(ctx); !errors.Is(err, why) {
			t.Errorf("when its context ends: %v", err)
		}
		for range 2 { // again at once, since all is quiet
			if err := r.WaitTasks(t.Context()); err != nil || time.Since(began) != 3*time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		if n := r.Status().InFlight; n != 3 {
			t.Errorf("%d polls are in flight", n)
		}
		select {
		case <-r.Polled():
			t.Error("it polls, and says that it does not")
		default:
		}
		r.Stop(poller.Interrupt)
		<-r.Polled()
		r.ended(t)
	})
}

// Polls that do not end by themselves are interrupted when the patience is over, or the context.
func TestAwaitPolls(t *testing.T) {
	for name, tt := range map[string]struct {
		patience, limit, want time.Duration
	}{
		"end by themselves":     {2 * longPoll, time.Hour, longPoll},
		"patience is over":      {10 * time.Second, time.Hour, 10 * time.Second},
		"context is over":       {time.Hour, 5 * time.Second, 5 * time.Second},
		"interrupted at once":   {0, time.Hour, 0},
		"context is over first": {time.Hour, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := start(t, nil), start(t, nil)
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				a.Stop(poller.Complete)
				b.Stop(poller.Complete)
				poller.AwaitPolls(ctx, poller.Patience{Most: tt.patience}, []*rig{a, b})
				if took := time.Since(began); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
				if n := a.queue.open.Load() + b.queue.open.Load(); n > 0 {
					t.Errorf("%d polls are left", n)
				}
				a.ended(t)
				b.ended(t)
			})
		})
	}
}

// Polls that bring nothing any more are not waited for; those that do are, while there is patience.
func TestAwaitPollsUntilAllIsQuiet(t *testing.T) {
	const quiet = 100 * time.Millisecond
	for name, tt := range map[string]struct {
		before    time.Duration // since when no task came, when the wait begins
		more      int           // tasks that come afterwards, every 60 ms
		patience  poller.Patience
		want      time.Duration
		interrupt bool
	}{
		"long quiet":        {time.Second, 0, poller.Patience{Most: time.Minute, Quiet: quiet}, 0, true},
		"just quiet":        {30 * time.Millisecond, 0, poller.Patience{Most: time.Minute, Quiet: quiet}, 70 * time.Millisecond, true},
		"tasks come":        {0, 2, poller.Patience{Most: time.Minute, Quiet: quiet}, 220 * time.Millisecond, true},
		"the last poll":     {0, 3, poller.Patience{Most: time.Minute, Quiet: quiet}, 180 * time.Millisecond, false},
		"no more patience":  {0, 2, poller.Patience{Most: 80 * time.Millisecond, Quiet: quiet}, 80 * time.Millisecond, true},
		"no patience":       {0, 0, poller.Patience{Quiet: quiet}, 0, true},
		"quiet is no limit": {0, 0, poller.Patience{Most: time.Second}, time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.queue.tasks <- 0
				synctest.Wait()
				time.Sleep(tt.before)
				r.Stop(poller.Complete)
				began := time.Now()
				for i := range tt.more {
					time.AfterFunc(time.Duration(i+1)*60*time.Millisecond, func() { r.queue.tasks <- 1 })
				}
				poller.AwaitPolls(t.Context(), tt.patience, []*rig{r})
				if took := time.Since(began); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
				if s := r.Status(); (s.Polls > s.Tasks) != tt.interrupt {
					t.Errorf("of %d polls %d brought tasks", s.Polls, s.Tasks)
				}
				r.ended(t)
			})
		})
	}
}
