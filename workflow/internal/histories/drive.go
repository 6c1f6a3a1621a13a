package histories

import (
	"context"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A TaskError is the failure that an instance answered an activation with.
type TaskError struct{ *runner.TaskFailure }

// Error implements error.
func (e *TaskError) Error() string { return e.Failure.GetMessage() }

// A Driver takes one run through its tasks. The zero value but Instance is ready.
type Driver struct {
	// Machine of the run.
	Machine machine.Machine
	// Instance of the run.
	Instance runner.Instance
	// Seen, if not nil, is shown every activation with its completion.
	Seen func(*runner.Activation, *runner.Completion)
	// Local says which local activity ends next, and how; nil ends the task with
	// a heartbeat, as without this function.
	Local func(*Locals) *runner.LocalResult

	locals Locals
}

// Sticky takes the run through the open task, of which it gets the events since
// the last one.
func (d *Driver) Sticky(h *History, edits ...func(*machine.Task)) (machine.Answer, error) {
	return d.Do(h.task(edits), h.Since(d.Machine.LastStarted()))
}

// Full takes a new run through the open task, of which it gets all events.
func (d *Driver) Full(h *History, edits ...func(*machine.Task)) (machine.Answer, error) {
	return d.Do(h.task(edits), h.Since(0))
}

func (h *History) task(edits []func(*machine.Task)) machine.Task {
	t := machine.Task{PreviousStartedID: h.Previous, StartedID: h.Started}
	for _, edit := range edits {
		edit(&t)
	}
	return t
}

// Do takes the run through a task whose history comes in pages.
func (d *Driver) Do(t machine.Task, pages ...[]*historypb.HistoryEvent) (machine.Answer, error) {
	d.Machine.Begin(t)
	for {
		a, next, err := d.Machine.Next()
		if err != nil {
			return machine.Answer{}, err
		}
		switch next {
		case machine.NeedHistory:
			var page []*historypb.HistoryEvent
			if len(pages) > 0 {
				page, pages = pages[0], pages[1:]
			}
			if err := d.Machine.Feed(page, len(pages) == 0); err != nil {
				return machine.Answer{}, err
			}
		case machine.Activate:
			c := d.Instance.Activate(context.Background(), a)
			if d.Seen != nil {
				d.Seen(a, c)
			}
			if c.Failure != nil {
				return machine.Answer{}, &TaskError{c.Failure}
			}
			if err := d.Machine.Apply(c); err != nil {
				return machine.Answer{}, err
			}
		case machine.AwaitLocal:
			d.awaitLocal()
		case machine.Done:
			return d.Machine.Answer(), nil
		}
	}
}

// Clone copies events, for tests that spoil them.
func Clone(events []*historypb.HistoryEvent) []*historypb.HistoryEvent {
	out := make([]*historypb.HistoryEvent, 0, len(events))
	for _, e := range events {
		out = append(out, proto.CloneOf(e))
	}
	return out
}
