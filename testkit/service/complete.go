package service

import (
	"cmp"
	"context"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A speculative task that shipped more events than that is written even if
// nothing came of it, so that they are not shipped again and again.
const maxDiscarded = 10

// RespondWorkflowTaskCompleted takes what a workflow did in a task.
func (v *server) RespondWorkflowTaskCompleted(
	_ context.Context, req *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	t, err := readToken(req.GetTaskToken())
	if err != nil {
		return nil, err
	}
	err = firstUnimplemented("RespondWorkflowTaskCompleted", []use{
		{"IntermediatePage", req.GetIntermediatePage() || req.GetPageNumber() > 0},
	})
	if err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.inFlight(t)
	if err != nil {
		return nil, err
	}
	if req.GetVersioningBehavior() != enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED &&
		versionOf(req.GetDeploymentOptions()) == (version{}) {
		return nil, invalid("versioning behavior cannot be specified without deployment options being set with versioned mode")
	}
	c := &completion{r: r, req: req, before: r.snapshot(), task: r.task}
	return c.do()
}

// inFlight returns the run whose workflow task the token is of.
func (s *Service) inFlight(t token) (*run, error) {
	r := s.runs[t.RunID]
	if r == nil {
		return nil, serviceerror.NewNotFoundf(
			"workflow execution not found for workflow ID %q and run ID %q", t.WorkflowID, t.RunID)
	}
	if !r.running() || !r.task.inFlight() || r.task.stamp != t.Stamp || r.task.attempt != t.Attempt {
		return nil, serviceerror.NewNotFound(textTaskNotFound)
	}
	return r, nil
}

// completion is one answer to a workflow task on its way.
type completion struct {
	r      *run
	req    *workflowservice.RespondWorkflowTaskCompletedRequest
	before snapshot
	task   workflowTask // as it was

	completed *historypb.HistoryEvent // nil if a speculative task leaves no trace
	failed    *failedCommand          // why the task fails after all
	messages  []*protocolpb.Message   // not handled yet
	children  map[string]bool         // ids of workflows that the answer starts
	unhandled bool                    // events have come in that the workflow has not seen
	again     bool                    // a cancelled activity wants another task
	sent      map[enumspb.CommandType]int
	eager     []*activity // that the worker wants with the response
}

// failedCommand is a command that fails the task.
type failedCommand struct {
	cause   enumspb.WorkflowTaskFailedCause
	message string
	fatal   bool // the workflow ends for it
}

func (f *failedCommand) text() string {
	if f.message == "" {
		return f.cause.String()
	}
	return f.cause.String() + ": " + f.message
}

func (c *completion) do() (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	r := c.r
	c.finish()
	c.stick()
	c.unhandled = len(r.buffered) > 0
	c.messages = c.req.GetMessages()
	if err := c.apply(); err != nil {
		r.undo(c.before)
		return nil, err
	}
	resp := &workflowservice.RespondWorkflowTaskCompletedResponse{}
	if c.failed == nil {
		resp.ActivityTasks = c.beginEager()
	}
	if c.failed == nil && r.running() && !c.req.GetForceCreateNewWorkflowTask() {
		r.rejectUnprocessed()
	}
	if c.failed != nil {
		if err := c.fail(); err != nil {
			return nil, err
		}
	} else if !r.running() {
		r.abortUpdates(abortClosed)
	}
	handed := c.next()
	c.save()
	defer r.settle() // once the response has been made
	r.answer(c.req.GetQueryResults(), r.task.pending())
	if r.exceeded != nil {
		return nil, r.exceeded
	}
	if c.failed != nil {
		return nil, serviceerror.NewInvalidArgument(c.failed.text())
	}
	if handed {
		resp.WorkflowTask = r.taskResponse(c.req.GetIdentity(), true, !c.heartbeat())
	}
	if c.completed == nil {
		resp.ResetHistoryEventId = r.lastStarted
	}
	return resp, nil
}

// version is what the worker says of its code.
func (c *completion) version() *commonpb.WorkerVersionStamp {
	return unversioned(c.req.GetWorkerVersionStamp()) //nolint:staticcheck // workers still send it
}

// unversioned leaves out stamps that ask for versioning, which is not there.
func unversioned(v *commonpb.WorkerVersionStamp) *commonpb.WorkerVersionStamp {
	if v.GetUseVersioning() {
		return nil
	}
	return v
}

// heartbeat reports whether the answer only asks for more time.
func (c *completion) heartbeat() bool { return c.req.GetForceCreateNewWorkflowTask() }

// save commits, unless there is nothing to be written. What follows from the answer
// is kept back until the run is settled.
func (c *completion) save() {
	r := c.r
	after := r.after
	r.after = nil
	switch {
	case r.task.kind != speculativeTask && (c.completed != nil || c.failed != nil || r.task.pending()):
		r.commit()
	case c.completed != nil || c.failed != nil:
		// What was done is written now; the speculative task that follows is not.
		next, attempt := r.task, r.attempt
		r.task = workflowTask{}
		r.commit()
		r.task, r.attempt = next, attempt
	}
	r.after = append(after, r.after...)
}

// finish writes that the task has completed.
func (c *completion) finish() {
	r := c.r
	written := r.task.written()
	if c.discards() {
		r.dropTask()
		return
	}
	if !written {
		r.writeBoth(c.req.GetIdentity(), c.version())
	}
	scheduled, started := r.task.scheduled, r.task.started
	r.dropTask()
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
	//nolint:staticcheck // clients that know nothing else send them
	e.Attributes = &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
		WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
			ScheduledEventId: scheduled, StartedEventId: started,
			Identity: c.req.GetIdentity(), BinaryChecksum: c.req.GetBinaryChecksum(),
			WorkerVersion: c.req.GetWorkerVersionStamp(), SdkMetadata: c.req.GetSdkMetadata(),
			MeteringMetadata:     c.req.GetMeteringMetadata(),
			WorkerDeploymentName: c.req.GetDeploymentOptions().GetDeploymentName(),
			DeploymentVersion:    versionOf(c.req.GetDeploymentOptions()).proto(),
			VersioningBehavior:   c.req.GetVersioningBehavior(),
		},
	}
	c.completed = r.add(e)
	r.lastStarted = started
	o := c.req.GetDeploymentOptions()
	if r.settleVersion(o.GetDeploymentName(), versionOf(o), c.req.GetVersioningBehavior()) {
		r.rescheduleActivities(r.s.now().Sub(c.task.scheduledAt))
	}
	//nolint:staticcheck // clients that know nothing else send them
	build := cmp.Or(versionOf(o).build, c.req.GetWorkerVersionStamp().GetBuildId())
	r.addResetPoint(c.req.GetBinaryChecksum(), build, c.completed.GetEventId()) //nolint:staticcheck // the same
}

