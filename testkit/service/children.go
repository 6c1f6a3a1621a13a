package service

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// child is a workflow that a run has started or is about to start, and of whose
// end it does not know yet.
type child struct {
	initiated *historypb.HistoryEvent
	first     string // its first run; empty until it has started
	started   int64  // the event of its start; zero until that is written
}

func (c *child) attributes() *historypb.StartChildWorkflowExecutionInitiatedEventAttributes {
	return c.initiated.GetStartChildWorkflowExecutionInitiatedEventAttributes()
}

func (c *completion) startChild(
	a *commandpb.StartChildWorkflowExecutionCommandAttributes,
) (*historypb.HistoryEvent, error) {
	n, cross, err := c.target(a.GetNamespace()) //nolint:staticcheck // workers still send it
	if err != nil {
		return nil, err
	}
	err = firstUnimplemented("StartChildWorkflowExecutionCommand", []use{
		{"a versioning override of one time", a.GetVersioningOverride().GetOneTime().GetTargetDeploymentVersion() != nil},
	})
	if err != nil {
		return nil, err
	}
	types, err := c.r.s.attributeTypes(n, a.GetSearchAttributes())
	if err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, err), nil
	}
	if err := normalizeChild(a, c.r, n, cross); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES, err), nil
	}
	override, err := readOverride(startChildCommand, a.GetVersioningOverride())
	if err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES, err), nil
	}
	if err := setTypes(a.GetSearchAttributes(), types); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, invalid(
			"invalid SearchAttributes on StartChildWorkflowCommand: %v. WorkflowId=%s WorkflowType=%s Namespace=%s",
			err, a.GetWorkflowId(), a.GetWorkflowType().GetName(), n.name)), nil
	}
	a.Memo, a.SearchAttributes = given(a.GetMemo()), givenAttributes(a.GetSearchAttributes())
	e := c.r.newEvent(enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED)
	e.Attributes = &historypb.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes{
		StartChildWorkflowExecutionInitiatedEventAttributes: &historypb.StartChildWorkflowExecutionInitiatedEventAttributes{
			WorkflowTaskCompletedEventId: c.completed.GetEventId(),
			Namespace:                    n.name, NamespaceId: n.id,
			WorkflowId: a.GetWorkflowId(), WorkflowType: a.GetWorkflowType(), TaskQueue: a.GetTaskQueue(),
			Input: a.GetInput(), Header: a.GetHeader(), Memo: a.GetMemo(), SearchAttributes: a.GetSearchAttributes(),
			WorkflowExecutionTimeout: a.GetWorkflowExecutionTimeout(),
			WorkflowRunTimeout:       a.GetWorkflowRunTimeout(), WorkflowTaskTimeout: a.GetWorkflowTaskTimeout(),
			ParentClosePolicy: a.GetParentClosePolicy(), WorkflowIdReusePolicy: a.GetWorkflowIdReusePolicy(),
			RetryPolicy: a.GetRetryPolicy(), CronSchedule: a.GetCronSchedule(), Priority: a.GetPriority(),
			VersioningOverride: override,
			Control:            a.GetControl(),        //nolint:staticcheck // older workers use it
			InheritBuildId:     a.GetInheritBuildId(), //nolint:staticcheck // older workers use it
		},
	}
	r := c.r
	r.add(e)
	id := e.GetEventId()
	r.children[id] = &child{initiated: e}
	if c.children == nil {
		c.children = make(map[string]bool)
	}
	c.children[a.GetWorkflowId()] = true
	r.after = append(r.after, func() { r.beginChild(id) })
	return e, nil
}

// beginChild starts the child that the event has initiated, and writes what came
// of it. A run that has closed starts no child any more.
func (r *run) beginChild(initiated int64) {
	c := r.children[initiated]
	if c == nil || !r.running() {
		return
	}
	a := c.attributes()
	other, err := r.startOther(c)
	if err != nil {
		cause := notStarted(err)
		if cause == enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_UNSPECIFIED {
			return // the server tries again and again
		}
		delete(r.children, initiated)
		e := r.newEvent(enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED)
		e.Attributes = &historypb.HistoryEvent_StartChildWorkflowExecutionFailedEventAttributes{
			StartChildWorkflowExecutionFailedEventAttributes: &historypb.StartChildWorkflowExecutionFailedEventAttributes{
				InitiatedEventId: initiated, Namespace: a.GetNamespace(), NamespaceId: a.GetNamespaceId(),
				WorkflowId: a.GetWorkflowId(), WorkflowType: a.GetWorkflowType(),
				Control: a.GetControl(), //nolint:staticcheck // older workers use it
				Cause:   cause,
			},
		}
		r.hear(e)
		return
	}
	c.first = other.id
	e := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED)
	e.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
		ChildWorkflowExecutionStartedEventAttributes: &historypb.ChildWorkflowExecutionStartedEventAttributes{
			InitiatedEventId: initiated, Namespace: a.GetNamespace(), NamespaceId: a.GetNamespaceId(),
			WorkflowExecution: other.execution(), WorkflowType: a.GetWorkflowType(), Header: a.GetHeader(),
		},
	}
	r.hear(e)
	other.scheduleFirst()
	other.commit()
}

// notStarted is why the child has not started for good.
func notStarted(err error) enumspb.StartChildWorkflowExecutionFailedCause {
	if _, exists := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); exists {
		return enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS
	}
	if _, unknown := errors.AsType[*serviceerror.FailedPrecondition](err); unknown {
		return enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_INVALID_VERSIONING_OVERRIDE
	}
	return enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_UNSPECIFIED
}

