package outcomes

import (
	"context"
	"errors"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// askAgain is the pause between two looks at the server.
const askAgain = 50 * time.Millisecond

// askForCancel signals the workflow.
func (s *scene) askForCancel() {
	input, err := payloads(s.plan.Key)
	if err == nil {
		_, err = s.service.SignalWorkflowExecution(context.WithoutCancel(s.ctx),
			&workflowservice.SignalWorkflowExecutionRequest{
				Namespace: s.info.Namespace, WorkflowExecution: s.execution(),
				SignalName: cancelSignal, Input: input,
				RequestId: s.plan.Key, // once, whatever the attempt
			})
	}
	if err != nil {
		s.Record.mistake(s.plan.Key, "cannot ask for its cancellation: %v", err)
	}
}

func (s *scene) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{
		WorkflowId: s.info.WorkflowExecution.ID, RunId: s.info.WorkflowExecution.RunID,
	}
}

func payloads(v any) (*commonpb.Payloads, error) {
	return converter.GetDefaultDataConverter().ToPayloads(v)
}

// cancelInBackoff asks for the cancellation once the next attempt waits for its
// time.
func (s *scene) cancelInBackoff() {
	ctx := context.WithoutCancel(s.ctx)
	for {
		d, err := s.service.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: s.info.Namespace, Execution: s.execution(),
		})
		if err != nil {
			s.Record.mistake(s.plan.Key, "describe: %v", err)
			return
		}
		pending := false
		for _, p := range d.GetPendingActivities() {
			if p.GetActivityId() != s.plan.Key {
				continue
			}
			pending = true
			if p.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED && int(p.GetAttempt()) > s.attempt {
				s.askForCancel()
				return
			}
		}
		if !pending {
			return
		}
		time.Sleep(askAgain) // nobody tells when an attempt has failed
	}
}

// completeFor does what an activity has left to somebody else.
func (s *scene) completeFor(kind Kind) {
	ctx := context.WithoutCancel(s.ctx)
	var err error
	switch kind {
	case AsyncToken, AsyncID:
		err = s.sendResult(ctx, kind == AsyncID)
	case FailToken, FailID:
		failure := temporal.GetDefaultFailureConverter().ErrorToFailure(failureOf(kind, s.plan.Key, s.attempt))
		err = s.sendFailure(ctx, kind == FailID, failure)
	default:
		err = s.sendCanceled(ctx)
	}
	if err != nil {
		s.Record.mistake(s.plan.Key, "%s in attempt %d: %v", kind, s.attempt, err)
	}
}

func (s *scene) sendResult(ctx context.Context, byID bool) error {
	value, err := payloads(result(s.plan.Key, s.attempt))
	switch {
	case err != nil:
	case byID:
		_, err = s.service.RespondActivityTaskCompletedById(ctx, &workflowservice.RespondActivityTaskCompletedByIdRequest{
			Namespace: s.info.Namespace, WorkflowId: s.info.WorkflowExecution.ID, RunId: s.info.WorkflowExecution.RunID,
			ActivityId: s.info.ActivityID, Result: value,
		})
	default:
		_, err = s.service.RespondActivityTaskCompleted(ctx, &workflowservice.RespondActivityTaskCompletedRequest{
			Namespace: s.info.Namespace, TaskToken: s.info.TaskToken, Result: value,
		})
	}
	return err
}

func (s *scene) sendFailure(ctx context.Context, byID bool, f *failurepb.Failure) error {
	var err error
	if byID {
		_, err = s.service.RespondActivityTaskFailedById(ctx, &workflowservice.RespondActivityTaskFailedByIdRequest{
			Namespace: s.info.Namespace, WorkflowId: s.info.WorkflowExecution.ID, RunId: s.info.WorkflowExecution.RunID,
			ActivityId: s.info.ActivityID, Failure: f,
		})
	} else {
		_, err = s.service.RespondActivityTaskFailed(ctx, &workflowservice.RespondActivityTaskFailedRequest{
			Namespace: s.info.Namespace, TaskToken: s.info.TaskToken, Failure: f,
		})
	}
	return err
}

// errDeaf says that an activity was not canceled although it has asked for it.
var errDeaf = errors.New("no heartbeat was answered with the cancellation")

// sendCanceled sends heartbeats until one is answered with the cancellation, and
// follows.
func (s *scene) sendCanceled(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < LongTimeout; time.Sleep(askAgain) {
		h, err := s.service.RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
			Namespace: s.info.Namespace, TaskToken: s.info.TaskToken,
		})
		if err != nil {
			return err
		}
		if !h.GetCancelRequested() {
			continue
		}
		details, err := payloads(text(AsyncCancel, s.plan.Key, s.attempt))
		if err != nil {
			return err
		}
		_, err = s.service.RespondActivityTaskCanceled(ctx, &workflowservice.RespondActivityTaskCanceledRequest{
			Namespace: s.info.Namespace, TaskToken: s.info.TaskToken, Details: details,
		})
		return err
	}
	return errDeaf
}
