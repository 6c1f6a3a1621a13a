package stops

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Start starts a flow.
func Start(
	ctx context.Context, c workflowservice.WorkflowServiceClient, namespace, queue, id string, seed uint64,
) error {
	input, err := converter.GetDefaultDataConverter().ToPayloads(seed)
	if err != nil {
		return err
	}
	_, err = c.StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
		Namespace: namespace, WorkflowId: id, RequestId: id,
		WorkflowType: &commonpb.WorkflowType{Name: "Flow"}, Input: input,
		TaskQueue:           &taskqueuepb.TaskQueue{Name: queue},
		WorkflowTaskTimeout: durationpb.New(Patience),
	})
	return err
}

// Timeouts counts the tasks of a history that timed out.
type Timeouts struct {
	// Started counts tasks that a worker had, or was on its way to: those are lost.
	Started int
	// Waiting counts workflow tasks that waited in a sticky queue in vain.
	Waiting int
}

// Add adds those of another history.
func (t *Timeouts) Add(other Timeouts) {
	t.Started += other.Started
	t.Waiting += other.Waiting
}

// End waits until a flow has ended, and returns an error unless it has completed, with its timeouts.
func End(
	ctx context.Context, c workflowservice.WorkflowServiceClient, namespace, id string,
) (Timeouts, error) {
	var found Timeouts
	req := &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: id}, WaitNewEvent: true,
	}
	var last *historypb.HistoryEvent
	for {
		resp, err := c.GetWorkflowExecutionHistory(ctx, req)
		if err != nil {
			return found, fmt.Errorf("flow %s has not ended, last event %v: %w", id, last, err)
		}
		for _, last = range resp.GetHistory().GetEvents() {
			found.count(last)
		}
		if len(resp.GetNextPageToken()) == 0 {
			break
		}
		req.NextPageToken = resp.GetNextPageToken()
	}
	if last.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED {
		return found, fmt.Errorf("flow %s ended with %v", id, last)
	}
	return found, nil
}

// count counts an event. An attempt that timed out and was tried again shows in the failure that the
// next one begins with.
func (t *Timeouts) count(e *historypb.HistoryEvent) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
		if e.GetWorkflowTaskTimedOutEventAttributes().GetTimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START {
			t.Waiting++
		} else {
			t.Started++
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		t.Started++
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		if e.GetActivityTaskStartedEventAttributes().GetLastFailure().GetTimeoutFailureInfo() != nil {
			t.Started++
		}
	default:
	}
}
