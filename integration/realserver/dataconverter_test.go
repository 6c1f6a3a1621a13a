package realserver_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	sdkconverter "go.temporal.io/sdk/converter"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// A stamp is a codec that notes in the metadata of payloads what it was bound to;
// everybody can read them.
type stamp struct{ note string }

func (s stamp) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		out[i] = &commonpb.Payload{Metadata: map[string][]byte{"stamp": []byte(s.note)}, Data: p.GetData()}
		maps.Copy(out[i].Metadata, p.GetMetadata())
	}
	return out, nil
}

func (s stamp) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return payloads, nil
}

type ourStamp struct{ stamp }

func (s ourStamp) WithSerializationContext(c converter.SerializationContext) converter.PayloadCodec {
	return ourStamp{stamp{s.note + fmt.Sprintf("%+v", c)}}
}

type sdkStamp struct{ stamp }

func (s sdkStamp) WithSerializationContext(c sdkconverter.SerializationContext) sdkconverter.PayloadCodec {
	return sdkStamp{stamp{s.note + fmt.Sprintf("%+v", c)}}
}

func ourStamps(note string) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), ourStamp{stamp{note}})
}

func sdkStamps(note string) sdkconverter.DataConverter {
	return sdkconverter.NewCodecDataConverter(sdkconverter.GetDefaultDataConverter(), sdkStamp{stamp{note}})
}

// stamped does with a context that has a data converter of its own all that
// encodes something.
func stamped(ctx workflow.Context, round int) (int, error) {
	if round == 9 { // the child
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	}
	if round > 1 {
		return round, nil
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second, Summary: "s"})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID + "-child", Memo: map[string]any{"m": 1},
	})
	own := workflow.WithDataConverter(ctx, ourStamps("own"))
	for _, ctx := range []workflow.Context{ctx, own} {
		var s string
		if err := workflow.ExecuteActivity(ctx, "Echo", "a").Get(ctx, &s); err != nil {
			return 0, err
		}
		if err := workflow.ExecuteLocalActivity(ctx, "Echo", "b").Get(ctx, &s); err != nil {
			return 0, err
		}
		var n int
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return 7 }).Get(&n); err != nil {
			return 0, err
		}
		workflow.MutableSideEffect(ctx, "id", func(workflow.Context) any { return 8 }, func(a, b any) bool { return a == b })
		if err := workflow.UpsertMemo(ctx, map[string]any{"k": "v"}); err != nil {
			return 0, err
		}
		if err := workflow.NewTimerWithOptions(ctx, time.Millisecond, workflow.TimerOptions{Summary: "t"}).Get(ctx, nil); err != nil {
			return 0, err
		}
		child := workflow.ExecuteChildWorkflow(ctx, "stamped", 9)
		if err := child.SignalChildWorkflow(ctx, "s", "x").Get(ctx, nil); err != nil {
			return 0, err
		}
		if err := child.Get(ctx, nil); err != nil {
			return 0, err
		}
	}
	return 0, workflow.NewContinueAsNewError(own, "stamped", 2)
}

