package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
)

func TestSideEffectsAreRecorded(t *testing.T) {
	calls := 0
	l := start(t, func(ctx workflow.Context) (string, error) {
		var out strings.Builder
		for range 2 {
			var n, again int
			effect := workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: "a number"},
				func(workflow.Context) any { calls++; return calls })
			if !effect.HasValue() || effect.Get(&n) != nil || effect.Get(&again) != nil || n != again {
				return "", fmt.Errorf("got %d and %d", n, again)
			}
			fmt.Fprint(&out, n)
			_ = workflow.Sleep(ctx, time.Second)
		}
		var none *int
		if workflow.SideEffect(ctx, func(workflow.Context) any { return nil }).Get(&none) == nil && none == nil {
			fmt.Fprint(&out, " nil")
		}
		return out.String(), nil
	})
	a := l.does("RecordMarker SideEffect data=1 side-effect-id=1", "StartTimer 6 1s")
	if got := string(a.Commands[0].GetUserMetadata().GetSummary().GetData()); got != `"a number"` {
		t.Errorf("got summary %s", got)
	}
	l.FireTimer("6")
	l.does("RecordMarker SideEffect data=2 side-effect-id=2", "StartTimer 12 1s")
	l.replay() // which must not call it again
	l.FireTimer("12")
	l.does("RecordMarker SideEffect data=nil side-effect-id=3", `CompleteWorkflow "12 nil"`)
	if calls != 2 {
		t.Errorf("called %d times, want 2", calls)
	}
}

// attributes are those of the event of a marker.
func attributes(c *commandpb.Command) *historypb.MarkerRecordedEventAttributes {
	a := c.GetRecordMarkerCommandAttributes()
	return &historypb.MarkerRecordedEventAttributes{MarkerName: a.GetMarkerName(), Details: a.GetDetails()}
}

func sideEffectMarker(id, value any) *commandpb.Command {
	return histories.Marker("SideEffect", map[string]*commonpb.Payloads{
		"side-effect-id": histories.Payloads(id), "data": histories.Payloads(value),
	})
}

// TestSideEffectsByNumber: they are told apart by their order and nothing else.
func TestSideEffectsByNumber(t *testing.T) {
	h := recorded(sideEffectMarker(1, "one"), sideEffectMarker(2, "two"))
	effects := func(n int) func(workflow.Context) (string, error) {
		return func(ctx workflow.Context) (string, error) {
			var out, s string
			for range n {
				_ = workflow.SideEffect(ctx, func(workflow.Context) any { return "live" }).Get(&s)
				out += s + " "
			}
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			_ = workflow.SideEffect(ctx, func(workflow.Context) any { return "live" }).Get(&s)
			return out + s, nil
		}
	}
	checkOnward(t, h, effects(2),
		`RecordMarker SideEffect data="live" side-effect-id=3`, `CompleteWorkflow "one two live"`)

	_, err := onward(t, recorded(sideEffectMarker(1, "one"), sideEffectMarker(7, "x"), sideEffectMarker(5, "y")), effects(2))
	checkTaskError(t, err, enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
		"[TMPRL1100] No cached result found for side effectID=2. KnownSideEffects=[5 7]")

	_, err = onward(t, h, effects(1))
	if err == nil || !strings.Contains(err.Error(),
		"missing replay command for MarkerRecorded (EventId: 6, MarkerName: SideEffect)") {
		t.Errorf("got %v, want the second one to be missed", err)
	}
}

// TestSideEffectsThatFail: they must not touch the workflow, and a value that
// cannot be encoded is none.
func TestSideEffectsThatFail(t *testing.T) {
	const illegal = "getState: illegal access from outside of workflow context"
	same := func(a, b any) bool { return a == b }
	for name, tt := range map[string]struct {
		effect func(ctx workflow.Context) any
		want   string
	}{
		"blocks":          {func(ctx workflow.Context) any { return workflow.Sleep(ctx, time.Second) }, illegal},
		"another":         {func(ctx workflow.Context) any { return workflow.SideEffect(ctx, nil) }, illegal},
		"mutable":         {func(ctx workflow.Context) any { return workflow.MutableSideEffect(ctx, "a", nil, nil) }, illegal},
		"version":         {func(ctx workflow.Context) any { return workflow.GetVersion(ctx, "a", 0, 1) }, illegal},
		"memo":            {func(ctx workflow.Context) any { return workflow.UpsertMemo(ctx, nil) }, illegal},
		"attributes":      {func(ctx workflow.Context) any { return workflow.UpsertTypedSearchAttributes(ctx) }, illegal},
		"panics":          {func(workflow.Context) any { panic("no luck") }, "no luck"},
		"cannot be value": {func(workflow.Context) any { return make(chan int) }, "unable to encode"},
	} {
		for kind, run := range map[string]func(ctx workflow.Context){
			"": func(ctx workflow.Context) { workflow.SideEffect(ctx, tt.effect) },
			" mutable": func(ctx workflow.Context) {
				workflow.MutableSideEffect(ctx, "a", tt.effect, same)
			},
		} {
			t.Run(name+kind, func(t *testing.T) {
				l := start(t, func(ctx workflow.Context) error {
					run(ctx)
					return nil
				})
				f := l.fails()
				if f.Cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE ||
					!strings.Contains(f.Failure.GetMessage(), tt.want) {
					t.Errorf("got %v %q, want %q", f.Cause, f.Failure.GetMessage(), tt.want)
				}
			})
		}
	}
}

