package service

import (
	"context"
	"maps"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// resetterIdentity is how the server names itself where it ends a run because
// another was reset.
const resetterIdentity = "history-resetter"

// noRequest is the request id of a task that the server itself begins.
const noRequest = "emptyUuid"

// ResetWorkflowExecution starts a run that has the events of another one up to a
// workflow task, and goes on from there.
func (v *server) ResetWorkflowExecution(
	_ context.Context, req *workflowservice.ResetWorkflowExecutionRequest,
) (*workflowservice.ResetWorkflowExecutionResponse, error) {
	switch {
	case req.GetRequestId() == "":
		return nil, invalid("RequestId is not set on request.")
	case len(req.GetRequestId()) > maxID:
		return nil, invalid("RequestId length exceeds limit.")
	}
	if err := checkExecution(req.GetWorkflowExecution()); err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	base, err := v.s.find(req.GetNamespace(), req.GetWorkflowExecution())
	if err != nil {
		return nil, err
	}
	if err := base.checkReset(req); err != nil {
		return nil, err
	}
	current := base.namespace.current[base.workflowID]
	if current.requestID == req.GetRequestId() {
		return &workflowservice.ResetWorkflowExecutionResponse{RunId: current.id}, nil
	}
	again, err := base.replay(req.GetWorkflowTaskFinishEventId() - 1)
	if err == nil {
		err = settled(again.events)
	}
	if err == nil {
		err = again.failReset(req.GetReason(), base.id)
	}
	if err != nil {
		return nil, err
	}
	if current.running() {
		current.terminate(req.GetReason(), nil, resetterIdentity)
		current.commit()
	}
	again.reapply(base.events[req.GetWorkflowTaskFinishEventId()-1:], excluded(req))
	again.goOn(base)
	return &workflowservice.ResetWorkflowExecutionResponse{RunId: again.id}, nil
}

// checkReset validates what the request asks of the run.
func (r *run) checkReset(req *workflowservice.ResetWorkflowExecutionRequest) error {
	if to := req.GetWorkflowTaskFinishEventId(); to <= 1 || to >= r.nextID() {
		return invalid("Workflow task finish ID must be > 1 && <= workflow last event ID.")
	}
	if len(req.GetPostResetOperations()) == 0 {
		return nil
	}
	first := req.GetPostResetOperations()[0]
	if first.GetUpdateWorkflowOptions() != nil {
		return unimplemented("ResetWorkflowExecution", "PostResetOperations")
	}
	return invalid("unsupported post reset operation: %T", first.GetVariant())
}

// settled refuses events after which another workflow has not yet got what this
// one has sent it: that would have to be sent again.
func settled(events []*historypb.HistoryEvent) error {
	pending := make(map[int64]bool)
	for _, e := range events {
		if e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes() != nil ||
			e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes() != nil {
			pending[e.GetEventId()] = true
		}
		delete(pending, e.GetExternalWorkflowExecutionSignaledEventAttributes().GetInitiatedEventId()+
			e.GetSignalExternalWorkflowExecutionFailedEventAttributes().GetInitiatedEventId()+
			e.GetExternalWorkflowExecutionCancelRequestedEventAttributes().GetInitiatedEventId()+
			e.GetRequestCancelExternalWorkflowExecutionFailedEventAttributes().GetInitiatedEventId())
	}
	if len(pending) > 0 {
		return unimplemented("ResetWorkflowExecution", "a point at which other workflows are still to be reached")
	}
	return nil
}

// failReset fails the workflow task at which the events of the run end.
func (r *run) failReset(reason, base string) error {
	t := &r.task
	if !t.pending() && r.attempt > 1 {
		r.attempt = 1
		r.newTask(normalTask) // the next attempt, of which nothing is written yet
	}
	if !t.pending() {
		return invalid("Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: %v",
			r.nextID())
	}
	if !t.inFlight() {
		t.startedAt, t.requestID = r.s.now(), noRequest
		t.started = r.add(r.startedEvent(historyIdentity, nil)).GetEventId()
	}
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED)
	e.Attributes = &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{
		WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{
			ScheduledEventId: t.scheduled, StartedEventId: t.started,
			Cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW, Identity: historyIdentity,
			Failure: &failurepb.Failure{
				Message: reason, FailureInfo: &failurepb.Failure_ResetWorkflowFailureInfo{
					ResetWorkflowFailureInfo: &failurepb.ResetWorkflowFailureInfo{},
				},
			},
			BaseRunId: base, NewRunId: r.id,
		},
	}
	r.add(e)
	r.failTask(false)
	return nil
}

