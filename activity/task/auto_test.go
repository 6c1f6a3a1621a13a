package task_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
)

// autoHandler has one activity, "Act", registered with options.
func autoHandler(
	t *testing.T, s task.Service, act any, options activity.RegisterOptions, change ...func(*task.Options),
) *task.Handler {
	t.Helper()
	registry := activity.NewRegistry()
	options.Name = "Act"
	if err := registry.RegisterActivityWithOptions(act, options); err != nil {
		t.Fatal(err)
	}
	return newHandler(t, s, func() error { return nil }, append(change, func(o *task.Options) { o.Registry = registry })...)
}

func TestAutoHeartbeat(t *testing.T) {
	s := time.Second
	none := -1
	tests := map[string]struct {
		options  activity.RegisterOptions
		all      bool // task.Options.AutoHeartbeat
		timeout  time.Duration
		earlier  int             // details of the attempt before, 0 for none
		record   []time.Duration // when the activity records 1, 2, 3, ...
		end      time.Duration
		err      error
		wantAt   []time.Duration
		wantSent []int // none for no details
	}{
		"not asked for": {timeout: 10 * s, end: 100 * s},
		"every 0.8 of the timeout": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s, end: 25 * s,
			wantAt: []time.Duration{8 * s, 16 * s, 24 * s}, wantSent: []int{none, none, none},
		},
		"as an option of all": {
			all: true, timeout: 10 * s, end: 10 * s, wantAt: []time.Duration{8 * s}, wantSent: []int{none},
		},
		"of all that have a timeout": {all: true, end: 100 * s},
		"of one without a timeout": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, end: 65 * s,
			wantAt: []time.Duration{30 * s, 60 * s}, wantSent: []int{none, none},
		},
		"at the activity's own pace": {
			options: activity.RegisterOptions{AutoHeartbeat: true, MaxHeartbeatThrottleInterval: 3 * s},
			timeout: 10 * s, end: 7 * s, wantAt: []time.Duration{3 * s, 6 * s}, wantSent: []int{none, none},
		},
		"the worker's pace bounds the activity's": {
			options: activity.RegisterOptions{AutoHeartbeat: true, MaxHeartbeatThrottleInterval: 9 * s},
			timeout: 10 * s, end: 9 * s, wantAt: []time.Duration{8 * s}, wantSent: []int{none},
		},
		"what an earlier attempt left is not wiped out": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s, earlier: 42, end: 20 * s,
			wantAt: []time.Duration{8 * s, 16 * s}, wantSent: []int{42, 42},
		},
		"the newest is repeated": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s, earlier: 42,
			record: []time.Duration{2 * s, 3 * s}, end: 27 * s,
			wantAt: []time.Duration{2 * s, 10 * s, 18 * s, 26 * s}, wantSent: []int{1, 2, 2, 2},
		},
		"what was sent is not flushed": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s,
			record: []time.Duration{0}, end: 9 * s, err: errPlain,
			wantAt: []time.Duration{0, 8 * s}, wantSent: []int{1, 1},
		},
		"what was not sent is flushed": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s,
			record: []time.Duration{0, 9 * s}, end: 10 * s, err: errPlain,
			wantAt: []time.Duration{0, 8 * s, 10 * s}, wantSent: []int{1, 1, 2},
		},
		"pending ends it": {
			options: activity.RegisterOptions{AutoHeartbeat: true}, timeout: 10 * s,
			end: 9 * s, err: activity.ErrResultPending, wantAt: []time.Duration{8 * s}, wantSent: []int{none},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				srv := &service{}
				h := autoHandler(t, srv, func(ctx context.Context) error {
					for i, at := range test.record {
						time.Sleep(time.Until(start.Add(at)))
						activity.RecordHeartbeat(ctx, i+1)
					}
					time.Sleep(time.Until(start.Add(test.end)))
					return test.err
				}, test.options, func(o *task.Options) { o.AutoHeartbeat = test.all })
				r := newTask(withHeartbeatTimeout(test.timeout))
				if test.earlier != 0 {
					r.HeartbeatDetails = encode(t, test.earlier)
				}
				if _, err := h.Handle(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour) // nothing comes after the end
				if got := srv.offsets(start); !slices.Equal(got, test.wantAt) {
					t.Errorf("sent at %v, want %v", got, test.wantAt)
				}
				var got []int
				for _, b := range srv.beats {
					if b.request.GetDetails() == nil {
						got = append(got, none)
						continue
					}
					got = append(got, decodeInt(t, b.request.GetDetails()))
				}
				if !slices.Equal(got, test.wantSent) {
					t.Errorf("sent %v, want %v", got, test.wantSent)
				}
			})
		})
	}
}

func TestAutoHeartbeatBringsTheCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
			return &heartbeatResponse{CancelRequested: n == 2}, nil
		}}
		start := time.Now()
		h := autoHandler(t, srv, func(ctx context.Context) error {
			<-ctx.Done()
			if !temporal.IsCanceledError(context.Cause(ctx)) {
				t.Errorf("cause is %v", context.Cause(ctx))
			}
			return ctx.Err()
		}, activity.RegisterOptions{AutoHeartbeat: true})
		outcome, err := h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
		if outcome != task.Canceled || err != nil || time.Since(start) != 16*time.Second {
			t.Errorf("got %v, %v after %v, want canceled after 16s", outcome, err, time.Since(start))
		}
	})
}

// A worker that is cut off does not keep an activity alive.
func TestAutoHeartbeatsThatFailEndTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(context.Context, int) (*heartbeatResponse, error) {
			return nil, serviceerror.NewUnavailable("cut off")
		}}
		start := time.Now()
		h := autoHandler(t, srv, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, activity.RegisterOptions{AutoHeartbeat: true})
		outcome, _ := h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
		if outcome != task.TimedOut || time.Since(start) != 15*time.Second {
			t.Errorf("got %v after %v, want timed out after 15s", outcome, time.Since(start))
		}
	})
}

// The bubble ends only when no goroutine is left in it.
func TestAutoHeartbeatEndsWithGoexitAndPanic(t *testing.T) {
	for name, act := range map[string]func(context.Context) error{
		"goexit": func(context.Context) error { time.Sleep(9 * time.Second); runtime.Goexit(); return nil },
		"panic":  func(context.Context) error { time.Sleep(9 * time.Second); panic("oh") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{}
				h := autoHandler(t, srv, act, activity.RegisterOptions{AutoHeartbeat: true})
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
				}()
				<-done
				if len(srv.beats) != 1 || len(srv.reports) != 1 {
					t.Errorf("%d heartbeats and %d reports, want one each", len(srv.beats), len(srv.reports))
				}
			})
		})
	}
}

func TestHeartbeatStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := serviceerror.NewUnavailable("down")
		srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
			time.Sleep(500 * time.Millisecond)
			if n == 2 {
				return nil, down
			}
			return nil, nil
		}}
		s, start := time.Second, time.Now()
		check := func(ctx context.Context, when string, sent, next time.Duration, err error, waiting bool) {
			t.Helper()
			got := activity.GetHeartbeatStatus(ctx)
			at := func(d time.Duration) time.Time {
				if d < 0 {
					return time.Time{}
				}
				return start.Add(d)
			}
			if !got.Sent.Equal(at(sent)) || !got.Next.Equal(at(next)) || !errors.Is(got.Err, err) ||
				(got.Err == nil) != (err == nil) || got.Waiting != waiting {
				t.Errorf("%s: got %+v", when, got)
			}
		}
		h := newHandler(t, srv, func(ctx context.Context) error {
			check(ctx, "before the first", -1, -1, nil, false)
			activity.RecordHeartbeat(ctx, 1)
			check(ctx, "after the first", 0, 8*s, nil, false)
			activity.RecordHeartbeat(ctx, 2)
			check(ctx, "one waits", 0, 8*s, nil, true)
			time.Sleep(time.Until(start.Add(8*s + 100*time.Millisecond)))
			check(ctx, "one is under way", 8*s, 16*s, nil, false)
			time.Sleep(s)
			check(ctx, "it failed", 8*s, 9*s+500*time.Millisecond, down, true)
			time.Sleep(2 * s)
			check(ctx, "it came through", 9*s+500*time.Millisecond, 17*s+500*time.Millisecond, nil, false)
			time.Sleep(20 * s)
			check(ctx, "idle", 9*s+500*time.Millisecond, -1, nil, false)
			wrapped := activity.WithOutbound(ctx, struct{ activity.Outbound }{&activity.Environment{}})
			check(wrapped, "behind a wrapper", 9*s+500*time.Millisecond, -1, nil, false)
			return nil
		})
		if _, err := h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second))); err != nil {
			t.Fatal(err)
		}
		if got := activity.GetHeartbeatStatus(t.Context()); got != (activity.HeartbeatStatus{}) {
			t.Errorf("outside an activity: %+v", got)
		}
	})
}
