package native_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func says(ctx workflow.Context, what string) error {
	workflow.GetLogger(ctx).Info(what, "type", workflow.GetInfo(ctx).WorkflowType.Name)
	return nil
}

func TestWith(t *testing.T) {
	var told, toldOfOrigin bytes.Buffer
	origin := native.New(native.Options{Logger: slog.New(slog.NewTextHandler(&toldOfOrigin, nil))})
	derived := origin.With(func(o *native.Options) { o.Logger = slog.New(slog.NewTextHandler(&told, nil)) })
	prepare(t, origin, "shared", func(ctx workflow.Context) error { return says(ctx, "of the origin") })
	prepare(t, origin, "both", func(ctx workflow.Context) error { return says(ctx, "of the origin") })
	prepare(t, derived, "both", func(ctx workflow.Context) error { return says(ctx, "of its own") })
	prepare(t, derived, "mine", func(ctx workflow.Context) error { return says(ctx, "of its own") })

	for workflowType, want := range map[string]string{"shared": "of the origin", "both": "of its own", "mine": "of its own"} {
		told.Reset()
		runOnce(t, derived, workflowType)
		if !strings.Contains(told.String(), want) {
			t.Errorf("%s said %q, want that it is %s", workflowType, told.String(), want)
		}
	}
	if toldOfOrigin.Len() > 0 {
		t.Errorf("the origin's logger was told %q", toldOfOrigin.String())
	}
	runOnce(t, origin, "both")
	if !strings.Contains(toldOfOrigin.String(), "of the origin") {
		t.Errorf("the origin ran another's workflow: %q", toldOfOrigin.String())
	}
	unknown(t, origin, "mine", "both", "shared")
	unknown(t, derived, "none", "both", "mine", "shared")

	err := origin.Prepare(runner.Definition{Dynamic: true, Func: func(ctx workflow.Context, _ converter.EncodedValues) error { return says(ctx, "dynamic") }})
	if err != nil {
		t.Fatal(err)
	}
	told.Reset()
	runOnce(t, derived, "none")
	runOnce(t, derived, "shared")
	if got := told.String(); !strings.Contains(got, "dynamic") || !strings.Contains(got, "of the origin") {
		t.Errorf("got %q", got)
	}
}

func prepare(t *testing.T, r *native.Runner, workflowType string, f func(workflow.Context) error) {
	t.Helper()
	if err := r.Prepare(runner.Definition{Type: workflowType, Func: f}); err != nil {
		t.Fatal(err)
	}
}

func runOnce(t *testing.T, r *native.Runner, workflowType string) {
	t.Helper()
	i, err := r.NewInstance(runner.Details{WorkflowType: workflowType})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	c := i.Activate(t.Context(), &runner.Activation{
		Run: true, StartedID: 3, Time: time.Unix(1, 0), Items: []runner.Item{{EventID: 1, Start: &runner.Start{
			Time: time.Unix(1, 0), Attributes: &historypb.WorkflowExecutionStartedEventAttributes{},
		}}},
	})
	if c.Failure != nil || !c.Closed {
		t.Fatalf("%s did not end: %v", workflowType, c.Failure)
	}
}

func unknown(t *testing.T, r *native.Runner, workflowType string, known ...string) {
	t.Helper()
	_, err := r.NewInstance(runner.Details{WorkflowType: workflowType})
	got, ok := errors.AsType[*runner.UnknownTypeError](err)
	if !ok || !slices.Equal(got.Known, known) {
		t.Errorf("got %v, want that %v are known", err, known)
	}
}
