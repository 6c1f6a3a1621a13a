package runnertest

import (
	"context"
	"fmt"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A rig has one runner and what was made of it.
type rig struct {
	ctx    context.Context //nolint:containedctx // that of the one clause
	can    Abilities
	mk     New
	runner runner.Runner
	made   []*probe
}

// prepare makes the runner and makes all workflows known to it.
func (r *rig) prepare() error {
	r.runner = r.mk()
	for _, def := range Workflows() {
		if !r.can.GoFunctions {
			def.Func = nil
		}
		if err := r.runner.Prepare(def); err != nil {
			return fmt.Errorf("workflow %s cannot be prepared: %w", def.Type, err)
		}
	}
	return nil
}

func (r *rig) closeAll() {
	for _, p := range r.made {
		p.instance.Close()
	}
}

// details of the runs that the suite makes.
func details(workflowType string) runner.Details {
	return runner.Details{Namespace: "ns", WorkflowID: "id", RunID: "run", WorkflowType: workflowType}
}

// epoch is when all runs start.
func epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// A probe drives one instance by hand.
type probe struct {
	rig      *rig
	instance runner.Instance
	started  int64
	now      time.Time
	// What activations of replayed tasks say.
	replaying bool
	flags     []uint32
	markers   []runner.Marker
	queries   []runner.Query
}

// run makes an instance; nothing has happened to it yet.
func (r *rig) run(workflowType string) (*probe, error) {
	i, err := r.runner.NewInstance(details(workflowType))
	if err != nil {
		return nil, fmt.Errorf("an instance of %s: %w", workflowType, err)
	}
	p := &probe{rig: r, instance: i, now: epoch()}
	r.made = append(r.made, p)
	return p, nil
}

// begin makes an instance and runs its first task.
func (r *rig) begin(workflowType string, args ...any) (*probe, *runner.Completion, error) {
	p, err := r.run(workflowType)
	if err != nil {
		return nil, nil, err
	}
	c, err := p.task(start(workflowType, args...))
	return p, c, err
}

// start is the item that starts a run.
func start(workflowType string, args ...any) runner.Item {
	return runner.Item{EventID: 1, Start: &runner.Start{
		Time: epoch(),
		Attributes: &historypb.WorkflowExecutionStartedEventAttributes{
			WorkflowType:           &commonpb.WorkflowType{Name: workflowType},
			TaskQueue:              &taskqueuepb.TaskQueue{Name: "queue"},
			Input:                  payloads(args...),
			Attempt:                1,
			OriginalExecutionRunId: "original",
			FirstExecutionRunId:    "first",
		},
	}}
}

// next is the activation of another task with these items. Tasks come ten
// events and a second after each other.
func (p *probe) next(items ...runner.Item) *runner.Activation {
	p.started += 10
	p.now = p.now.Add(time.Second)
	a := &runner.Activation{
		Run: true, StartedID: p.started, Time: p.now, HistoryLength: p.started,
		Replaying: p.replaying, Flags: p.flags, Markers: p.markers, Items: items, Queries: p.queries,
	}
	if p.replaying {
		a.SDK = runner.SDK{Name: "suite", Version: "1.0.0"}
		for i := range a.Items {
			a.Items[i].Replaying = true
		}
	}
	p.markers, p.queries = nil, nil
	return a
}

// task runs a task that has to succeed.
func (p *probe) task(items ...runner.Item) (*runner.Completion, error) {
	return p.activate(p.next(items...))
}

func (p *probe) activate(a *runner.Activation) (*runner.Completion, error) {
	c := p.instance.Activate(p.rig.ctx, a)
	switch {
	case c == nil:
		return nil, fmt.Errorf("the task of event %d has no completion", a.StartedID)
	case c.Failure != nil:
		return nil, fmt.Errorf("the task of event %d failed: %s", a.StartedID, c.Failure.Failure.GetMessage())
	}
	return c, nil
}

// fails runs a task that has to fail.
func (p *probe) fails(a *runner.Activation) error {
	c := p.instance.Activate(p.rig.ctx, a)
	switch {
	case c == nil:
		return fmt.Errorf("the task of event %d has no completion", a.StartedID)
	case c.Failure == nil:
		return fmt.Errorf("the task of event %d did not fail, and made %s", a.StartedID, words(c.Commands))
	case c.Failure.Cause == enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED:
		return fmt.Errorf("the failure of a task has no cause")
	case c.Failure.Failure.GetMessage() == "":
		return fmt.Errorf("the failure of a task says nothing")
	}
	return nil
}

// signal is the item of a signal with a value.
func signal(name string, value any) runner.Item {
	return runner.Item{EventID: 7, Signal: &runner.Signal{Name: name, Input: payloads(value)}}
}

// resolve is the item of an activity that has ended.
func resolve(id string, result any) runner.Item {
	return runner.Item{EventID: 7, Resolve: &runner.Resolve{Kind: runner.Activity, ID: id, Result: payloads(result)}}
}

// update is the item of an update request of Sum.
func update(id string, n int) runner.Item {
	return runner.Item{Update: &runner.Update{
		Instance: id, MessageID: id + "/request", SequencingID: 9,
		Request: &updatepb.Request{
			Meta:  &updatepb.Meta{UpdateId: id},
			Input: &updatepb.Input{Name: "add", Args: payloads(n), Header: &commonpb.Header{}},
		},
	}}
}

// payloads encodes values as every SDK does; no values are no payloads.
func payloads(values ...any) *commonpb.Payloads {
	if len(values) == 0 {
		return nil
	}
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		panic(err) //nolint:forbidigo // the suite's own values
	}
	return p
}

// decoded reads one value; what cannot be read is not the value wanted.
func decoded[T any](p *commonpb.Payloads) (v T) {
	_ = converter.GetDefaultDataConverter().FromPayloads(p, &v)
	return v
}

// returned reads what a run has returned with its last command, if it has.
func returned[T any](c *runner.Completion) (v T) {
	if len(c.Commands) == 0 {
		return v
	}
	return decoded[T](c.Commands[len(c.Commands)-1].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
}

// words says what commands are, in short.
func words(commands []*commandpb.Command) string {
	var all []string
	for _, c := range commands {
		text := c.GetCommandType().String()
		switch {
		case c.GetScheduleActivityTaskCommandAttributes() != nil:
			a := c.GetScheduleActivityTaskCommandAttributes()
			text += " " + a.GetActivityId() + " " + a.GetActivityType().GetName()
		case c.GetStartTimerCommandAttributes() != nil:
			text += " " + c.GetStartTimerCommandAttributes().GetTimerId()
		case c.GetCancelTimerCommandAttributes() != nil:
			text += " " + c.GetCancelTimerCommandAttributes().GetTimerId()
		case c.GetProtocolMessageCommandAttributes() != nil:
			text += " " + c.GetProtocolMessageCommandAttributes().GetMessageId()
		case c.GetRecordMarkerCommandAttributes() != nil:
			text += " " + c.GetRecordMarkerCommandAttributes().GetMarkerName()
		case c.GetStartChildWorkflowExecutionCommandAttributes() != nil:
			text += " " + c.GetStartChildWorkflowExecutionCommandAttributes().GetWorkflowId()
		}
		all = append(all, text)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// made checks the commands of a completion.
func made(c *runner.Completion, want ...string) error {
	if got, want := words(c.Commands), "["+strings.Join(want, ", ")+"]"; got != want {
		return fmt.Errorf("the commands are %s, want %s", got, want)
	}
	return nil
}
