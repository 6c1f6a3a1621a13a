package poller_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// live checks Status.Check with a bound of three minutes.
func live(t *testing.T, s poller.Status, want string) {
	t.Helper()
	err := s.Check(time.Now(), 3*time.Minute)
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want a sound poller\n%+v", err, s)
	case want != "" && (!errors.Is(err, poller.ErrNotLive) || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want ErrNotLive with %q\n%+v", err, want, s)
	}
}

func TestLivenessOfIdlePoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 10, nil)
		live(t, r.Status(), "is new")
		r.run(t.Context())
		for range 100 {
			time.Sleep(17 * time.Second)
			live(t, r.Status(), "")
		}
		r.stop(t)
		live(t, r.Status(), "is stopped")
	})
}

// A black hole: polls are out and nothing comes back, not even an error.
func TestLivenessOfBlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) {
			o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				<-ctx.Done()
				return 0, poller.Feedback{}, ctx.Err()
			})
		})
		time.Sleep(3 * time.Minute)
		live(t, r.Status(), "")
		time.Sleep(time.Millisecond)
		live(t, r.Status(), "had no answer")
		r.Stop(poller.Complete)
		live(t, r.Status(), "is stopping")
		r.stop(t)
	})
}

// Failures one after the other, then a recovery.
func TestLivenessOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		r := start(t, func(o *options) {
			o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				if time.Since(begin) < 10*time.Minute {
					return 0, poller.Feedback{}, errNetwork
				}
				<-time.After(longPoll)
				return 0, poller.Feedback{Empty: true}, ctx.Err()
			})
		})
		live(t, r.Status(), "")
		time.Sleep(4 * time.Minute)
		s := r.Status()
		live(t, s, errNetwork.Error())
		if !errors.Is(s.Check(time.Now(), time.Minute), errNetwork) {
			t.Error("the error does not match its cause")
		}
		if !s.LastGood.IsZero() || !s.FailingSince.Equal(begin) || s.Failures < 20 {
			t.Errorf("failing: %+v", s)
		}
		r.Pause()
		live(t, r.Status(), "")
		time.Sleep(time.Minute)
		r.Resume()
		live(t, r.Status(), "")
		time.Sleep(4 * time.Minute)
		live(t, r.Status(), errNetwork.Error())
		time.Sleep(3 * time.Minute)
		s = r.Status()
		live(t, s, "")
		if s.LastGood.IsZero() || !s.FailingSince.IsZero() || !s.RetryAt.IsZero() ||
			!errors.Is(s.LastError, errNetwork) || s.LastErrorAt.IsZero() {
			t.Errorf("recovered: %+v", s)
		}
		r.Stop(poller.Complete)
		r.ended(t)
	})
}

// Who has no ticket is not silent; and the hours without a ticket do not count afterwards.
func TestLivenessWithoutTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		r := newRig(t, 2, func(o *options) {
			o.Handle = func(_ context.Context, _ int, k *ticket) { <-hold; k.Return() }
		})
		r.run(t.Context())
		r.queue.tasks <- 1
		r.queue.tasks <- 2
		time.Sleep(5 * time.Hour)
		s := r.Status()
		live(t, s, "")
		if !s.SilentSince.IsZero() || s.Admitting != 3 || s.Handling != 2 {
			t.Errorf("without tickets: %+v", s)
		}
		close(hold)
		time.Sleep(30 * time.Second)
		live(t, r.Status(), "")
		if s := r.Status(); !s.SilentSince.Equal(time.Now().Add(-30 * time.Second)) {
			t.Errorf("silent since %s", s.SilentSince)
		}
		r.stop(t)
	})
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		got  interface{ String() string }
		want string
	}{
		{poller.StateNew, "new"},
		{poller.StateStopping, "stopping"},
		{poller.State(9), "state(9)"},
		{poller.GotTask, "task"},
		{poller.GotNothing, "empty"},
		{poller.Failed, "failed"},
		{poller.Interrupted, "interrupted"},
		{poller.Outcome(9), "outcome(9)"},
		{poller.Retry, "retry"},
		{poller.Throttled, "throttled"},
		{poller.Fatal, "fatal"},
		{poller.Stopped, "stopped"},
		{poller.Class(9), "class(9)"},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
