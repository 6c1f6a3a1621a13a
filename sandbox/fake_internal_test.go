package sandbox

import (
	"context"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/sandbox/guest"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A program is a guest that runs natively, or answers as it is told.
type program struct {
	natively *guest.Program
	answer   func(request []byte) ([]byte, error) // nil for what natively answers
	hosts    []engine.Host
	open     int
}

func (p *program) start(_ context.Context, host engine.Host) (instance, error) {
	p.hosts = append(p.hosts, host)
	p.open++
	call := p.answer
	if serve := p.natively.Start(); call == nil {
		call = func(request []byte) ([]byte, error) { return serve(request), nil }
	}
	return &called{program: p, call: call}, nil
}

type called struct {
	program *program
	call    func(request []byte) ([]byte, error)
}

func (c *called) Call(_ context.Context, request []byte) ([]byte, error) { return c.call(request) }
func (c *called) Close()                                                 { c.program.open-- }

// programOf is a guest of these workflows.
func programOf(workflows ...any) *program {
	return &program{natively: guest.New(func(r *guest.Registry) {
		for _, w := range workflows {
			_ = r.RegisterWorkflow(w) // the registry keeps it
		}
	}, guest.Options{})}
}

// prepared returns a runner of the guest that knows all of its workflows.
func prepared(t *testing.T, p *program, o Options) *Runner {
	t.Helper()
	r, err := newRunner(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range r.Types() {
		if err := r.Prepare(runner.Definition{Type: name}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func begin(t *testing.T, r *Runner, workflowType string) runner.Instance {
	t.Helper()
	i, err := r.NewInstance(runner.Details{
		Namespace: "ns", WorkflowID: "id", RunID: "run of " + workflowType, WorkflowType: workflowType,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// first is the first task of a run.
func first(args ...any) *runner.Activation {
	var input *commonpb.Payloads
	if len(args) > 0 {
		input, _ = converter.GetDefaultDataConverter().ToPayloads(args...)
	}
	return &runner.Activation{
		Run: true, StartedID: 3, Time: epoch.Add(time.Second), HistoryLength: 3,
		Items: []runner.Item{{EventID: 1, Start: &runner.Start{
			Time: epoch, Attributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: input},
		}}},
	}
}

// activated does the first task of a run.
func activated(t *testing.T, r *Runner, workflowType string, args ...any) *runner.Completion {
	t.Helper()
	i := begin(t, r, workflowType)
	t.Cleanup(i.Close)
	return i.Activate(t.Context(), first(args...))
}

func result[T any](t *testing.T, c *runner.Completion) (v T) {
	t.Helper()
	if c.Failure != nil || len(c.Commands) == 0 {
		t.Fatalf("failed with %v after %v", c.Failure, c.Commands)
	}
	p := c.Commands[len(c.Commands)-1].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
