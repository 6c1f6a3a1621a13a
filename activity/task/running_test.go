package task_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
)

// An attempt is known to run until its report is made, however it ends.
func TestRunningKnowsTheAttempt(t *testing.T) {
	for name, act := range map[string]func(context.Context) error{
		"succeeds": success,
		"panics":   func(context.Context) error { panic("boom") },
		"exits":    func(context.Context) error { runtime.Goexit(); return nil },
		"pending":  func(context.Context) error { return activity.ErrResultPending },
	} {
		t.Run(name, func(t *testing.T) {
			running := new(activity.Running)
			know := func(when string) {
				all := running.List()
				if len(all) != 1 || all[0].Info.ActivityID != "7" || all[0].Info.Deadline.IsZero() ||
					time.Since(all[0].Since) > time.Minute {
					t.Errorf("%s: %+v run", when, all)
				}
			}
			srv := &service{onReport: func(context.Context, int, proto.Message) error {
				know("at the report")
				return nil
			}}
			h := newHandler(t, srv, func(ctx context.Context) error {
				know("in the activity")
				return act(ctx)
			}, func(o *task.Options) { o.Running = running })
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = h.Handle(t.Context(), newTask())
			}()
			<-ended
			if left := running.List(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