// TestSideEffectRecovers: code may recover from what its side effect panicked
// with; the workflow can be changed again then.
func TestSideEffectRecovers(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (err error) {
		func() {
			defer func() { err = fmt.Errorf("recovered: %v", recover()) }()
			workflow.SideEffect(ctx, func(workflow.Context) any { panic("no luck") })
		}()
		workflow.NewTimer(ctx, time.Second)
		return err
	})
	l.does("StartTimer 5 1s", "FailWorkflow: recovered: no luck")
}

// setting is something that changes from outside.
type setting struct{ value, calls, compared int }

func (s *setting) read(ctx workflow.Context, id string) int {
	var n int
	must(workflow.MutableSideEffect(ctx, id,
		func(workflow.Context) any { s.calls++; return s.value },
		func(a, b any) bool {
			s.compared++
			got, gotOK := a.(int)
			was, wasOK := b.(int)
			return gotOK && wasOK && got == was
		}).Get(&n))
	return n
}

func TestMutableSideEffectsAreRecordedWhenTheyChange(t *testing.T) {
	s := &setting{value: 1}
	l := start(t, func(ctx workflow.Context) (string, error) {
		out := ""
		for range 4 {
			out += fmt.Sprint(s.read(ctx, "a"), " ")
			_ = workflow.Sleep(ctx, time.Second)
		}
		return out, nil
	})
	l.does(`RecordMarker MutableSideEffect data="a" {"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]} `+
		`mutable-side-effect-call-counter=1 side-effect-id="a_5"`, "StartTimer 6 1s")
	l.FireTimer("6")
	l.does("StartTimer 11 1s")
	s.value = 2
	l.FireTimer("11")
	l.does(`RecordMarker MutableSideEffect data="a" {"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Mg=="}]} `+
		`mutable-side-effect-call-counter=3 side-effect-id="a_16"`, "StartTimer 17 1s")
	s.value = 3
	l.replay() // neither calls it nor compares
	s.value = 2
	l.FireTimer("17")
	l.does("StartTimer 22 1s")
	l.FireTimer("22")
	l.does(`CompleteWorkflow "1 1 2 2 "`)
	if s.calls != 4 || s.compared != 3 {
		t.Errorf("called %d times and compared %d times, want 4 and 3", s.calls, s.compared)
	}
}

func TestMutableSideEffectsOfOneTask(t *testing.T) {
	s := &setting{}
	fn := func(ctx workflow.Context) (string, error) {
		out := ""
		for range 2 {
			for n := range 4 {
				s.value = n / 2
				out += fmt.Sprint(s.read(ctx, "a"), s.read(ctx, "b"), " ")
			}
			_ = workflow.Sleep(ctx, time.Second)
		}
		return out, nil
	}
	l := start(t, fn)
	l.task()
	l.FireTimer("9")
	l.task()
	l.FireTimer("18")
	l.does(`CompleteWorkflow "0 0 0 0 1 1 1 1 0 0 0 0 1 1 1 1 "`)
}

func TestNilMutableSideEffects(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (int, error) {
		n := 0
		for _, v := range []any{nil, nil, 1, 1, nil} {
			workflow.MutableSideEffect(ctx, "a", func(workflow.Context) any { return v },
				func(a, b any) bool { n++; return a == b })
		}
		return n, nil
	})
	a := l.task()
	l.failed = true // how often it compared is not the same in replay
	if got := strings.Count(histories.Describe(a.Commands), "RecordMarker"); got != 3 {
		t.Errorf("got %d markers, want 3 in %s", got, histories.Describe(a.Commands))
	}
}

// mutableMarker is the marker at an event; old releases did not write the number
// of the call.
func mutableMarker(id string, event int, value any, call ...any) *commandpb.Command {
	details := map[string]*commonpb.Payloads{
		"side-effect-id": histories.Payloads(fmt.Sprint(id, "_", event)),
		"data":           histories.Payloads(id, histories.Payloads(value)),
	}
	if len(call) > 0 {
		details["mutable-side-effect-call-counter"] = histories.Payloads(call[0])
	}
	return histories.Marker("MutableSideEffect", details)
}

// TestMutableSideEffectsOfOldReleases: without the number of the call, the last
// of the values of one task is that of all its calls.
func TestMutableSideEffectsOfOldReleases(t *testing.T) {
	s := &setting{value: 9}
	h := recorded(append([]*commandpb.Command{mutableMarker("a", 5, 1), mutableMarker("a", 6, 2)}, startTimer("7")...)...)
	checkOnward(t, h, func(ctx workflow.Context) (string, error) {
		out := fmt.Sprint(s.read(ctx, "a"), " ", s.read(ctx, "a"))
		workflow.NewTimer(ctx, time.Second)
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		return out, nil
	}, `CompleteWorkflow "2 2"`)

	_, err := onward(t, h, func(ctx workflow.Context) (int, error) { return s.read(ctx, "b"), nil })
	checkTaskError(t, err, enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
		"[TMPRL1100] Non deterministic workflow code change detected. MutableSideEffect API call "+
			"doesn't have a correspondent event in the workflow history. MutableSideEffect ID: b")
	if s.calls > 0 {
		t.Errorf("called %d times", s.calls)
	}
}

// TestMutableSideEffectOfAnotherType: what was recorded does not fit the new type.
func TestMutableSideEffectOfAnotherType(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		for _, v := range []any{"x", 1} {
			workflow.MutableSideEffect(ctx, "a", func(workflow.Context) any { return v },
				func(a, b any) bool { return a == b })
		}
		return nil
	})
	if f := l.fails(); !strings.Contains(f.Failure.GetMessage(), "unable to decode") {
		t.Errorf("got %v", f.Failure)
	}
}
