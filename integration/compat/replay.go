package compat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// ReplayOnSDK replays a history with the replayer of the SDK.
func ReplayOnSDK(h *historypb.History) error {
	r := sdkworker.NewWorkflowReplayer()
	for _, f := range sdkworkflows.Workflows() {
		r.RegisterWorkflow(f)
	}
	return r.ReplayWorkflowHistory(log.NewStructuredLogger(quiet()), h)
}

// A Replayer replays histories on ours.
type Replayer struct{ runner *native.Runner }

// NewReplayer returns a replayer that knows all workflows.
func NewReplayer() (*Replayer, error) {
	activities := activity.NewRegistry()
	for _, a := range workflows.Activities() {
		if err := activities.RegisterActivity(a); err != nil {
			return nil, err
		}
	}
	r := native.New(native.Options{Logger: slog.New(slog.DiscardHandler), ActivityName: activities.Name})
	known := new(workflow.Registry)
	for _, f := range workflows.Workflows() {
		if err := known.RegisterWorkflow(f); err != nil {
			return nil, err
		}
	}
	for _, def := range known.Definitions() {
		if err := r.Prepare(def); err != nil {
			return nil, err
		}
	}
	return &Replayer{r}, nil
}

// Replay replays a history from its beginning to its end.
func (r *Replayer) Replay(h *historypb.History) error {
	run, err := r.start(h)
	if err != nil {
		return err
	}
	defer run.close()
	tasks := tasksOf(h.GetEvents())
	if len(tasks) == 0 {
		return errors.New("no workflow task was completed")
	}
	_, err = run.do(machine.Task{PreviousStartedID: tasks[len(tasks)-1].started}, h.GetEvents())
	return err
}

// Cut takes a history apart at each of its workflow tasks: the run is rebuilt to
// there and has the task live, and all later ones as one that is kept in memory.
// Each time it must ask for what history has next.
func (r *Replayer) Cut(h *historypb.History) error {
	tasks := tasksOf(h.GetEvents())
	for first := range tasks {
		if err := r.cut(h.GetEvents(), tasks[first:]); err != nil {
			return fmt.Errorf("rebuilt at %d: %w", tasks[first].started, err)
		}
	}
	return nil
}

func (r *Replayer) cut(events []*historypb.HistoryEvent, tasks []task) error {
	run, err := r.start(&historypb.History{Events: events})
	if err != nil {
		return err
	}
	defer run.close()
	from := int64(0)
	for _, t := range tasks {
		a, err := run.do(machine.Task{
			PreviousStartedID: t.previous, StartedID: t.started, Messages: t.messages,
		}, events[from:t.started])
		if err != nil {
			return fmt.Errorf("task %d: %w", t.started, err)
		}
		if err := t.asked(a.Commands); err != nil {
			return fmt.Errorf("task %d: %w", t.started, err)
		}
		from = t.started
	}
	return nil
}

// A replayed is one run that is being replayed.
type replayed struct {
	machine  machine.Machine
	instance runner.Instance
}

func (r *Replayer) start(h *historypb.History) (*replayed, error) {
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	i, err := r.runner.NewInstance(runner.Details{
		Namespace: "default", WorkflowID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId(),
		WorkflowType: started.GetWorkflowType().GetName(),
	})
	if err != nil {
		return nil, err
	}
	return &replayed{instance: i}, nil
}

func (r *replayed) close() { r.instance.Close() }

// do takes the run through a task.
func (r *replayed) do(t machine.Task, events []*historypb.HistoryEvent) (machine.Answer, error) {
	r.machine.Begin(t)
	for {
		a, next, err := r.machine.Next()
		if err != nil {
			return machine.Answer{}, err
		}
		switch next {
		case machine.NeedHistory:
			if err := r.machine.Feed(events, true); err != nil {
				return machine.Answer{}, err
			}
		case machine.Activate:
			c := r.instance.Activate(context.Background(), a)
			if c.Failure != nil {
				return machine.Answer{}, fmt.Errorf("the task fails: %s", c.Failure.Failure.GetMessage())
			}
			if err := r.machine.Apply(c); err != nil {
				return machine.Answer{}, err
			}
		case machine.Done:
			return r.machine.Answer(), nil
		default:
			return machine.Answer{}, fmt.Errorf("the machine wants %v", next)
		}
	}
}
