package frontend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A clerk does the tasks of [SumSignals] without a workflow.
type clerk struct {
	f     *Frontend
	sums  map[string]int // by run
	wrong int            // is added to results
	hasty bool           // answers a signal with a result
}

const stickyName = "sticky"

// work does the tasks of a queue until ctx ends.
func (c *clerk) work(ctx context.Context, t *testing.T, queue string) {
	t.Helper()
	for {
		task, err := c.f.PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
			TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
		})
		if err != nil {
			return
		}
		_, _ = c.f.RespondWorkflowTaskCompleted(ctx, &workflowservice.RespondWorkflowTaskCompletedRequest{
			TaskToken: task.GetTaskToken(),
			Commands:  c.answer(t, task),
			StickyAttributes: &taskqueuepb.StickyExecutionAttributes{
				WorkerTaskQueue: &taskqueuepb.TaskQueue{Name: stickyName},
			},
		}) // what the frontend finds wrong it tells who gave the order
	}
}

func (c *clerk) answer(t *testing.T, task *workflowservice.PollWorkflowTaskQueueResponse) []*commandpb.Command {
	t.Helper()
	run := task.GetWorkflowExecution().GetRunId()
	signals := 0
	for _, e := range task.GetHistory().GetEvents() {
		input := e.GetWorkflowExecutionSignaledEventAttributes().GetInput()
		if input == nil {
			continue
		}
		signals++
		text := strings.Trim(string(input.GetPayloads()[0].GetData()), `"`)
		if text != End && !c.hasty {
			c.sums[run] += len(text)
			continue
		}
		return []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
				CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{
					Result: jsonPayload(fmt.Sprint(c.sums[run] + c.wrong)),
				},
			},
		}}
	}
	if task.GetPreviousStartedEventId() > 0 && signals == 0 {
		t.Errorf("a task of %s without a signal", run)
	}
	return nil
}

func TestParkedWorkflows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		clerk  clerk
		orders []Order
		wrong  string // part of the last order's error
	}{
		{"all is well", clerk{}, []Order{
			{Work: Park, Units: 3, Events: 200},
			{Work: Parked, Units: 100},
			{Work: Parked, Units: 7},
			{Work: Release, Units: 2},
			{Work: Release, Units: 9},
		}, ""},
		{"more than there is room for", clerk{}, []Order{
			{Work: Park, Units: 2 * room},
			{Work: Parked, Units: 4 * room},
			{Work: Release, Units: 1},
		}, ""},
		{"what has ended is not there", clerk{}, []Order{
			{Work: Park, Units: 1},
			{Work: Parked, Units: 1},
			{Work: Release, Units: 1},
			{Work: Parked, Units: 1},
		}, "none is parked"},
		{"nothing to end", clerk{}, []Order{{Work: Park, Units: 1}, {Work: Release, Units: 1}}, "none has had a signal"},
		{"a wrong result", clerk{wrong: 1}, []Order{
			{Work: Park, Units: 1},
			{Work: Parked, Units: 1},
			{Work: Release, Units: 1},
		}, "want the result"},
		{"a result too early", clerk{hasty: true}, []Order{{Work: Park, Units: 1}, {Work: Parked, Units: 1}}, "want nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := test.clerk
			c.f, c.sums = New(), make(map[string]int)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go c.work(ctx, t, TaskQueue)
			go c.work(ctx, t, stickyName)
			for i, o := range test.orders {
				_, err := c.f.HandOut(ctx, o)
				switch last := i == len(test.orders)-1; {
				case !last || test.wrong == "":
					if err != nil {
						t.Fatalf("%+v: %v", o, err)
					}
				case err == nil || !strings.Contains(err.Error(), test.wrong):
					t.Errorf("%+v: %v, want an error with %q", o, err, test.wrong)
				}
			}
		})
	}
}

// The history of a parked workflow is as long as it should be, and whole: the ids of its events count
// up, and all tasks but the last have ended.
func TestPastOfParkedWorkflows(t *testing.T) {
	t.Parallel()
	for _, events := range []int{0, 1, 54, 55, 1000} {
		r := &run{work: Park, parking: &parking{events: events}}
		task := r.firstTask()
		history := task.GetHistory().GetEvents()
		started, completed, signals := 0, 0, 0
		for i, e := range history {
			if e.GetEventId() != int64(i)+1 {
				t.Errorf("%d events: event %d has id %d", events, i+1, e.GetEventId())
			}
			switch e.GetEventType() {
			case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
				started++
			case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
				completed++
			case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
				signals++
			default:
			}
		}
		if n := len(history); n < events || n > events+pastSignals+6 {
			t.Errorf("%d events, want about %d", n, events)
		}
		if started != completed+1 || task.GetStartedEventId() != int64(len(history)) {
			t.Errorf("%d events: %d tasks started, %d completed, the last at %d",
				len(history), started, completed, task.GetStartedEventId())
		}
		if signals*len(past) != r.parking.sum {
			t.Errorf("%d events: %d signals, which count as %d", len(history), signals, r.parking.sum)
		}
	}
}
