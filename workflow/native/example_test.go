package native_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func ExampleRunner() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.MessageKey || a.Key == "WorkflowID" {
				return a
			}
			return slog.Attr{} // the rest, for brevity
		},
	}))
	nap := func(ctx workflow.Context) error {
		workflow.GetLogger(ctx).Info("good night")
		return workflow.Sleep(ctx, time.Hour)
	}

	r := native.New(native.Options{Logger: logger})
	if err := r.Prepare(runner.Definition{Type: "Nap", Func: nap}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := r.NewInstance(runner.Details{WorkflowType: "Nap", WorkflowID: "nap-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()

	c := run.Activate(context.Background(), &runner.Activation{
		Run: true, StartedID: 3,
		Items: []runner.Item{{Start: &runner.Start{
			Attributes: &historypb.WorkflowExecutionStartedEventAttributes{},
		}}},
	})
	fmt.Println(c.Commands[0].GetCommandType(), c.Commands[0].GetStartTimerCommandAttributes().GetTimerId())
	c = run.Activate(context.Background(), &runner.Activation{
		Run: true, StartedID: 8,
		Items: []runner.Item{{Resolve: &runner.Resolve{Kind: runner.Timer, ID: "5"}}},
	})
	fmt.Println(c.Commands[0].GetCommandType(), c.Closed)
	// Output:
	// msg="good night" WorkflowID=nap-1
	// StartTimer 5
	// CompleteWorkflowExecution true
}
