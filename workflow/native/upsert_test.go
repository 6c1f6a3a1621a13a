package native_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

var (
	number  = temporal.NewSearchAttributeKeyInt64("Number")
	keyword = temporal.NewSearchAttributeKeyKeyword("Word")
)

func TestSearchAttributesAreUpserted(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		must(workflow.UpsertTypedSearchAttributes(ctx, number.ValueSet(1), keyword.ValueSet("a")))
		must(workflow.UpsertTypedSearchAttributes(ctx, number.ValueSet(2), keyword.ValueUnset()))
		sa := workflow.GetTypedSearchAttributes(ctx)
		n, _ := sa.GetInt64(number)
		_ = workflow.Sleep(ctx, time.Second)
		return fmt.Sprint(n, sa.ContainsKey(keyword), workflow.GetTypedSearchAttributes(ctx).Size()), nil
	})
	a := l.does("UpsertWorkflowSearchAttributes Number=1 Word=\"a\"",
		"UpsertWorkflowSearchAttributes Number=2 Word=nil", "StartTimer 7 1s")
	fields := a.Commands[1].GetUpsertWorkflowSearchAttributesCommandAttributes().
		GetSearchAttributes().GetIndexedFields()
	want := map[string]*commonpb.Payload{
		"Number": {
			Metadata: map[string][]byte{"encoding": []byte("json/plain"), "type": []byte("Int")},
			Data:     []byte("2"),
		},
		"Word": {Metadata: map[string][]byte{"encoding": []byte("binary/null")}},
	}
	if diff := cmp.Diff(want, fields, protocmp.Transform()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	l.FireTimer("7")
	l.does(`CompleteWorkflow "2 false 1"`)
}

func TestUpsertsThatAreRefused(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		reserved := temporal.NewSearchAttributeKeyKeywordList("TemporalChangeVersion")
		return errors.Join(
			workflow.UpsertTypedSearchAttributes(ctx),
			workflow.UpsertTypedSearchAttributes(ctx, number.ValueSet(1), reserved.ValueSet([]string{"x"})),
			workflow.UpsertTypedSearchAttributes(ctx, reserved.ValueUnset()),
			workflow.UpsertMemo(ctx, nil),
			workflow.UpsertMemo(ctx, map[string]any{"a": 1, "b": make(chan int)}),
		).Error(), nil
	})
	a := l.task()
	got := decode[string](t, a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
	want := `search attributes is empty
TemporalChangeVersion is a reserved key that cannot be set, please use other key
TemporalChangeVersion is a reserved key that cannot be set, please use other key
memo is empty
encode workflow memo error: `
	if !strings.HasPrefix(got, want) || len(a.Commands) != 1 {
		t.Errorf("got %q and %d commands, want %q and one", got, len(a.Commands), want)
	}
	if fmt.Sprint(a.Flags) != "[3 7]" { // it is in force from the first try, as in the official SDK
		t.Errorf("got flags %v, want 3 and 7", a.Flags)
	}
}

// startedWith is a history of a run that was started with a memo and attributes.
func startedWith(l *live) *commonpb.Memo {
	attr := l.Events[0].GetWorkflowExecutionStartedEventAttributes()
	attr.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{
		"kept": histories.Payloads(1).GetPayloads()[0], "gone": histories.Payloads(2).GetPayloads()[0],
	}}
	sa, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(number.ValueSet(7)))
	must(err)
	attr.SearchAttributes = sa
	return attr.GetMemo()
}

func TestMemoIsUpserted(t *testing.T) {
	memo := func(ctx workflow.Context) string {
		m := workflow.GetInfo(ctx).Memo
		out := ""
		for _, name := range workflow.DeterministicKeys(m.GetFields()) {
			out += name + "=" + string(m.GetFields()[name].GetData()) + " "
		}
		return out
	}
	l := start(t, func(ctx workflow.Context) (string, error) {
		info := workflow.GetInfo(ctx)
		before := info.Memo
		out := memo(ctx) + "| "
		must(workflow.UpsertMemo(ctx, map[string]any{"new": "x", "gone": nil}))
		if info.Memo == before || len(before.GetFields()) != 2 {
			return "", errors.New("what was handed out has changed")
		}
		out += memo(ctx) + "| "
		_ = workflow.Sleep(ctx, time.Second)
		n, _ := workflow.GetTypedSearchAttributes(ctx).GetInt64(number)
		return out + memo(ctx) + fmt.Sprint("| ", n), nil
	})
	first := startedWith(l)
	a := l.does("ModifyWorkflowProperties gone=nil new=\"x\"", "StartTimer 6 1s")
	if fmt.Sprint(a.Flags) != "[3 7]" {
		t.Errorf("got flags %v, want 3 and 7", a.Flags)
	}
	l.FireTimer("6")
	l.does(`CompleteWorkflow "gone=2 kept=1 | kept=1 new=\"x\" | kept=1 new=\"x\" | 7"`)
	if len(first.GetFields()) != 2 {
		t.Errorf("the event that the run began with has changed: %v", first)
	}
}

