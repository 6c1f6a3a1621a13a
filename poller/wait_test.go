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
				poller.AwaitPolls(ctx, tt.patience, []*rig{a, b})
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
