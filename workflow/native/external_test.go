package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
)

func TestExternalWorkflows(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		timer := workflow.NewTimer(ctx, time.Hour)
		signal := workflow.SignalExternalWorkflow(ctx, "other", "its run", "s", 7)
		cancel := workflow.RequestCancelExternalWorkflow(ctx, "other", "")
		kind := func(err error) string { return strings.Trim(fmt.Sprintf("%T", err), "<>") + ", " }
		errs := kind(signal.Get(ctx, nil)) + kind(cancel.Get(ctx, nil)) +
			fmt.Sprint(workflow.SignalExternalWorkflow(ctx, "", "", "s", 7).Get(ctx, nil)) + ", " +
			fmt.Sprint(workflow.RequestCancelExternalWorkflow(ctx, "", "").Get(ctx, nil))
		return errs, timer.Get(ctx, nil)
	}
	for _, tt := range []struct {
		name   string
		answer func(*live)
		want   string
	}{
		{"both done", func(l *live) { l.Deliver(6); l.Deliver(7) }, "nil, nil"},
		{"in the other order", func(l *live) { l.Deliver(7); l.Deliver(6) }, "nil, nil"},
		{
			"there is none", func(l *live) {
				l.Refuse(6, histories.NoSuchWorkflow)
				l.Refuse(7, histories.NoSuchWorkflow)
			},
			"*temporal.UnknownExternalWorkflowExecutionError, *temporal.UnknownExternalWorkflowExecutionError",
		},
		{
			"no such place", func(l *live) {
				l.Refuse(6, histories.NoSuchNamespace)
				l.Refuse(7, histories.NoSuchNamespace)
			},
			"*temporal.NamespaceNotFoundError, *temporal.NamespaceNotFoundError",
		},
		{
			"for another reason", func(l *live) {
				l.Refuse(6, histories.OtherCause)
				l.Refuse(7, histories.OtherCause)
			},
			"*errors.errorString, *errors.errorString",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, wf)
			a := l.does("StartTimer 5 1h0m0s", "SignalExternalWorkflow 6 other s 7",
				"RequestCancelExternalWorkflow 7 other")
			checkJSON(t, a.Commands[1].GetSignalExternalWorkflowExecutionCommandAttributes(),
				`{"namespace":"ns","execution":{"workflowId":"other","runId":"its run"},"signalName":"s",`+
					`"input":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Nw=="}]},`+
					`"control":"6","header":{}}`)
			checkJSON(t, a.Commands[2].GetRequestCancelExternalWorkflowExecutionCommandAttributes(),
				`{"namespace":"ns","workflowId":"other","control":"7"}`)
			tt.answer(l)
			l.does()
			l.FireTimer("5")
			l.does(`CompleteWorkflow "` + tt.want + `, workflowId is not set, workflowId is not set"`)
		})
	}
}

// A signal on its way is not taken back with the context it was sent from.
func TestExternalSignalsOutliveTheirContext(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		of, cancel := workflow.WithCancel(ctx)
		cancel()
		f := workflow.SignalExternalWorkflow(of, "other", "", "s", nil)
		return f.Get(ctx, nil)
	})
	l.does("SignalExternalWorkflow 5 other s nil")
	l.Deliver(5)
	l.does("CompleteWorkflow")
}

func TestSignalChild(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
		if err := child.SignalChildWorkflow(ctx, "s", "x").Get(ctx, nil); err != nil {
			return err
		}
		return child.Get(ctx, nil)
	})
	l.does("StartChildWorkflow c Child")
	l.StartChild("c")
	a := l.does(`SignalExternalWorkflow 10 c s "x"`)
	checkJSON(t, a.Commands[0].GetSignalExternalWorkflowExecutionCommandAttributes(),
		`{"namespace":"ns","execution":{"workflowId":"c"},"signalName":"s","childWorkflowOnly":true,`+
			`"input":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Ingi"}]},"control":"10","header":{}}`)
	l.Deliver(10)
	l.CompleteChild("c")
	l.does("CompleteWorkflow")
}
