package native_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
)

// scheduled returns the command that schedules an activity of ctx.
func scheduled(t *testing.T, o native.Options, prepare func(workflow.Context) workflow.Context, activity any) *commandpb.Command {
	t.Helper()
	l := startWith(t, o, func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(prepare(ctx), activity, "x", 1).Get(ctx, nil)
	})
	a := l.task()
	if len(a.Commands) != 1 {
		t.Fatalf("got commands %q, want one", histories.Describe(a.Commands))
	}
	return a.Commands[0]
}

func TestActivityCommands(t *testing.T) {
	zero := &durationpb.Duration{}
	plain := &commandpb.ScheduleActivityTaskCommandAttributes{
		ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "a"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: "tasks", Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Header:    &commonpb.Header{}, Input: histories.Payloads("x", 1),
		ScheduleToCloseTimeout: zero, ScheduleToStartTimeout: zero, HeartbeatTimeout: zero,
		StartToCloseTimeout: durationpb.New(time.Minute), UseWorkflowBuildId: true, RequestEagerExecution: true,
	}
	got := scheduled(t, native.Options{}, options, "a")
	if diff := cmp.Diff(plain, got.GetScheduleActivityTaskCommandAttributes(), protocmp.Transform()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if got.GetUserMetadata() != nil {
		t.Errorf("got metadata %v without a summary", got.GetUserMetadata())
	}

	full := &commandpb.ScheduleActivityTaskCommandAttributes{
		ActivityId: "mine", ActivityType: &commonpb.ActivityType{Name: "resolved"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: "other", Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Header:    &commonpb.Header{}, Input: histories.Payloads("x", 1),
		ScheduleToCloseTimeout: durationpb.New(4 * time.Second), ScheduleToStartTimeout: durationpb.New(3 * time.Second),
		StartToCloseTimeout: durationpb.New(2 * time.Second), HeartbeatTimeout: durationpb.New(time.Second),
		RetryPolicy: &commonpb.RetryPolicy{
			InitialInterval: durationpb.New(time.Second), BackoffCoefficient: 2, MaximumInterval: durationpb.New(time.Minute),
			MaximumAttempts: 3, NonRetryableErrorTypes: []string{"Fatal"},
		},
		Priority: &commonpb.Priority{PriorityKey: 2}, RequestEagerExecution: true,
	}
	names := native.Options{ActivityName: func(any) (string, error) { return "resolved", nil }}
	got = scheduled(t, names, func(ctx workflow.Context) workflow.Context {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: "first", ActivityID: "mine", Summary: "in short", HeartbeatTimeout: time.Hour,
		})
		ctx = workflow.WithTaskQueue(ctx, "other")
		ctx = workflow.WithScheduleToCloseTimeout(ctx, 4*time.Second)
		ctx = workflow.WithScheduleToStartTimeout(ctx, 3*time.Second)
		ctx = workflow.WithStartToCloseTimeout(ctx, 2*time.Second)
		ctx = workflow.WithHeartbeatTimeout(ctx, time.Second)
		ctx = workflow.WithPriority(ctx, temporal.Priority{PriorityKey: 2})
		return workflow.WithRetryPolicy(ctx, temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			MaximumAttempts: 3, NonRetryableErrorTypes: []string{"Fatal"},
		})
	}, func() {})
	if diff := cmp.Diff(full, got.GetScheduleActivityTaskCommandAttributes(), protocmp.Transform()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	summary := &sdkpb.UserMetadata{Summary: histories.Payloads("in short").GetPayloads()[0]}
	if diff := cmp.Diff(summary, got.GetUserMetadata(), protocmp.Transform()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}

	got = scheduled(t, native.Options{}, func(ctx workflow.Context) workflow.Context {
		return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, DisableEagerExecution: true,
		})
	}, "a")
	plain.RequestEagerExecution = false
	if diff := cmp.Diff(plain, got.GetScheduleActivityTaskCommandAttributes(), protocmp.Transform()); diff != "" {
		t.Errorf("attributes without eager execution (-want +got):\n%s", diff)
	}

	// Options replace all that was there, except the task queue.
	got = scheduled(t, native.Options{}, func(ctx workflow.Context) workflow.Context {
		return options(workflow.WithHeartbeatTimeout(workflow.WithTaskQueue(ctx, "kept"), time.Hour))
	}, "a")
	attr := got.GetScheduleActivityTaskCommandAttributes()
	if attr.GetTaskQueue().GetName() != "kept" || attr.GetHeartbeatTimeout().AsDuration() != 0 {
		t.Errorf("got task queue %v and heartbeat %v, want kept and none", attr.GetTaskQueue(), attr.GetHeartbeatTimeout())
	}
}

func TestActivitiesThatAreNotScheduled(t *testing.T) {
	for _, tt := range []struct {
		name     string
		options  workflow.ActivityOptions
		activity any
		arg      any
		want     string
	}{
		{"no timeout", workflow.ActivityOptions{}, "a", 1, "set StartToCloseTimeout or ScheduleToCloseTimeout"},
		{"negative", workflow.ActivityOptions{HeartbeatTimeout: -1}, "a", 1, "HeartbeatTimeout is -1ns: use zero for none"},
		{
			"function without a registry",
			workflow.ActivityOptions{StartToCloseTimeout: 1},
			func() {}, 1,
			"this runner has no registry: give its name as a string",
		},
		{
			"argument",
			workflow.ActivityOptions{StartToCloseTimeout: 1},
			"a", make(chan int),
			"activity a: arguments cannot be encoded",
		},
	} {
		l := start(t, func(ctx workflow.Context) (string, error) {
			f := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, tt.options), tt.activity, tt.arg)
			if !f.IsReady() {
				return "", errors.New("it was scheduled")
			}
			return f.Get(ctx, nil).Error(), nil
		})
		a := l.task()
		got := decode[string](t, a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