// startOther starts the child, without its first workflow task: that is for when
// the run has written that the child has started.
func (r *run) startOther(c *child) (*run, error) {
	a := c.attributes()
	if err := r.namespace.checkPinned(a.GetVersioningOverride(), a.GetTaskQueue().GetName()); err != nil {
		return nil, err
	}
	req := &workflowservice.StartWorkflowExecutionRequest{
		WorkflowId: a.GetWorkflowId(), WorkflowType: a.GetWorkflowType(), TaskQueue: a.GetTaskQueue(),
		Input: a.GetInput(), Header: a.GetHeader(), Memo: a.GetMemo(), SearchAttributes: a.GetSearchAttributes(),
		WorkflowExecutionTimeout: a.GetWorkflowExecutionTimeout(),
		WorkflowRunTimeout:       a.GetWorkflowRunTimeout(), WorkflowTaskTimeout: a.GetWorkflowTaskTimeout(),
		RequestId:   fmt.Sprintf("%s:%d:0", r.id, c.initiated.GetEventId()),
		RetryPolicy: a.GetRetryPolicy(), CronSchedule: a.GetCronSchedule(),
		UserMetadata: c.initiated.GetUserMetadata(),
		Priority:     inherit(r.priority(), a.GetPriority()),
	}
	p := requested(req, r.s.now())
	p.id, p.held = r.s.newID(), true
	p.attributes.ParentWorkflowNamespace, p.attributes.ParentWorkflowNamespaceId = r.namespace.name, r.namespace.id
	p.attributes.ParentWorkflowExecution = r.execution()
	p.attributes.ParentInitiatedEventId = c.initiated.GetEventId()
	p.attributes.RootWorkflowExecution = r.root()
	p.attributes.VersioningOverride = a.GetVersioningOverride()
	if p.attributes.VersioningOverride == nil {
		r.inheritVersion(p.attributes, initialUnspecified)
	}
	if existing := r.namespace.current[a.GetWorkflowId()]; existing != nil {
		if err := existing.makeRoom(a.GetWorkflowIdReusePolicy(), p.id); err != nil {
			return nil, err
		}
	}
	return r.s.begin(r.namespace, p), nil
}

// makeRoom says why a child of the run's workflow id may not start. It ends the run
// if that is what the policy asks for.
func (r *run) makeRoom(policy enumspb.WorkflowIdReusePolicy, successor string) error {
	//nolint:staticcheck // older workers use it
	replaces := policy == enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING
	switch {
	case replaces:
		r.giveWay(successor)
		return nil
	case r.running():
		return errAlreadyStarted("Workflow execution is already running. WorkflowId: %v, RunId: %v.", r)
	default:
		return r.reusable(policy)
	}
}

// root is the run at the top of the parents; itself if it has none.
func (r *run) root() *commonpb.WorkflowExecution {
	if root := r.started.GetRootWorkflowExecution(); root != nil {
		return root
	}
	return r.execution()
}

// part tells the parent that the run has ended, unless another run follows, and
// does to its children what they were started with.
func (r *run) part(last *historypb.HistoryEvent) {
	if last.GetWorkflowExecutionTerminatedEventAttributes().GetIdentity() == resetterIdentity {
		return // another run goes on with the family
	}
	parent := r.s.runs[r.started.GetParentWorkflowExecution().GetRunId()]
	for parent != nil && !parent.running() && parent.resetTo != "" {
		parent = r.s.runs[parent.resetTo]
	}
	if parent != nil && parent.running() && successor(last) == "" {
		parent.childEnded(r, last)
	}
	for _, id := range slices.Sorted(maps.Keys(r.children)) {
		r.leave(r.children[id])
	}
}

// leave does to a child what its policy says, now that the run has closed.
func (r *run) leave(c *child) {
	other := r.namespace.current[c.attributes().GetWorkflowId()]
	if other == nil || !other.running() || other.inChain(c.first) != nil || !other.isChildOf(r.execution()) {
		return
	}
	switch c.attributes().GetParentClosePolicy() {
	case enumspb.PARENT_CLOSE_POLICY_TERMINATE:
		other.terminate("by parent close policy", nil, historyIdentity)
		other.commit()
	case enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL:
		// It can fail only as above.
		_ = other.requestCancel(&historypb.WorkflowExecutionCancelRequestedEventAttributes{
			Identity: historyIdentity, ExternalWorkflowExecution: r.execution(),
		}, nil, c.first, true)
	default:
	}
}

// successor is the run that follows one that ended with the event; empty if none
// does.
func successor(last *historypb.HistoryEvent) string {
	for _, id := range []string{
		last.GetWorkflowExecutionCompletedEventAttributes().GetNewExecutionRunId(),
		last.GetWorkflowExecutionFailedEventAttributes().GetNewExecutionRunId(),
		last.GetWorkflowExecutionTimedOutEventAttributes().GetNewExecutionRunId(),
		last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId(),
	} {
		if id != "" {
			return id
		}
	}
	return ""
}

// childEnded writes that a child has ended with the event.
func (r *run) childEnded(other *run, last *historypb.HistoryEvent) {
	initiated := other.started.GetParentInitiatedEventId()
	c := r.children[initiated]
	if c == nil || c.first != other.started.GetFirstExecutionRunId() {
		return
	}
	delete(r.children, initiated)
	r.hear(r.childEnd(c, other.execution(), last))
}