// sdkStamped is stamped for the SDK.
func sdkStamped(ctx sdkworkflow.Context, round int) (int, error) {
	if round == 9 {
		sdkworkflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	}
	if round > 1 {
		return round, nil
	}
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second, Summary: "s"})
	ctx = sdkworkflow.WithLocalActivityOptions(ctx, sdkworkflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	ctx = sdkworkflow.WithChildOptions(ctx, sdkworkflow.ChildWorkflowOptions{
		WorkflowID: sdkworkflow.GetInfo(ctx).WorkflowExecution.ID + "-child", Memo: map[string]any{"m": 1},
	})
	own := sdkworkflow.WithDataConverter(ctx, sdkStamps("own"))
	for _, ctx := range []sdkworkflow.Context{ctx, own} {
		var s string
		if err := sdkworkflow.ExecuteActivity(ctx, "Echo", "a").Get(ctx, &s); err != nil {
			return 0, err
		}
		if err := sdkworkflow.ExecuteLocalActivity(ctx, "Echo", "b").Get(ctx, &s); err != nil {
			return 0, err
		}
		var n int
		if err := sdkworkflow.SideEffect(ctx, func(sdkworkflow.Context) any { return 7 }).Get(&n); err != nil {
			return 0, err
		}
		sdkworkflow.MutableSideEffect(ctx, "id", func(sdkworkflow.Context) any { return 8 }, func(a, b any) bool { return a == b })
		if err := sdkworkflow.UpsertMemo(ctx, map[string]any{"k": "v"}); err != nil {
			return 0, err
		}
		if err := sdkworkflow.NewTimerWithOptions(ctx, time.Millisecond, sdkworkflow.TimerOptions{Summary: "t"}).Get(ctx, nil); err != nil {
			return 0, err
		}
		child := sdkworkflow.ExecuteChildWorkflow(ctx, "stamped", 9)
		if err := child.SignalChildWorkflow(ctx, "s", "x").Get(ctx, nil); err != nil {
			return 0, err
		}
		if err := child.Get(ctx, nil); err != nil {
			return 0, err
		}
	}
	return 0, sdkworkflow.NewContinueAsNewError(own, "stamped", 2)
}

// stamps are the payloads of a run, event by event.
func stamps(t *testing.T, c client.Client, run client.WorkflowRun) (lines []string) {
	t.Helper()
	for _, e := range history(t, c, run).GetEvents() {
		var found []string
		err := proxy.VisitPayloads(t.Context(), e, proxy.VisitPayloadsOptions{
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				for _, p := range payloads {
					found = append(found, fmt.Sprintf("%s by %s", p.GetData(), p.GetMetadata()["stamp"]))
				}
				return payloads, nil
			},
			SkipSearchAttributes: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			continue // how workflow tasks fall between the others is chance
		}
		slices.Sort(found)
		lines = append(lines, fmt.Sprint(e.GetEventType(), found))
	}
	return lines
}

// TestDataConvertersEncodeTheSame runs stamped on both sides, whose workers have
// data converters that adapt to what they encode, and compares every payload of
// the histories.
func TestDataConvertersEncodeTheSame(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	runOn := func(queue string) []string {
		c := sdkClient(t)
		id := "stamped-" + queue
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "stamped", 1)
		if err != nil {
			t.Fatal(err)
		}
		first := run.GetRunID()
		if err := run.Get(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		lines := stamps(t, c, c.GetWorkflow(t.Context(), id, first))
		for i, line := range lines {
			line = innerStamp.ReplaceAllStringFunc(line, func(s string) string {
				note, err := base64.StdEncoding.DecodeString(innerStamp.FindStringSubmatch(s)[1])
				if err != nil {
					t.Error(err)
				}
				return string(note)
			})
			line = strings.ReplaceAll(line, queue, "Q")
			lines[i] = strings.ReplaceAll(replayTime.ReplaceAllString(line, ""), ", ", ",")
		}
		return lines
	}
	startWorker(t, dial(t), queue+"-ours", worker.Options{
		Workflows: []any{stamped}, Activities: []any{&echo{}}, DataConverter: ourStamps("worker"),
	})
	theirs, err := client.Dial(client.Options{
		HostPort: server.Address(), Logger: quiet(), DataConverter: sdkStamps("worker"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Close)
	w := sdkworker.New(theirs, queue+"-sdks", sdkworker.Options{DeadlockDetectionTimeout: patience})
	w.RegisterWorkflowWithOptions(sdkStamped, sdkworkflow.RegisterOptions{Name: "stamped"})
	w.RegisterActivity(&echo{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	got, want := runOn(queue+"-ours"), runOn(queue+"-sdks")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payloads (-SDK +ours):\n%s", diff)
	}
}

var (
	// replayTime is the time in the marker of a local activity.
	replayTime = regexp.MustCompile(`"ReplayTime":"[^"]*",?`)
	// innerStamp is that of a payload in the marker of a mutable side effect.
	innerStamp = regexp.MustCompile(`"stamp": *"([^"]*)"`)
)
