package native_test

import (
	"fmt"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
)

// stamping writes into payloads whose they are, and notes whom it decodes for.
type stamping struct {
	converter.DataConverter
	about string
	seen  *[]string
}

func (s stamping) WithSerializationContext(ctx converter.SerializationContext) converter.DataConverter {
	switch c := ctx.(type) {
	case converter.WorkflowSerializationContext:
		s.about = c.Namespace + " workflow " + c.WorkflowID
	case converter.ActivitySerializationContext:
		s.about = fmt.Sprintf("%s activity %s of %s %s on %s, local %t",
			c.Namespace, c.ActivityType, c.WorkflowType, c.WorkflowID, c.TaskQueue, c.IsLocal)
	}
	return s
}

func (s stamping) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	p, err := s.DataConverter.ToPayloads(values...)
	for _, each := range p.GetPayloads() {
		each.Metadata["of"] = []byte(s.about)
	}
	return p, err
}

func (s stamping) FromPayloads(p *commonpb.Payloads, to ...any) error {
	*s.seen = append(*s.seen, s.about)
	return s.DataConverter.FromPayloads(p, to...)
}

func TestConvertersKnowWhoseValuesTheyConvert(t *testing.T) {
	var seen []string
	l := startWith(t, native.Options{
		DataConverter: stamping{converter.GetDefaultDataConverter(), "nobody", &seen},
	}, func(ctx workflow.Context, _ string) (string, error) {
		var s string
		if err := workflow.ExecuteActivity(options(ctx), "a", 1).Get(ctx, &s); err != nil {
			return "", err
		}
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child", 2)
		workflow.SignalExternalWorkflow(workflow.WithWorkflowNamespace(ctx, "far"), "other", "", "s", 3)
		if err := child.Get(ctx, &s); err != nil {
			return "", err
		}
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &s)
		_ = workflow.Sleep(ctx, time.Second)
		return "", workflow.NewContinueAsNewError(ctx, "wf", "again")
	}, "arg")
	of := func(p *commonpb.Payloads) string { return string(p.GetPayloads()[0].GetMetadata()["of"]) }
	a := l.task()
	const about = "ns activity a of wf id on tasks, local false"
	if got := of(a.Commands[0].GetScheduleActivityTaskCommandAttributes().GetInput()); got != about {
		t.Errorf("the activity's input is for %q", got)
	}
	l.CompleteActivity("5", "x")
	a = l.task()
	if got := of(a.Commands[0].GetStartChildWorkflowExecutionCommandAttributes().GetInput()); got != "ns workflow c" {
		t.Errorf("the child's input is for %q", got)
	}
	if got := of(a.Commands[1].GetSignalExternalWorkflowExecutionCommandAttributes().GetInput()); got != "far workflow other" {
		t.Errorf("the signal is for %q", got)
	}
	l.StartChild("c")
	l.CompleteChild("c", "y")
	l.Signal("s", "z")
	timer := l.task().Commands[0].GetStartTimerCommandAttributes().GetTimerId()
	l.FireTimer(timer)
	a = l.task()
	if got := of(a.Commands[0].GetContinueAsNewWorkflowExecutionCommandAttributes().GetInput()); got != "ns workflow id" {
		t.Errorf("the new run's input is for %q", got)
	}
	want := fmt.Sprint([]string{"ns workflow id", about, "ns workflow c", "ns workflow id"})
	if got := fmt.Sprint(seen); got != want {
		t.Errorf("decoded for %s, want %s", got, want)
	}
}
