package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// complete tells the server what the workflow did.
func (w *work) complete(ctx context.Context, t *polled, run *Run, a machine.Answer) (*polled, error) {
	w.growing(ctx, t, run)
	select {
	case <-w.LocalStop: // or a run to which something happens all the time would never let the worker go
		w.handOver = true
	default:
	}
	req := w.completion(t, run, a)
	if err := w.oversized(ctx, t, req); err != nil {
		return nil, w.fail(ctx, t, err)
	}
	eager := reserved{handler: w.Handler}
	defer eager.release()
	eager.ask(t, a)
	resp, err := w.Service.RespondWorkflowTaskCompleted(ctx, req)
	if err != nil {
		return nil, w.refused(ctx, t, req, err)
	}
	w.outcome = Answered
	eager.run(ctx, resp.GetActivityTasks())
	switch id := resp.GetResetHistoryEventId(); {
	case a.Closed:
		w.lease.Drop(Completed)
	case a.Heartbeat && resp.GetWorkflowTask() == nil:
		w.lease.Drop(LeftLocals)
	case id > 0:
		// The task was speculative and left no trace: neither may it here.
		run.machine.Forget(id)
	default:
		run.reported = true
	}
	return resp.GetWorkflowTask(), nil
}

// same are the parts that all answers have in common. They are made once, and never changed.
type same struct {
	stamp        *commonpb.WorkerVersionStamp           // nil without a build id
	sticky       *taskqueuepb.StickyExecutionAttributes // nil without a sticky queue
	metadata     *sdkpb.WorkflowTaskCompletedMetadata   // of a task that has nothing to say
	capabilities *workflowservice.RespondWorkflowTaskCompletedRequest_Capabilities
}

func newSame(o *Options) same {
	s := same{
		metadata: &sdkpb.WorkflowTaskCompletedMetadata{},
		capabilities: &workflowservice.RespondWorkflowTaskCompletedRequest_Capabilities{
			DiscardSpeculativeWorkflowTaskWithEvents: true,
		},
	}
	if o.BuildID != "" {
		s.stamp = &commonpb.WorkerVersionStamp{
			BuildId: o.BuildID,
			UseVersioning: o.UseVersioning ||
				o.Deployment.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED,
		}
	}
	if o.StickyQueue != "" {
		s.sticky = &taskqueuepb.StickyExecutionAttributes{
			WorkerTaskQueue: &taskqueuepb.TaskQueue{
				Name: o.StickyQueue, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: o.TaskQueue,
			},
			ScheduleToStartTimeout: durationpb.New(o.StickyScheduleToStartTimeout),
		}
	}
	return s
}

func (w *work) completion(
	t *polled, run *Run, a machine.Answer,
) *workflowservice.RespondWorkflowTaskCompletedRequest {
	req := &workflowservice.RespondWorkflowTaskCompletedRequest{
		TaskToken: t.GetTaskToken(),
		Namespace: w.Namespace,
		Identity:  w.Identity,
		Commands:  a.Commands,
		Messages:  a.Messages,
		// Without a sticky queue every task starts from history.
		ReturnNewWorkflowTask:      (w.StickyQueue != "" || a.Heartbeat) && !w.handOver,
		ForceCreateNewWorkflowTask: a.Heartbeat,
		SdkMetadata:                w.metadata(run, a.Flags),
		WorkerVersionStamp:         w.same.stamp, //nolint:staticcheck // servers without deployments know no other
		ResourceId:                 t.GetWorkflowExecution().GetWorkflowId(),
		Capabilities:               w.same.capabilities,
	}
	if w.Deployment != nil {
		req.DeploymentOptions = w.Deployment
		req.VersioningBehavior = cmp.Or(a.VersioningBehavior, w.DefaultVersioningBehavior)
	}
	if len(a.Answers) > 0 {
		req.QueryResults = make(map[string]*querypb.WorkflowQueryResult, len(a.Answers))
	}
	for _, q := range a.Answers {
		req.QueryResults[q.ID] = queryResult(q)
	}
	if w.locals != nil {
		req.MeteringMetadata = &commonpb.MeteringMetadata{
			NonfirstLocalActivityExecutionAttempts: w.locals.metered(),
		}
	}
	if !w.handOver {
		req.StickyAttributes = w.same.sticky
	}
	return req
}

// metadata is what history is to know of the library: what it does not know yet.
func (w *work) metadata(run *Run, flags []uint32) *sdkpb.WorkflowTaskCompletedMetadata {
	known := run.machine.SDK()
	if run.reported {
		known = machine.SDK{Name: sdkName, Version: sdkVersion}
	}
	if len(flags) == 0 && known == (machine.SDK{Name: sdkName, Version: sdkVersion}) {
		return w.same.metadata
	}
	m := &sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: flags}
	if known.Name != sdkName {
		m.SdkName = sdkName
	}
	if known.Name != sdkName || known.Version != sdkVersion {
		m.SdkVersion = sdkVersion
	}
	return m
}