// discards reports whether the task is speculative and nothing has come of it.
func (c *completion) discards() bool {
	if c.r.task.kind != speculativeTask || len(c.req.GetCommands()) > 0 || c.heartbeat() {
		return false
	}
	since := c.r.nextID() - (c.r.lastStarted + 2)
	if c.req.GetCapabilities().GetDiscardSpeculativeWorkflowTaskWithEvents() {
		since -= maxDiscarded
	}
	if since > 0 {
		return false
	}
	for _, m := range c.req.GetMessages() {
		if !m.GetBody().MessageIs(&updatepb.Rejection{}) {
			return false
		}
	}
	return true
}

// stick sends the next task where the worker wants it.
func (c *completion) stick() {
	name := c.req.GetStickyAttributes().GetWorkerTaskQueue().GetName()
	if name == "" || c.r.versioning.moving {
		c.r.unstick()
		return
	}
	c.r.sticky = name
	c.r.stickyTimeout = c.req.GetStickyAttributes().GetScheduleToStartTimeout().AsDuration()
}

// fail undoes what the answer did and fails the task instead.
func (c *completion) fail() error {
	r := c.r
	r.undo(c.before)
	r.abortUpdates(abortTaskFailed)
	unhandled := c.failed.cause == enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
	if c.task.attempt > 1 && !unhandled {
		// It stays in flight until it times out, which slows it down.
		r.settle()
		return serviceerror.NewInvalidArgument(c.failed.text())
	}
	//nolint:staticcheck // older workers send the checksum
	r.addTaskFailed(c.failed.cause, serverFailure(c.failed.text()), c.req.GetIdentity(), c.req.GetBinaryChecksum(), nil)
	r.closing = unhandled
	if c.failed.fatal {
		r.flush()
		r.terminate(c.failed.text(), nil, historyIdentity)
	}
	return nil
}

// next makes the workflow task that follows, if one does; it reports whether
// that is handed to the worker with the response.
func (c *completion) next() bool {
	r := c.r
	if !r.running() {
		return false
	}
	moving := r.versioning.moving
	inline := c.req.GetReturnNewWorkflowTask() && c.failed == nil && !moving
	var kind taskKind
	switch {
	case c.heartbeat(), c.failed != nil, c.unhandled, c.again, moving:
		kind = normalTask
	case r.hasOutgoing() && inline:
		kind = speculativeTask
	case r.hasOutgoing():
		kind = normalTask
	default:
		return false
	}
	original := c.task.originalAt
	if !inline {
		r.schedule(kind)
	} else {
		r.newTask(kind)
		r.startTask(r.currentQueue(), c.req.GetIdentity(), inlineRequestID, c.version())
	}
	if c.heartbeat() && len(c.req.GetCommands()) == 0 && len(c.req.GetMessages()) == 0 {
		r.task.originalAt = original
	}
	return inline
}

// RespondWorkflowTaskFailed takes a worker's word that it cannot do a task.
func (v *server) RespondWorkflowTaskFailed(
	_ context.Context, req *workflowservice.RespondWorkflowTaskFailedRequest,
) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	t, err := readToken(req.GetTaskToken())
	if err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if r := v.s.runs[t.RunID]; r != nil && !r.running() {
		return nil, errCompleted()
	}
	r, err := v.s.inFlight(t)
	if err != nil {
		return nil, err
	}
	if req.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE {
		r.terminate(req.GetCause().String(), nil, historyIdentity)
	} else {
		req.Failure, _ = r.namespace.limits.cutFailure(req.GetFailure())
		//nolint:staticcheck // older workers send the checksum
		r.addTaskFailed(req.GetCause(), req.GetFailure(), req.GetIdentity(), req.GetBinaryChecksum(),
			unversioned(req.GetWorkerVersion()))
		r.ensureTask()
	}
	r.commit()
	if r.exceeded != nil {
		return nil, r.exceeded
	}
	return &workflowservice.RespondWorkflowTaskFailedResponse{}, nil
}
