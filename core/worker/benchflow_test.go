package worker_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// EchoOnce is a workflow of two tasks.
func EchoOnce(ctx workflow.Context, text string) (got string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, "Echo", text).Get(ctx, &got)
	return got, err
}

// echoed is the history of an EchoOnce from its first task to its second.
func echoed(result *commonpb.Payloads) []*historypb.HistoryEvent {
	scheduled, started, completed := event(5, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED),
		event(6, enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED), event(7, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	scheduled.Attributes = &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
			ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "Echo"},
		},
	}
	started.Attributes = &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
		ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{ScheduledEventId: 5},
	}
	completed.Attributes = &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
			ScheduledEventId: 5, StartedEventId: 6, Result: result,
		},
	}
	return []*historypb.HistoryEvent{
		event(4, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED), scheduled, started, completed,
		event(8, enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED), event(9, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED),
	}
}

// A flowBelt is a belt for workflows: it hands out the two tasks of each EchoOnce.
type flowBelt struct {
	belt

	first, second    []*workflowservice.PollWorkflowTaskQueueResponse // by run
	firsts, seconds  chan int                                         // runs
	left, wrong, all atomic.Int64
}

// flowRuns is how many workflows the belt has at once.
const flowRuns = 50

func newFlowBelt() *flowBelt {
	b := &flowBelt{
		belt:   belt{done: make(chan struct{}, 1)},
		firsts: make(chan int, flowRuns), seconds: make(chan int, flowRuns),
	}
	for n := range flowRuns {
		id := fmt.Sprintf("run %d", n)
		t := firstTask("EchoOnce", id, text)
		t.TaskToken = []byte{byte(n)}
		b.first = append(b.first, t)
		next := firstTask("EchoOnce", id)
		next.TaskToken, next.PreviousStartedEventId, next.StartedEventId = []byte{byte(n)}, 3, 9
		next.History = &historypb.History{Events: echoed(payloads(text))}
		b.second = append(b.second, next)
	}
	return b
}

func (b *flowBelt) WorkflowService() workflowservice.WorkflowServiceClient { return b }

func (b *flowBelt) PollWorkflowTaskQueue(
	ctx context.Context, r *workflowservice.PollWorkflowTaskQueueRequest, _ ...grpc.CallOption,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	runs, tasks := b.firsts, b.first
	if r.GetTaskQueue().GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
		runs, tasks = b.seconds, b.second
	}
	select {
	case n := <-runs:
		return tasks[n], nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// RespondWorkflowTaskCompleted checks the answer and goes on with the run, or with another one.
func (b *flowBelt) RespondWorkflowTaskCompleted(
	_ context.Context, r *workflowservice.RespondWorkflowTaskCompletedRequest, _ ...grpc.CallOption,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	n := int(r.GetTaskToken()[0])
	switch c := r.GetCommands(); {
	case len(c) != 1 || r.GetStickyAttributes() == nil:
		b.wrong.Add(1)
	case c[0].GetScheduleActivityTaskCommandAttributes().GetActivityId() == "5":
		b.seconds <- n
	case c[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult() != nil:
		if b.left.Add(-1) >= 0 {
			b.firsts <- n
		}
		if b.all.Add(-1) == 0 {
			b.done <- struct{}{}
		}
	default:
		b.wrong.Add(1)
	}
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

// handOut hands out n workflows and returns when all have ended.
func (b *flowBelt) handOut(n int) {
	at := min(n, flowRuns)
	b.left.Store(int64(n - at))
	b.all.Store(int64(n))
	for run := range at {
		b.firsts <- run
	}
	<-b.done
}

// startOnFlowBelt starts a worker that stops with the test; without a runner it is its own.
func startOnFlowBelt(t testing.TB, run runner.Runner) *flowBelt {
	t.Helper()
	server := newFlowBelt()
	t.Cleanup(func() { // runs when the worker has stopped
		if n := server.wrong.Load(); n > 0 {
			t.Errorf("%d answers were wrong", n)
		}
	})
	startSilent(t, server, worker.Options{Workflows: []any{EchoOnce}, WorkflowRunner: run})
	return server
}

// A puppet is a runner without code: its runs do what an EchoOnce does.
type puppet struct{ first, second *runner.Completion }

func newPuppet() *puppet {
	return &puppet{
		first: &runner.Completion{Commands: []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
			Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
				ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
					ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "Echo"}, Input: payloads(text),
				},
			},
		}}},
		second: &runner.Completion{Closed: true, Commands: []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
				CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{
					Result: payloads(text),
				},
			},
		}}},
	}
}

func (p *puppet) Prepare(runner.Definition) error                     { return nil }
func (p *puppet) NewInstance(runner.Details) (runner.Instance, error) { return p, nil }
func (p *puppet) Close()                                              {}

func (p *puppet) Activate(_ context.Context, a *runner.Activation) *runner.Completion {
	if a.StartedID == 3 {
		return p.first
	}
	return p.second
}

// What a worker costs beside the four calls that it must make for a workflow of two tasks, and what
// its runner adds to that.
func BenchmarkWorkflowTasks(b *testing.B) {
	for _, one := range []struct {
		name string
		run  runner.Runner
	}{{"no code", newPuppet()}, {"code", nil}} {
		b.Run(one.name, func(b *testing.B) {
			server := startOnFlowBelt(b, one.run)
			server.handOut(1000)
			b.ReportAllocs()
			b.ResetTimer()
			server.handOut(b.N)
		})
	}
}

// Six of the allocations are the messages of the four calls, and seven what happened, as the code is
// told of it. The count is that of the process, so this test runs alone.
func TestAWorkflowTakesFewAllocations(t *testing.T) {
	const most, flows = 26 + detected, 1000
	server := startOnFlowBelt(t, newPuppet())
	server.handOut(flows) // stacks grow, pools fill
	if n := testing.AllocsPerRun(5, func() { server.handOut(flows) }) / flows; n > most {
		t.Errorf("a workflow takes %.1f allocations beside its code, want at most %d: "+
			"BenchmarkWorkflowTasks tells where", n, most)
	}
}
