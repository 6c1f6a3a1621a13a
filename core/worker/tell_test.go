package worker_test

import (
	"context"
	"slices"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
)

func TestServerIsToldOfTheEnd(t *testing.T) {
	types := func(ts ...enumspb.TaskQueueType) []enumspb.TaskQueueType { return ts }
	for _, c := range []struct {
		name   string
		o      worker.Options
		types  []enumspb.TaskQueueType
		sticky bool
	}{
		{"both", both(), types(enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY), true},
		{"workflows", worker.Options{Workflows: []any{Greet}}, types(enumspb.TASK_QUEUE_TYPE_WORKFLOW), true},
		{
			"no cache",
			worker.Options{Workflows: []any{Greet}, MaxCachedWorkflows: new(0)},
			types(enumspb.TASK_QUEUE_TYPE_WORKFLOW), false,
		},
		{"activities", worker.Options{Activities: []any{Echo}}, types(enumspb.TASK_QUEUE_TYPE_ACTIVITY), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.drains = true // an older one is told twice: see below
				c.o.Namespace, c.o.Identity = "shop", "me"
				stop(t, f.start(t, c.o))
				req := only[*workflowservice.ShutdownWorkerRequest](t, f)
				if req.GetNamespace() != "shop" || req.GetIdentity() != "me" ||
					req.GetTaskQueue() != taskQueue || req.GetReason() == "" ||
					!slices.Equal(req.GetTaskQueueTypes(), c.types) {
					t.Errorf("request %v", req)
				}
				key, stickyQueue := "", ""
				workflowPolls, _ := arrivals[*workflowservice.PollWorkflowTaskQueueRequest](f)
				for _, p := range workflowPolls {
					key = p.GetWorkerInstanceKey()
					if p.GetTaskQueue().GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
						stickyQueue = p.GetTaskQueue().GetName()
					}
				}
				activityPolls, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
				for _, p := range activityPolls {
					key = p.GetWorkerInstanceKey()
				}
				if key == "" || req.GetWorkerInstanceKey() != key {
					t.Errorf("instance %q, polls of %q", req.GetWorkerInstanceKey(), key)
				}
				if req.GetStickyTaskQueue() != stickyQueue || (stickyQueue != "") != c.sticky {
					t.Errorf("sticky queue %q, polls of %q", req.GetStickyTaskQueue(), stickyQueue)
				}
			})
		})
	}
}

// A server that does not end the polls takes one that comes late for a reason to keep the sticky
// queue: it is told again when none is left.
func TestOldServerIsToldAgainWhenThePollsAreOver(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		var polls []int
		f.shutdown = func(context.Context) error {
			time.Sleep(time.Second) // for what is on its way
			polls = append(polls, f.polling(stickyKind))
			return nil
		}
		w := f.start(t, both())
		at := f.polling(stickyKind)
		if took := stop(t, w); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		if !slices.Equal(polls, []int{at, 0}) || at == 0 {
			t.Errorf("when it was told, %v polls were out, want %d and 0", polls, at)
		}
	})
}

func TestServerThatCannotBeTold(t *testing.T) {
	for _, c := range []struct {
		name   string
		drains bool
		err    func(context.Context) error
		most   time.Duration
		warns  bool
	}{
		{"old", false, func(context.Context) error { return refused(codes.Unimplemented) }, 0, false},
		{"old but drains", true, func(context.Context) error { return refused(codes.Unimplemented) }, 0, false},
		{"refuses", true, func(context.Context) error { return refused(codes.InvalidArgument) }, 0, true},
		{"down", true, func(context.Context) error { return refused(codes.Unavailable) }, 10 * time.Second, true},
		{"silent", true, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 10 * time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.drains, f.shutdown = c.drains, c.err
				o := both()
				logs := new(logbook)
				o.Logger = logs.logger()
				if took := stop(t, f.start(t, o)); took > c.most {
					t.Errorf("took %v", took)
				}
				if warned := logs.has("The server was not told"); warned != c.warns {
					t.Errorf("warned: %v", warned)
				}
			})
		})
	}
}

// A server that says it ends the polls and does not must not hold up the stop for a minute.
func TestServerThatDoesNotEndThePolls(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains, f.lies = true, true
		if took := stop(t, f.start(t, both())); took != 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
