package service

import (
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

const startChildCommand = "StartChildWorkflowExecutionCommand"

// normalizeChild validates the command and fills in what it leaves open, as the
// server does before it writes the event.
func normalizeChild(
	a *commandpb.StartChildWorkflowExecutionCommandAttributes, parent *run, n *namespace, cross error,
) error {
	if a == nil {
		return invalid(startChildCommand + "Attributes is not set on " + startChildCommand + ".")
	}
	if cross != nil {
		return cross
	}
	if err := checkChild(a, n.name); err != nil {
		return err
	}
	about := "WorkflowId=" + a.GetWorkflowId() + " WorkflowType=" + a.GetWorkflowType().GetName() + " Namespace=" + n.name
	if a.RetryPolicy != nil {
		if err := normalizeRetry(a.RetryPolicy); err != nil {
			return invalid("invalid WorkflowRetryPolicy on %s: %v. %s", startChildCommand, err, about)
		}
	}
	if err := checkCron(a.GetCronSchedule(), parent.s.now()); err != nil {
		return invalid("invalid CronSchedule on %s: %v. %s", startChildCommand, err, about)
	}
	if err := checkPriority(a.GetPriority()); err != nil {
		return err
	}
	if a.TaskQueue == nil {
		a.TaskQueue = &taskqueuepb.TaskQueue{Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
	}
	if a.TaskQueue.GetName() == "" {
		a.TaskQueue.Name = parent.started.GetTaskQueue().GetName()
	}
	if err := checkQueue(a.TaskQueue); err != nil {
		return invalid("invalid TaskQueue on %s: %v. %s TaskQueue=%s", startChildCommand, err, about, a.TaskQueue)
	}
	//nolint:staticcheck // older workers use it
	if a.GetInheritBuildId() && a.GetTaskQueue().GetName() != parent.started.GetTaskQueue().GetName() {
		return invalid("StartChildWorkflowExecution with UseCompatibleVersion cannot run on different task queue.")
	}
	run := runTimeout(a.GetWorkflowRunTimeout().AsDuration(), a.GetWorkflowExecutionTimeout().AsDuration())
	a.WorkflowRunTimeout = durationpb.New(run)
	a.WorkflowTaskTimeout = durationpb.New(taskTimeout(a.GetWorkflowTaskTimeout().AsDuration(), run))
	if a.GetParentClosePolicy() == enumspb.PARENT_CLOSE_POLICY_UNSPECIFIED {
		a.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_TERMINATE
	}
	if a.GetWorkflowIdReusePolicy() == enumspb.WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED {
		a.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	return nil
}

// checkChild validates who the child is and how long it may take.
func checkChild(a *commandpb.StartChildWorkflowExecutionCommandAttributes, space string) error {
	id, kind := a.GetWorkflowId(), a.GetWorkflowType().GetName()
	switch {
	case id == "":
		return invalid("Required field WorkflowId is not set on %s. WorkflowType=%s Namespace=%s",
			startChildCommand, kind, space)
	case kind == "":
		return invalid("Required field WorkflowType is not set on %s. WorkflowId=%s Namespace=%s",
			startChildCommand, id, space)
	case len(id) > maxID:
		return invalid("WorkflowId on %s exceeds length limit. WorkflowId=%s Length=%d Limit=%d WorkflowType=%s Namespace=%s",
			startChildCommand, id, len(id), maxID, kind, space)
	case len(kind) > maxID:
		return invalid("WorkflowType on %s exceeds length limit. WorkflowId=%s WorkflowType=%s Length=%d Limit=%d Namespace=%s",
			startChildCommand, id, kind, len(kind), maxID, space)
	}
	for _, d := range []struct {
		name  string
		value *durationpb.Duration
	}{
		{"WorkflowExecutionTimeout", a.GetWorkflowExecutionTimeout()},
		{"WorkflowRunTimeout", a.GetWorkflowRunTimeout()},
		{"WorkflowTaskTimeout", a.GetWorkflowTaskTimeout()},
	} {
		if d.value.AsDuration() < 0 {
			return invalid("Invalid %s on %s: %v. WorkflowId=%s WorkflowType=%s Namespace=%s",
				d.name, startChildCommand, errNegative, id, kind, space)
		}
	}
	return nil
}
