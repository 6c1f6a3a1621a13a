package replay

import (
	"context"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A failedTaskError is the error that workflow code failed its task with.
type failedTaskError struct{ *runner.TaskFailure }

func (e *failedTaskError) Error() string { return e.Failure.GetMessage() }

// A drive takes one instance through a history.
type drive struct {
	machine  machine.Machine
	instance runner.Instance
	last     int64 // the WorkflowTaskStarted of the last task that was completed

	started int64 // the WorkflowTaskStarted of the task at hand
	tasks   int   // begun
	closed  bool
	// completed and result are what GetWorkflowResult is about.
	completed bool
	result    *commonpb.Payloads
}

// run replays all tasks that history completed.
func (d *drive) run(ctx context.Context, events []*historypb.HistoryEvent) error {
	d.last = lastCompleted(events)
	d.machine.Begin(machine.Task{PreviousStartedID: d.last})
	if err := d.machine.Feed(events, true); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		a, next, err := d.machine.Next()
		switch {
		case err != nil:
			return err
		case next == machine.Done:
			return nil
		case next != machine.Activate:
			return errors.New("history ends where the machines need more of it")
		case a.Local == nil && (a.StartedID == 0 || a.StartedID > d.last):
			return nil // nothing says what came of it
		}
		if err := d.activate(ctx, a); err != nil {
			return err
		}
	}
}

func (d *drive) activate(ctx context.Context, a *runner.Activation) error {
	if a.Local == nil {
		d.started = a.StartedID
		d.tasks++
	}
	c := d.instance.Activate(ctx, a)
	if c.Failure != nil {
		return &failedTaskError{c.Failure}
	}
	if err := d.machine.Apply(c); err != nil {
		return err
	}
	if c.Closed {
		d.closed = true
		if n := len(c.Commands); n > 0 {
			attr := c.Commands[n-1].GetCompleteWorkflowExecutionCommandAttributes()
			d.completed, d.result = attr != nil, attr.GetResult()
		}
	}
	return nil
}

// lastCompleted is the WorkflowTaskStarted event of the last completed task.
func lastCompleted(events []*historypb.HistoryEvent) (completed int64) {
	var started int64
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
			started = e.GetEventId()
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			completed = started
		default:
		}
	}
	return completed
}

// check refuses what is no history of a run.
func check(h *historypb.History) error {
	events := h.GetEvents()
	switch {
	case len(events) == 0:
		return &machine.HistoryError{Reason: "empty events"}
	case len(events) < 3:
		return &machine.HistoryError{Reason: "at least 3 events expected in the history"}
	case events[0].GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		return &machine.HistoryError{Reason: fmt.Sprintf(
			"first event is not WorkflowExecutionStarted but %s", events[0].GetEventType())}
	case events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName() == "":
		return &machine.HistoryError{Reason: "corrupted WorkflowExecutionStarted: it has no workflow type"}
	}
	return nil
}
