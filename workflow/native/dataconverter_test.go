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

// quoted is a codec that appends a mark, and cuts off what it appended.
type quoted struct{ mark string }

func (q quoted) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		out[i] = &commonpb.Payload{Metadata: p.GetMetadata(), Data: append(p.GetData(), q.mark...)}
	}
	return out, nil
}

func (q quoted) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		n := len(p.GetData()) - len(q.mark)
		if n < 0 || string(p.GetData()[n:]) != q.mark {
			return nil, fmt.Errorf("%s has no mark %s", p.GetData(), q.mark)
		}
		out[i] = &commonpb.Payload{Metadata: p.GetMetadata(), Data: p.GetData()[:n]}
	}
	return out, nil
}

func (q quoted) WithSerializationContext(about converter.SerializationContext) converter.PayloadCodec {
	switch a := about.(type) {
	case converter.ActivitySerializationContext:
		return quoted{q.mark + a.ActivityType}
	case converter.WorkflowSerializationContext:
		return quoted{q.mark + a.WorkflowID}
	}
	return q
}

func markedBy(mark string) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), quoted{mark})
}

func raw(data string) converter.RawValue {
	return converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
	})
}

func TestContextsHaveDataConvertersOfTheirOwn(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		own := workflow.WithDataConverter(ctx, markedBy("~"))
		if err := workflow.SetQueryHandler(own, "plus", func(n int) (int, error) { return n + 1, nil }); err != nil {
			return "", err
		}
		c := workflow.GetSignalChannel(own, "own")
		activity := workflow.ExecuteActivity(own, "A", 1)
		plain := workflow.ExecuteActivity(ctx, "B", 2)
		child := workflow.ExecuteChildWorkflow(workflow.WithWorkflowID(own, "c"), "Child", 3)
		var a, b, s int
		c.Receive(ctx, &s)
		workflow.GetSignalChannel(own, "early").Receive(ctx, &b) // was there before
		if err := activity.Get(ctx, &a); err != nil {
			return "", err
		}
		if err := plain.Get(ctx, nil); err != nil {
			return "", err
		}
		var n int
		err := child.Get(ctx, &n)
		return fmt.Sprint(a, s, b, n), err
	})
	l.Signal("early", 7)
	l.does("ScheduleActivity 6 A 1~A", "ScheduleActivity 7 B 2", "StartChildWorkflow c Child 3~c")
	if got := l.ask("plus", raw("4~")); string(got.Result.GetPayloads()[0].GetData()) != "5~" {
		t.Errorf("query answered %v", got)
	}
	l.Signal("own", raw("8~"))
	l.CompleteActivity("6", raw("9~A"))
	l.CompleteActivity("7")
	l.StartChild("c")
	l.CompleteChild("c", raw("10~c"))
	l.does(`CompleteWorkflow "9 8 7 10"`)
}

func TestNoDataConverterIsAMistake(t *testing.T) {
	failed := start(t, func(ctx workflow.Context) error {
		workflow.WithDataConverter(ctx, nil)
		return nil
	}).fails()
	checkFailure(t, failed, unhandled, "data converter is nil for WithDataConverter")
}

// panicking is a converter that panics.
type panicking struct{ converter.DataConverter }

func (panicking) FromPayloads(*commonpb.Payloads, ...any) error { panic("give up") }

// What goes wrong with arguments counts as the workflow's.
func TestConvertersThatPanicOnArguments(t *testing.T) {
	wf := func(workflow.Context, string) error { return nil }
	dc := panicking{converter.GetDefaultDataConverter()}
	l := startWith(t, native.Options{DataConverter: dc}, wf, "arg")
	checkFailure(t, l.fails(), unhandled, "give up")
	l = startWith(t, native.Options{
		DataConverter: dc, FailWorkflow: func(string, error) bool { return true },
	}, wf, "arg")
	l.does("FailWorkflow: give up")
}
