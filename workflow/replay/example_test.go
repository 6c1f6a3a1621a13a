package replay_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// Recorded waits for its signal, as in the history beneath testdata.
func Recorded(ctx workflow.Context) (string, error) {
	var name string
	workflow.GetSignalChannel(ctx, "name").Receive(ctx, &name)
	return "Hello, " + name, nil
}

// What a unit test does, in three lines.
func ExampleWorkflowReplayer() {
	r := replay.NewWorkflowReplayer()
	_ = r.RegisterWorkflow(Recorded) // a mistake is told by the replay, too
	err := r.ReplayWorkflowHistoryFromJSONFile(nil, "testdata/recorded.json")
	fmt.Println(err)

	var result string
	_ = r.GetWorkflowResult("", &result)
	fmt.Println(result)
	// Output:
	// <nil>
	// Hello, Ada
}

// All histories of a directory at once.
func ExampleWorkflowReplayer_ReplayAll() {
	r := replay.NewWorkflowReplayer()
	_ = r.RegisterWorkflow(func(workflow.Context) error { return nil }) // of another name
	report, err := r.ReplayAll(context.Background(), replay.Files("testdata"), replay.AllOptions{
		Progress: func(p replay.Progress) { fmt.Println(p.Done, p.Result.Source, p.Result.Outcome) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Results), "replayed,", report.Count(replay.Differs), "differ")
	// Output:
	// 1 testdata/recorded.json not replayed
	// 1 replayed, 0 differ
}
