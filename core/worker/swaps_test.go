package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A slowRunner completes any workflow at once, but takes its time for Greet.
type slowRunner struct {
	takes    time.Duration
	prepared atomic.Int32
	runs     atomic.Int32
}

func newSlowRunner(takes time.Duration) *slowRunner { return &slowRunner{takes: takes} }

func (r *slowRunner) Prepare(runner.Definition) error {
	r.prepared.Add(1)
	return nil
}

func (r *slowRunner) NewInstance(d runner.Details) (runner.Instance, error) {
	if d.WorkflowType == "Greet" {
		return slowInstance{r, r.takes}, nil
	}
	return slowInstance{r, 0}, nil
}

type slowInstance struct {
	*slowRunner
	needs time.Duration
}

func (i slowInstance) Activate(context.Context, *runner.Activation) *runner.Completion {
	i.runs.Add(1)
	time.Sleep(i.needs)
	return &runner.Completion{
		Closed: true,
		Commands: []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
				CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{},
			},
		}},
	}
}

func (i slowInstance) Close() {}

// A counting executor runs activities in place, at most so many at a time.
type counting struct {
	activity.InPlace
	capacity int
	calls    atomic.Int32
}

func (c *counting) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	c.calls.Add(1)
	return c.InPlace.Execute(ctx, call)
}

func (c *counting) Capacity() int { return c.capacity }

// A marking converter leaves its mark on what it encodes.
type marking struct{ converter.DataConverter }

func (m marking) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	encoded, err := m.DataConverter.ToPayloads(values...)
	for _, p := range encoded.GetPayloads() {
		p.Metadata["mark"] = []byte("ours")
	}
	return encoded, err
}

func marked(t *testing.T, p *commonpb.Payloads) {
	t.Helper()
	if len(p.GetPayloads()) != 1 || string(p.GetPayloads()[0].GetMetadata()["mark"]) != "ours" {
		t.Errorf("payloads %v", p)
	}
}

// A signing converter puts its name under failures.
type signing struct{ converter.FailureConverter }

func (s signing) ErrorToFailure(err error) *failurepb.Failure {
	f := s.FailureConverter.ErrorToFailure(err)
	f.Source = "ours"
	return f
}

func signed(t *testing.T, f *failurepb.Failure) {
	t.Helper()
	if f.GetSource() != "ours" {
		t.Errorf("failure %v", f)
	}
}
