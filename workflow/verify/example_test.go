package verify_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

func ExampleRunner() {
	r, err := verify.New(native.New(native.Options{}), verify.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	birthday := func(workflow.Context) (time.Time, error) { return time.Now(), nil } // not workflow.Now
	if err := r.Prepare(runner.Definition{Type: "Birthday", Func: birthday}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := r.NewInstance(runner.Details{WorkflowType: "Birthday"})
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
	fmt.Println(c.Failure.Cause)
	what, _, _ := strings.Cut(c.Failure.Failure.GetMessage(), ":")
	fmt.Println(what)
	// Output:
	// NonDeterministicError
	// workflow Birthday is not deterministic
}