// excluded are the kinds of events that the request does not want again.
func excluded(req *workflowservice.ResetWorkflowExecutionRequest) []enumspb.ResetReapplyExcludeType {
	const (
		signals = enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL
		updates = enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE
	)
	not := slices.Clone(req.GetResetReapplyExcludeTypes())
	switch req.GetResetReapplyType() { //nolint:staticcheck // older clients use it
	case enumspb.RESET_REAPPLY_TYPE_SIGNAL:
		not = append(not, updates)
	case enumspb.RESET_REAPPLY_TYPE_NONE:
		not = append(not, signals, updates)
	default:
	}
	return not
}

// reapply lets signals and updates of the events come again, and those of the
// runs that have continued from there.
func (r *run) reapply(events []*historypb.HistoryEvent, not []enumspb.ResetReapplyExcludeType) {
	for len(events) > 0 {
		for _, e := range events {
			r.reapplyEvent(e, not)
		}
		last := events[len(events)-1].GetWorkflowExecutionContinuedAsNewEventAttributes()
		next := r.s.runs[last.GetNewExecutionRunId()]
		if next == nil {
			return
		}
		events = next.events
	}
}

func (r *run) reapplyEvent(e *historypb.HistoryEvent, not []enumspb.ResetReapplyExcludeType) {
	switch {
	case e.GetWorkflowExecutionSignaledEventAttributes() != nil:
		if slices.Contains(not, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL) {
			return
		}
		a := e.GetWorkflowExecutionSignaledEventAttributes()
		again := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
		again.Attributes = &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: a.GetSignalName(), Input: a.GetInput(), Identity: a.GetIdentity(),
				Header: a.GetHeader(), RequestId: a.GetRequestId(),
			},
		}
		again.Links = e.GetLinks()
		r.add(again)
		r.flush()
	case r.children[childOf(e)+e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId()] != nil:
		r.reapplyChild(e)
	case e.GetWorkflowExecutionOptionsUpdatedEventAttributes() != nil:
		a := e.GetWorkflowExecutionOptionsUpdatedEventAttributes()
		r.addOptionsUpdated(a.GetVersioningOverride(), a.GetIdentity())
		r.flush()
	case slices.Contains(not, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE):
	case e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest() != nil:
		r.readmit(&historypb.WorkflowExecutionUpdateAdmittedEventAttributes{
			Request: e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest(),
			Origin:  enumspb.UPDATE_ADMITTED_EVENT_ORIGIN_REAPPLY,
		})
	case e.GetWorkflowExecutionUpdateAdmittedEventAttributes() != nil:
		r.readmit(e.GetWorkflowExecutionUpdateAdmittedEventAttributes())
	}
}

// reapplyChild writes what has become of a child that the run knows.
func (r *run) reapplyChild(e *historypb.HistoryEvent) {
	c := r.children[childOf(e)]
	if c == nil && r.children[e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId()].started != 0 {
		return
	}
	again, _ := proto.Clone(e).(*historypb.HistoryEvent)
	again.EventTime = timestamppb.New(r.s.now())
	if c != nil {
		wireChild(again, map[int64]int64{c.initiated.GetEventId(): c.started})
	}
	r.add(again)
	r.flush()
	r.replayChild(r.events[len(r.events)-1])
}

// readmit admits an update once more, with an event.
func (r *run) readmit(a *historypb.WorkflowExecutionUpdateAdmittedEventAttributes) {
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionUpdateAdmittedEventAttributes{
		WorkflowExecutionUpdateAdmittedEventAttributes: a,
	}
	r.replayUpdate(r.add(e))
}

// goOn makes the run the latest of its workflow.
func (r *run) goOn(base *run) {
	base.resetTo = r.id
	r.namespace.current[r.workflowID], r.s.runs[r.id] = r, r
	for _, id := range slices.Sorted(maps.Keys(r.activities)) {
		r.after = append(r.after, func() { r.s.offerActivity(r, id, 0) })
	}
	r.ensureTask()
	r.commit()
}

// boundary refuses an event behind which others were written with it.
func (r *run) boundary(id int64) error {
	if slices.Contains(r.ends, id) {
		return nil
	}
	return invalid("StateRebuilder unable to Rebuild mutable state to event ID: %v, version: %v, "+
		"this event must be at the boundary", id, 0)
}
