package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
)

// What becomes of heartbeats when the activity returns.

// TestAnswerThatComesAtTheEnd has the activity return while a heartbeat is under way.
func TestAnswerThatComesAtTheEnd(t *testing.T) {
	cancel := &heartbeatResponse{CancelRequested: true}
	tests := map[string]struct {
		answer *heartbeatResponse
		err    error // of the call
		ends   error
		want   task.Outcome
	}{
		"cancel, result":           {answer: cancel, want: task.Completed},
		"cancel, error":            {answer: cancel, ends: errPlain, want: task.Failed},
		"cancel, gave up":          {answer: cancel, ends: context.Canceled, want: task.Canceled},
		"pause, gave up":           {answer: &heartbeatResponse{ActivityPaused: true}, ends: context.Canceled, want: task.Failed},
		"not found, result":        {err: serviceerror.NewNotFound("no"), want: task.Gone},
		"not found, error":         {err: serviceerror.NewNotFound("no"), ends: errPlain, want: task.Gone},
		"failed, result":           {err: serviceerror.NewInternal("no"), want: task.Completed},
		"not active, result":       {err: serviceerror.NewNamespaceNotActive("ns", "a", "b"), want: task.Completed},
		"nothing to say, gave up":  {ends: context.Canceled, want: task.Failed},
		"nothing to say, pending":  {ends: activity.ErrResultPending, want: task.Pending},
		"cancel, pending all same": {answer: cancel, ends: activity.ErrResultPending, want: task.Pending},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{onHeartbeat: func(context.Context, int) (*heartbeatResponse, error) {
					time.Sleep(5 * time.Second)
					return test.answer, test.err
				}}
				h := newHandler(t, srv, func(ctx context.Context) error {
					go activity.RecordHeartbeat(ctx, 1)
					synctest.Wait()
					return test.ends
				})
				if outcome, err := h.Handle(t.Context(), newTask()); outcome != test.want || err != nil {
					t.Errorf("got %v, %v, want %v", outcome, err, test.want)
				}
			})
		})
	}
}

func TestFailureIncludesHeartbeat(t *testing.T) {
	tests := map[string]struct {
		last      []any // heartbeat
		ends      error
		wantBeats int
		carried   bool
	}{
		"with its report":                {[]any{2}, errPlain, 1, true},
		"nothing to a cancelled one":     {[]any{2}, context.Canceled, 2, false}, // the answer may be a request
		"nothing to one that is pending": {[]any{2}, activity.ErrResultPending, 2, false},
		"no details to carry":            {nil, errPlain, 2, false},
		"large ones go by themselves":    {[]any{2, make([]byte, 64<<10)}, errPlain, 2, false},
		"a result needs none":            {[]any{2}, nil, 1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{}
			h := newHandler(t, srv, func(ctx context.Context) error {
				activity.RecordHeartbeat(ctx, 1)
				activity.RecordHeartbeat(ctx, test.last...)
				return test.ends
			}, func(o *task.Options) { o.FailureIncludesHeartbeat = true })
			if _, err := h.Handle(t.Context(), newTask()); err != nil {
				t.Fatal(err)
			}
			if len(srv.beats) != test.wantBeats {
				t.Errorf("sent %d heartbeats, want %d", len(srv.beats), test.wantBeats)
			}
			carried := false
			for _, r := range srv.reports {
				if f, ok := r.(*workflowservice.RespondActivityTaskFailedRequest); ok && f.GetLastHeartbeatDetails() != nil {
					carried = decodeInt(t, f.GetLastHeartbeatDetails()) == 2
				}
			}
			if carried != test.carried {
				t.Errorf("the report carries them: %v, want %v", carried, test.carried)
			}
		})
	}
}

// A heartbeat of a goroutine that the activity leaves behind comes before the end or not at all,
// and its goroutine goes on in any case.
func TestHeartbeatBesideTheEnd(t *testing.T) {
	for range 500 {
		synctest.Test(t, func(t *testing.T) {
			srv := &service{}
			h := newHandler(t, srv, func(ctx context.Context) error {
				begun := make(chan struct{})
				go func() {
					close(begun)
					activity.RecordHeartbeat(context.WithoutCancel(ctx), 1)
				}()
				<-begun
				return errPlain
			})
			if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
				t.Errorf("got %v, %v", outcome, err)
			}
			synctest.Wait()
			if len(srv.beats) > 1 {
				t.Errorf("sent %d heartbeats", len(srv.beats))
			}
		})
	}
}

func TestHeartbeatAfterReturnIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{}
		var late func() error
		h := newHandler(t, srv, func(ctx context.Context) error {
			late = func() error {
				activity.RecordHeartbeat(ctx, 1)
				return ctx.Err()
			}
			return nil
		})
		_, _ = h.Handle(t.Context(), newTask())
		ended := late()
		if n := len(srv.beats); n != 0 {
			t.Errorf("%d heartbeats were sent after the end, want 0", n)
		}
		if ended == nil {
			t.Error("the activity's context outlives the activity")
		}
	})
}

func TestHeartbeatCallInFlightIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{}
		srv.onHeartbeat = func(context.Context, int) (*heartbeatResponse, error) {
			time.Sleep(5 * time.Second)
			return nil, nil
		}
		srv.onReport = func(context.Context, int, proto.Message) error {
			srv.mu.Lock()
			defer srv.mu.Unlock()
			if n := len(srv.beats); n != 1 {
				t.Errorf("reported after %d heartbeats, want 1", n)
			}
			return nil
		}
		start := time.Now()
		h := newHandler(t, srv, func(ctx context.Context) error {
			go activity.RecordHeartbeat(ctx, 1)
			synctest.Wait()
			return nil
		})
		if _, err := h.Handle(t.Context(), newTask()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("reported after %v, want 5s: when the call in flight is over", d)
		}
	})
}

func TestHeartbeatDoesNotOutlastTheContext(t *testing.T) {
	tests := map[string]struct {
		end  func(ctx context.Context) (context.Context, context.CancelFunc)
		want time.Duration
	}{
		"its own": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		}, 2 * time.Second},
		"the deadline's": {context.WithCancel, 5 * time.Second},
		"none": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithoutCancel(ctx), func() {}
		}, 8 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{onHeartbeat: func(ctx context.Context, _ int) (*heartbeatResponse, error) {
					<-ctx.Done() // as when the network swallows the call
					return nil, ctx.Err()
				}}
				start := time.Now()
				h := newHandler(t, srv, func(ctx context.Context) error {
					ctx, cancel := test.end(ctx)
					defer cancel()
					activity.RecordHeartbeat(ctx, 1)
					if d := time.Since(start); d != test.want {
						t.Errorf("the heartbeat returned after %v, want %v", d, test.want)
					}
					return ctx.Err()
				})
				r := newTask(withHeartbeatTimeout(10 * time.Second))
				r.StartToCloseTimeout = duration(5 * time.Second)
				outcome, _ := h.Handle(t.Context(), r)
				if timedOut := test.want >= 5*time.Second; timedOut != (outcome == task.TimedOut) {
					t.Errorf("got %v", outcome)
				}
				// Nobody waits for a call that can change nothing.
				if d := time.Since(start); outcome == task.TimedOut && d > test.want {
					t.Errorf("took %v, want %v", d, test.want)
				}
			})
		})
	}
}
