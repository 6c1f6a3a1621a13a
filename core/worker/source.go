package worker

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/poller"
)

type (
	workflowTask = workflowservice.PollWorkflowTaskQueueResponse
	activityTask = workflowservice.PollActivityTaskQueueResponse
)

// identity is how a worker names itself in every poll.
type identity struct {
	namespace string
	identity  string
	buildID   string
	instance  string // of this worker object: a restarted worker has another

	deployment *deploymentpb.WorkerDeploymentOptions // nil if it is no version of one
	byBuildID  bool                                  // the server hands out tasks by buildID
}

func (i identity) capabilities() *commonpb.WorkerVersionCapabilities {
	if i.buildID == "" {
		return nil
	}
	return &commonpb.WorkerVersionCapabilities{BuildId: i.buildID, UseVersioning: i.versioned()}
}

// stamp is what reports of activities carry; those of workflows have their own.
func (i identity) stamp() *commonpb.WorkerVersionStamp {
	if i.buildID == "" {
		return nil
	}
	return &commonpb.WorkerVersionStamp{BuildId: i.buildID, UseVersioning: i.versioned()}
}

func (i identity) versioned() bool {
	return i.byBuildID || i.deployment.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED
}

// workflowSource polls one queue for workflow tasks.
func workflowSource(s service, i identity, q *taskqueuepb.TaskQueue) poller.SourceFunc[*workflowTask] {
	capabilities := i.capabilities() // those of all polls, which nobody changes
	limit := connect.NewLimit(pollTimeout)
	return func(ctx context.Context) (*workflowTask, poller.Feedback, error) {
		ctx, done := limit.Bound(ctx)
		defer done()
		//nolint:staticcheck // the build id of a worker without a deployment has no other place
		t, err := call(ctx, pollTimeout, s.stub.PollWorkflowTaskQueue,
			&workflowservice.PollWorkflowTaskQueueRequest{
				Namespace:                 i.namespace,
				TaskQueue:                 q,
				Identity:                  i.identity,
				WorkerVersionCapabilities: capabilities,
				DeploymentOptions:         i.deployment,
				WorkerInstanceKey:         i.instance,
			})
		if err != nil {
			return nil, poller.Feedback{}, err
		}
		return t, feedback(t.GetTaskToken(), t.GetPollerScalingDecision(), t.GetBacklogCountHint()), nil
	}
}

// activitySource polls for activities; perSecond is what the server is to hand
// out to all workers of the queue.
func activitySource(
	s service, i identity, q *taskqueuepb.TaskQueue, perSecond *queueRate,
) poller.SourceFunc[*activityTask] {
	capabilities := i.capabilities()
	limit := connect.NewLimit(pollTimeout)
	return func(ctx context.Context) (*activityTask, poller.Feedback, error) {
		ctx, done := limit.Bound(ctx)
		defer done()
		//nolint:staticcheck // the build id of a worker without a deployment has no other place
		t, err := call(ctx, pollTimeout, s.stub.PollActivityTaskQueue,
			&workflowservice.PollActivityTaskQueueRequest{
				Namespace:                 i.namespace,
				TaskQueue:                 q,
				Identity:                  i.identity,
				TaskQueueMetadata:         perSecond.metadata(),
				WorkerVersionCapabilities: capabilities,
				DeploymentOptions:         i.deployment,
				WorkerInstanceKey:         i.instance,
			})
		if err != nil {
			return nil, poller.Feedback{}, err
		}
		return t, feedback(t.GetTaskToken(), t.GetPollerScalingDecision(), 0), nil
	}
}

func feedback(token []byte, d *taskqueuepb.PollerScalingDecision, backlog int64) poller.Feedback {
	return poller.Feedback{
		Empty:       len(token) == 0,
		HasDecision: d != nil,
		Delta:       int(d.GetPollRequestDeltaSuggestion()),
		Backlog:     backlog,
	}
}

// classify says what an error of a poll means.
func classify(err error) poller.Class {
	var (
		noTicket  *poller.AdmissionError
		elsewhere *serviceerror.NamespaceNotActive
	)
	if errors.As(err, &noTicket) || errors.As(err, &elsewhere) {
		return poller.Retry // suppliers recover; a namespace may fail over to this server again
	}
	switch serviceerror.ToStatus(err).Code() {
	case codes.ResourceExhausted:
		return poller.Throttled
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.Unimplemented:
		return poller.Fatal
	default:
		return poller.Retry
	}
}
