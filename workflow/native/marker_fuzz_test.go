package native_test

import (
	"errors"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// FuzzMarkers replays markers that were damaged: the task goes on, or fails with
// words, and whatever ids it makes it makes again.
func FuzzMarkers(f *testing.F) {
	for _, c := range []*runner.Marker{
		{Attributes: attributes(versionMarker("a", 1, true))},
		{Attributes: attributes(sideEffectMarker(1, 3))},
		{Attributes: attributes(mutableMarker("a", 5, 1, 2))},
		{Attributes: attributes(histories.Marker("Version", nil))},
	} {
		data, err := proto.Marshal(c.Attributes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true)
		f.Add(data[:len(data)-3], false)
	}
	r := native.New(native.Options{})
	must(r.Prepare(runner.Definition{Type: "wf", Func: remembering}))
	f.Fuzz(func(t *testing.T, data []byte, upserted bool) {
		var attr historypb.MarkerRecordedEventAttributes
		if err := proto.Unmarshal(data, &attr); err != nil {
			return
		}
		commands := append(startTimer("5"), histories.Marker(attr.GetMarkerName(), attr.GetDetails()))
		if upserted {
			commands = append(commands, histories.UpsertSearchAttributes("TemporalChangeVersion", []string{"a-1"}))
		}
		h := recorded(append(commands, startTimer("8")...)...)
		first, firstErr := fuzzed(t, r, h)
		again, againErr := fuzzed(t, r, h)
		if first != again || (firstErr == nil) != (againErr == nil) {
			t.Errorf("got %q, %v, and then %q, %v", first, firstErr, again, againErr)
		}
	})
}

// remembering uses all that reads markers.
func remembering(ctx workflow.Context) (int, error) {
	n, m := 0, 0
	workflow.NewTimer(ctx, time.Second)
	v := workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 1)
	workflow.NewTimer(ctx, time.Second)
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	err := errors.Join(
		workflow.SideEffect(ctx, func(workflow.Context) any { return 1 }).Get(&n),
		workflow.MutableSideEffect(ctx, "a", func(workflow.Context) any { return 2 },
			func(a, b any) bool { return a == b }).Get(&m),
	)
	return int(v) + n + m, err
}

func fuzzed(t *testing.T, r *native.Runner, h *histories.History) (string, error) {
	t.Helper()
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	a, err := (&histories.Driver{Instance: i}).Full(h)
	if err == nil {
		return histories.Describe(a.Commands), nil
	}
	_, failed := errors.AsType[*histories.TaskError](err)
	_, differs := errors.AsType[*machine.NondeterminismError](err)
	if (!failed && !differs) || err.Error() == "" {
		t.Errorf("got %v, want a failed task or a difference, in words", err)
	}
	return "", err
}
