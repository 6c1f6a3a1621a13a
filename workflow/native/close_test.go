package native_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

type payloadError struct{ Err error }

func (e *payloadError) Error() string { return "wrapped: " + e.Err.Error() }
func (e *payloadError) Unwrap() error { return e.Err }

func TestCloseCommands(t *testing.T) {
	var nilPointer *int
	for _, tt := range []struct {
		name   string
		result any
		err    error
		want   string
	}{
		{"nil result", nil, nil, "CompleteWorkflow"},
		{"nil pointer", nilPointer, nil, "CompleteWorkflow"},
		{"value", 7, nil, "CompleteWorkflow 7"},
		{"error drops the result", 7, errors.New("no"), "FailWorkflow: no"},
		{"canceled", nil, temporal.NewCanceledError("why"), `CancelWorkflow "why"`},
		{"canceled deep down", nil, &payloadError{workflow.ErrCanceled}, "CancelWorkflow"},
		{"result that cannot be encoded", func() {}, nil, "FailWorkflow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, func(ctx workflow.Context) (any, error) {
				workflow.Go(ctx, func(ctx workflow.Context) {
					workflow.NewTimer(ctx, time.Hour) // made after the root has returned, sent all the same
				})
				return tt.result, tt.err
			})
			a := l.task()
			if !a.Closed || len(a.Commands) != 2 {
				t.Fatalf("got closed %t with %d commands, want a timer and the close command", a.Closed, len(a.Commands))
			}
			if tt.name == "result that cannot be encoded" {
				if a.Commands[1].GetFailWorkflowExecutionCommandAttributes() == nil {
					t.Errorf("got %v, want the workflow to fail", a.Commands[1])
				}
				return
			}
			checkCommands(t, a.Commands, "StartTimer 5 1h0m0s", tt.want)
		})
	}
}

func TestInputThatCannotBeDecodedFailsTheWorkflow(t *testing.T) {
	l := start(t, func(workflow.Context, int) error { return nil }, "seven")
	a := l.task()
	got := a.Commands[0].GetFailWorkflowExecutionCommandAttributes().GetFailure().GetMessage()
	want := "unable to decode the workflow function input payload with error: "
	if len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
}

func TestMissingInputIsZeroAndExtraInputIsIgnored(t *testing.T) {
	wf := func(_ workflow.Context, a string, b int) (string, error) { return fmt.Sprint(a, b), nil }
	start(t, wf).does(`CompleteWorkflow "0"`)
	start(t, wf, "x", 7, "extra").does(`CompleteWorkflow "x7"`)
}
