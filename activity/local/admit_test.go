package local_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity/local"
	"github.com/mainspring-go/mainspring/temporal"
)

// room is an Admit that has leave at a certain time.
func room(at time.Time, k *tickets) func(context.Context, *local.Task) (local.Ticket, error) {
	return func(ctx context.Context, t *local.Task) (local.Ticket, error) {
		select {
		case <-time.After(time.Until(at)):
			return k.admit(ctx, t)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// The clock of an attempt starts when it may begin; that of all attempts goes on.
func TestWaitingForLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k tickets
		began := time.Now()
		r := newRunner(t, local.Options{Admit: room(began.Add(50*time.Minute), &k)})
		task := attempt(t, func(ctx context.Context) (string, error) {
			deadline, _ := ctx.Deadline()
			return time.Since(began).String() + " " + deadline.Sub(began).String(), nil
		})
		var started time.Duration
		task.Started = func() { started = time.Since(began) }
		p, err := r.Run(t.Context(), task)
		if err != nil || string(p.GetPayloads()[0].GetData()) != `"50m0s 51m0s"` || started != 50*time.Minute {
			t.Errorf("got %v and %v, started after %v", p, err, started)
		}
	})
}

// An activity whose time is over while it waits for leave has timed out, and never runs: nothing
// that holds all slots can keep its workflow.
func TestTimeIsUpBeforeLeave(t *testing.T) {
	for name, tt := range map[string]struct {
		expires, after time.Duration
		first          bool
	}{
		"first attempt": {0, time.Hour, true},
		"later attempt": {10 * time.Minute, 10 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var k tickets
				var s seen
				r := newRunner(t, local.Options{Admit: room(time.Now().Add(2*time.Hour), &k), Observers: []any{&s}})
				task := attempt(t, func() error { t.Error("it ran"); return nil })
				if !tt.first {
					task.Expires = time.Now().Add(tt.expires)
				}
				began := time.Now()
				_, err := r.Run(t.Context(), task)
				timeout, ok := errors.AsType[*temporal.TimeoutError](err)
				if !ok || timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took != tt.after {
					t.Errorf("it took %v, want %v", took, tt.after)
				}
				if s.ended.Load() != 0 || k.spent.Load() != 0 {
					t.Errorf("tickets %+v, and %d ends were told of", &k, s.ended.Load())
				}
			})
		})
	}
}

// Leave that comes with the end of the time is given back.
func TestLeaveThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k tickets
		r := newRunner(t, local.Options{Admit: func(ctx context.Context, task *local.Task) (local.Ticket, error) {
			<-ctx.Done() // a supplier that does not heed it
			return k.admit(ctx, task)
		}})
		_, err := r.Run(t.Context(), attempt(t, func() error { t.Error("it ran"); return nil }))
		if timeout, ok := errors.AsType[*temporal.TimeoutError](err); !ok || k.spent.Load() != 0 || k.returned.Load() != 1 {
			t.Errorf("got %v, tickets %+v", timeout, &k)
		}
	})
}

func TestCanceledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k tickets
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		r := newRunner(t, local.Options{Admit: room(time.Now().Add(time.Hour), &k)})
		_, err := r.Run(ctx, attempt(t, func() error { t.Error("it ran"); return nil }))
		if !temporal.IsCanceledError(err) || k.given.Load() != 0 {
			t.Errorf("got %v, tickets %+v", err, &k)
		}
	})
}

// What is wrong with who gives leave makes activities wait, not fail, and breaks nothing else.
func TestLeaveThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k tickets
		var log strings.Builder
		calls := 0
		r := newRunner(t, local.Options{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Admit: func(ctx context.Context, task *local.Task) (local.Ticket, error) {
				switch calls++; {
				case calls < 2:
					return nil, errors.New("not now")
				case calls == 2:
					panic("not now either")
				default:
					return k.admit(ctx, task)
				}
			},
		})
		began := time.Now()
		if _, err := r.Run(t.Context(), attempt(t, func() error { return nil })); err != nil {
			t.Error(err)
		}
		if time.Since(began) != 2*time.Second || strings.Count(log.String(), "could not be admitted") != 2 {
			t.Errorf("it took %v and said %s", time.Since(began), log.String())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		calls = -10
		if _, err := r.Run(ctx, attempt(t, func() error { return nil })); !temporal.IsCanceledError(err) || calls != -8 {
			t.Errorf("got %v after %d calls", err, calls+10)
		}
	})
}

// seen observes.
type seen struct {
	started, ended atomic.Int32
	last           local.Ended
}

func (s *seen) LocalActivityStarted(context.Context, local.Started) { s.started.Add(1) }

func (s *seen) LocalActivityEnded(_ context.Context, e local.Ended) {
	s.ended.Add(1)
	s.last = e
}

func TestObservers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s seen
		r := newRunner(t, local.Options{Observers: []any{&s}})
		task := attempt(t, func(context.Context) error { time.Sleep(time.Hour); return nil })
		task.Info.ScheduledTime = time.Now().Add(-time.Second)
		_, err := r.Run(t.Context(), task)
		if e := s.last; s.started.Load() != 1 || s.ended.Load() != 1 || e.Err == nil || e.Err.Error() != err.Error() ||
			e.Execution != time.Minute || e.EndToEnd != time.Minute+time.Second || !e.Info.IsLocalActivity {
			t.Errorf("got %+v and %v", e, err)
		}
		if err := r.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A propagator that panics fails the attempt, not the process.
func TestAPanicOfAPropagator(t *testing.T) {
	r := newRunner(t, local.Options{Extract: func(context.Context, *commonpb.Header) (context.Context, error) {
		panic("the header broke")
	}})
	_, err := r.Run(t.Context(), attempt(t, func() error { return nil }))
	if !temporal.IsPanicError(err) || !strings.Contains(err.Error(), "the header broke") {
		t.Errorf("got %v", err)
	}
}