func queryResult(a runner.Answer) *querypb.WorkflowQueryResult {
	if a.Error != "" {
		return &querypb.WorkflowQueryResult{
			ResultType: enumspb.QUERY_RESULT_TYPE_FAILED, Failure: a.Failure,
			ErrorMessage: strings.ToValidUTF8(a.Error, "\uFFFD"), // else no answer could be sent
		}
	}
	return &querypb.WorkflowQueryResult{
		ResultType: enumspb.QUERY_RESULT_TYPE_ANSWERED, Answer: a.Result,
	}
}

// unhandledCommand is the server's word for: events came in that the workflow
// has not seen, so it may not close yet. Another task brings them.
const unhandledCommand = "UnhandledCommand"

// refused deals with an answer that the server did not take. What the workflow
// did is then not in history, so the run must be rebuilt.
func (w *work) refused(
	ctx context.Context, t *polled, req *workflowservice.RespondWorkflowTaskCompletedRequest, err error,
) error {
	if tooLarge(err) {
		err = fmt.Errorf("%w; the largest parts: %s", err, largest(req))
		return w.fail(ctx, t, &taskError{
			cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE,
			failure: w.FailureConverter.ErrorToFailure(err),
			err:     err,
		})
	}
	w.outcome = NotTaken
	w.lease.Drop(Refused)
	if invalid, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok &&
		invalid.Message == unhandledCommand {
		w.kept = err
		return nil
	}
	return fmt.Errorf("workflow task of run %s: the answer was not taken: %w",
		t.GetWorkflowExecution().GetRunId(), err)
}

// tooLarge reports whether a request was more than a connection carries.
func tooLarge(err error) bool {
	exhausted, ok := errors.AsType[*serviceerror.ResourceExhausted](err)
	return ok && strings.Contains(exhausted.Message, "message larger than max")
}

// fail tells the server that the task failed. Only the first attempt does: for
// the later ones silence makes the server wait for the task's timeout, so that
// a workflow that always fails does not spin.
func (w *work) fail(ctx context.Context, t *polled, err error) error {
	w.outcome = Silent
	w.lease.Drop(Failed)
	w.Logger.WarnContext(ctx, "Workflow task failed",
		slog.String("WorkflowType", t.GetWorkflowType().GetName()),
		slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
		slog.String("RunID", t.GetWorkflowExecution().GetRunId()),
		slog.Int("Attempt", int(t.GetAttempt())),
		slog.Any("Error", err))
	failed, ok := errors.AsType[*taskError](err)
	if !ok || t.GetAttempt() > 1 {
		return err
	}
	_, respondErr := w.Service.RespondWorkflowTaskFailed(ctx, &workflowservice.RespondWorkflowTaskFailedRequest{
		TaskToken:         t.GetTaskToken(),
		Namespace:         w.Namespace,
		Identity:          w.Identity,
		Cause:             failed.cause,
		Failure:           failed.failure,
		WorkerVersion:     w.same.stamp, //nolint:staticcheck // servers without deployments know no other
		DeploymentOptions: w.Deployment,
		ResourceId:        t.GetWorkflowExecution().GetWorkflowId(),
	})
	if respondErr != nil {
		return errors.Join(err, fmt.Errorf("and the server did not hear of it: %w", respondErr))
	}
	w.outcome = TaskFailed
	return err
}

// panicType is the type of failures that are panics.
const panicType = "PanicError"

// answerQuery tells the server the result of a query that came alone, or why
// there is none.
func (w *work) answerQuery(ctx context.Context, t *polled, a machine.Answer, err error) error {
	req := &workflowservice.RespondQueryTaskCompletedRequest{
		TaskToken:     t.GetTaskToken(),
		Namespace:     w.Namespace,
		PollerGroupId: t.GetPollerGroupId(),
	}
	if err != nil && w.origin == Cached {
		w.lease.Drop(Failed) // what is left of the run is of no use to its next task
	}
	failed, isFailed := errors.AsType[*taskError](err)
	switch {
	case isFailed:
		req.CompletedType = enumspb.QUERY_RESULT_TYPE_FAILED
		req.ErrorMessage, req.Failure, req.Cause = err.Error(), failed.failure, failed.cause
		if failed.failure.GetApplicationFailureInfo().GetType() == panicType {
			req.ErrorMessage = "Workflow panic: " + req.ErrorMessage
		}
	case err != nil:
		return err // history could not be had: another worker may have more luck
	case len(a.Answers) != 1:
		req.CompletedType = enumspb.QUERY_RESULT_TYPE_FAILED
		req.ErrorMessage = fmt.Sprintf("the workflow gave %d answers to one query", len(a.Answers))
	default:
		result := queryResult(a.Answers[0])
		req.QueryResult, req.ErrorMessage, req.CompletedType = w.result(ctx, t, result)
		req.Failure = result.GetFailure()
	}
	_, respondErr := w.Service.RespondQueryTaskCompleted(ctx, req)
	if tooLarge(respondErr) {
		req.CompletedType, req.QueryResult = enumspb.QUERY_RESULT_TYPE_FAILED, nil
		req.ErrorMessage, req.Failure = respondErr.Error(), w.FailureConverter.ErrorToFailure(respondErr)
		req.Cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE
		_, respondErr = w.Service.RespondQueryTaskCompleted(ctx, req)
	}
	if respondErr != nil {
		w.outcome = NotTaken
		return errors.Join(err, respondErr)
	}
	w.outcome = Queried
	return err
}