// marked is a data converter whose payloads can be told from those of others, and
// which cannot encode everything.
type marked struct{ converter.DataConverter }

func (m marked) ToPayload(v any) (*commonpb.Payload, error) {
	if v == "no" {
		return nil, errors.New("not this")
	}
	p, err := m.DataConverter.ToPayload(v)
	if err == nil {
		p = proto.CloneOf(p)
		p.Metadata["by"] = []byte("me")
	}
	return p, err
}

// TestMemoIsEncodedByTheRun: by its own converter if that can, unless the run is
// from before that was so.
func TestMemoIsEncodedByTheRun(t *testing.T) {
	o := native.Options{DataConverter: marked{converter.GetDefaultDataConverter()}}
	fn := func(ctx workflow.Context) error {
		err := workflow.UpsertMemo(ctx, map[string]any{"a": 1, "no": "no"})
		workflow.NewTimer(ctx, time.Second)
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		return err
	}
	by := func(commands []*commandpb.Command) string {
		f := commands[0].GetModifyWorkflowPropertiesCommandAttributes().GetUpsertedMemo().GetFields()
		return fmt.Sprintf("%s %s", f["a"].GetMetadata()["by"], f["no"].GetMetadata()["by"])
	}
	l := startWith(t, o, fn)
	if got := by(l.task().Commands); got != "me " {
		t.Errorf("live: encoded by %q", got)
	}

	old := recorded(append([]*commandpb.Command{histories.UpsertMemo("a", 1)}, startTimer("6")...)...)
	var first *runner.Completion
	d := &histories.Driver{Instance: l.instance(), Seen: func(a *runner.Activation, c *runner.Completion) {
		if a.Replaying {
			first = c
		}
	}}
	if _, err := d.Full(old); err != nil {
		t.Fatal(err)
	}
	if got := by(first.Commands); got != " " {
		t.Errorf("replay without the flag: encoded by %q", got)
	}
}

// TestUpsertsGoOnInTheNextRun: continue-as-new carries what there is now.
func TestUpsertsGoOnInTheNextRun(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		must(workflow.UpsertMemo(ctx, map[string]any{"new": "x", "gone": nil}))
		must(workflow.UpsertTypedSearchAttributes(ctx, keyword.ValueSet("a")))
		_ = workflow.Sleep(ctx, time.Second)
		must(workflow.UpsertTypedSearchAttributes(ctx, number.ValueUnset()))
		return workflow.NewContinueAsNewError(ctx, "wf")
	})
	startedWith(l)
	l.task()
	l.FireTimer("7")
	a := l.task()
	again := a.Commands[1].GetContinueAsNewWorkflowExecutionCommandAttributes()
	if got := histories.Describe([]*commandpb.Command{
		{Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
			ModifyWorkflowPropertiesCommandAttributes: &commandpb.ModifyWorkflowPropertiesCommandAttributes{
				UpsertedMemo: again.GetMemo(),
			},
		}},
		{Attributes: &commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes{
			UpsertWorkflowSearchAttributesCommandAttributes: &commandpb.UpsertWorkflowSearchAttributesCommandAttributes{
				SearchAttributes: again.GetSearchAttributes(),
			},
		}},
	}); got != "Unspecified kept=1 new=\"x\"\nUnspecified Word=\"a\"" {
		t.Errorf("got %s", got)
	}
}

// TestResetsGiveOtherIDs: what the copy of a run makes is the copy's.
func TestResetsGiveOtherIDs(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		for {
			workflow.ExecuteChildWorkflow(ctx, "Child")
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		}
	})
	l.does("StartChildWorkflow original-run_5 Child")
	l.Signal("s")
	l.Task()
	l.Reset("copy")
	l.does("StartChildWorkflow copy_13 Child")
	l.Signal("s")
	l.does("StartChildWorkflow copy_18 Child")
	l.Signal("s")
	l.Task()
	l.Reset("another")
	l.does("StartChildWorkflow another_26 Child")
}
