package contestant

import (
	"context"
	"fmt"
	"os"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/integration/bench/idle"
	"github.com/mainspring-go/mainspring/sandbox"
	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// box is the guest that has the workflows, if they run in a sandbox.
type box struct{ module *engine.Module }

// open compiles the guest in a file, and returns a runner of its workflows.
func (b *box) open(ctx context.Context, file string) (runner.Runner, error) {
	guest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// A machine that others use too may take long for a task; that is no loop.
	if b.module, err = engine.Compile(ctx, guest, engine.Options{MaxCallTime: time.Minute}); err != nil {
		return nil, err
	}
	return sandbox.New(ctx, b.module, sandbox.Options{})
}

func (b *box) close(ctx context.Context) error {
	if b.module == nil {
		return nil
	}
	return b.module.Close(ctx)
}

// runner is one like the worker's.
func (b *box) runner(ctx context.Context) (r runner.Runner, err error) {
	r = native.New(native.Options{ActivityName: activity.NewRegistry().Name})
	if b.module != nil {
		r, err = sandbox.New(ctx, b.module, sandbox.Options{})
	}
	if err == nil {
		err = r.Prepare(runner.Definition{Type: frontend.OneActivity, Func: oneActivity})
	}
	return r, err
}

// Lives are what it takes to have runs of workflows at a runner, without a worker.
type Lives struct {
	// Start is how long one takes that starts, does its first task and is dropped.
	Start time.Duration `json:"start"`
	// Idle is how many bytes of memory one takes that waits for an activity, as the system sees it.
	Idle float64 `json:"idle"`
}

// How many runs are started one after the other, and at once.
const (
	startedRuns = 100
	idleRuns    = 300
)

func (b *box) lives(ctx context.Context) (l Lives, err error) {
	r, err := b.runner(ctx)
	if err != nil {
		return l, err
	}
	if err := startAndDrop(ctx, r); err != nil { // what is made once
		return l, err
	}
	began := time.Now()
	for range startedRuns {
		if err := startAndDrop(ctx, r); err != nil {
			return l, err
		}
	}
	l.Start = time.Since(began) / startedRuns
	before := idle.Read().Resident
	runs := make([]runner.Instance, idleRuns)
	for i := range runs {
		if runs[i], err = firstTask(ctx, r); err != nil {
			return l, err
		}
		defer runs[i].Close()
	}
	l.Idle = (idle.Read().Resident - before) / idleRuns
	return l, nil
}

func startAndDrop(ctx context.Context, r runner.Runner) error {
	i, err := firstTask(ctx, r)
	if err == nil {
		i.Close()
	}
	return err
}

// firstTask starts a run and has it do its first task, after which it waits for an activity.
func firstTask(ctx context.Context, r runner.Runner) (runner.Instance, error) {
	input, err := converter.GetDefaultDataConverter().ToPayloads(frontend.Text)
	if err != nil {
		return nil, err
	}
	i, err := r.NewInstance(runner.Details{
		Namespace: frontend.Namespace, WorkflowID: "id", RunID: "run", WorkflowType: frontend.OneActivity,
	})
	if err != nil {
		return nil, err
	}
	c := i.Activate(ctx, &runner.Activation{
		Run: true, StartedID: 3, Time: time.Unix(1, 0), HistoryLength: 3,
		Items: []runner.Item{{EventID: 1, Start: &runner.Start{
			Time: time.Unix(1, 0), Attributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: input},
		}}},
	})
	if c.Failure != nil || len(c.Commands) != 1 {
		i.Close()
		return nil, fmt.Errorf("contestant: a first task had %d commands, failure %v", len(c.Commands), c.Failure)
	}
	return i, nil
}
