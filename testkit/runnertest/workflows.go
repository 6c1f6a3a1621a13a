package runnertest

import (
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// The types of the workflows that the suite runs. A runner that does not run Go
// functions has workflows of these types that do what is said here; [Workflows]
// has them in Go. Arguments and results are payloads of the default converter;
// activities have a start-to-close timeout of a minute.
const (
	// Return returns its argument, a string.
	Return = "Return"
	// Fail returns an application error with the message "broken" and the type
	// "Broken".
	Fail = "Fail"
	// Crash has a defect: it panics, throws, or does what else in its language
	// nobody means to do.
	Crash = "Crash"
	// Again continues as new, as the same type and with its argument.
	Again = "Again"
	// Activities starts activities "a" and "b" with its argument, a string, and
	// then waits for a, then for b; it returns the result of a, a string, or the
	// first error.
	Activities = "Activities"
	// Cleanup sleeps for an hour and returns. Once it is canceled it runs activity
	// "cleanup" without arguments, with a context that is not, and ends as canceled.
	Cleanup = "Cleanup"
	// Signals receives two signals "s", strings, and returns both in a list.
	Signals = "Signals"
	// Clock receives two signals "s" and returns the workflow's clock, a time.
	Clock = "Clock"
	// Sum has an update "add" of a number, which is added to a sum and returns it;
	// its validator refuses negative numbers with the error "negative". A query
	// "sum" returns the sum. The workflow returns it once signal "end" has come.
	Sum = "Sum"
	// Info returns a list of its namespace, workflow id, run id, type and task queue.
	Info = "Info"
	// Chance returns the value of a side effect, which is 42.
	Chance = "Chance"
	// Changed asks for the version of "change", from the default one to 1, and
	// starts activity "new" if it is 1 and "old" if not, and returns when it ends.
	Changed = "Changed"
	// Parent starts a child of type "Child" without an id, and returns when it ends.
	Parent = "Parent"
	// Local runs local activity "l" with its argument, a string, and a
	// start-to-close timeout of a minute, and returns the result, a string.
	Local = "Local"
)

// Workflows has the workflows of the suite as Go functions.
func Workflows() []runner.Definition {
	return []runner.Definition{
		{Type: Return, Func: func(_ workflow.Context, s string) (string, error) { return s, nil }},
		{Type: Fail, Func: func(workflow.Context) error { return temporal.NewApplicationError("broken", "Broken") }},
		{Type: Crash, Func: func(workflow.Context) error {
			panic("a defect") //nolint:forbidigo // what it is for
		}},
		{Type: Again, Func: func(ctx workflow.Context, s string) error {
			return workflow.NewContinueAsNewError(ctx, Again, s)
		}},
		{Type: Activities, Func: activities},
		{Type: Cleanup, Func: cleanup},
		{Type: Signals, Func: func(ctx workflow.Context) ([]string, error) { return receive(ctx), nil }},
		{Type: Clock, Func: func(ctx workflow.Context) (time.Time, error) {
			receive(ctx)
			return workflow.Now(ctx), nil
		}},
		{Type: Sum, Func: sum},
		{Type: Info, Func: func(ctx workflow.Context) ([]string, error) {
			i := workflow.GetInfo(ctx)
			return []string{
				i.Namespace, i.WorkflowExecution.ID, i.WorkflowExecution.RunID, i.WorkflowType.Name, i.TaskQueueName,
			}, nil
		}},
		{Type: Chance, Func: func(ctx workflow.Context) (n int, err error) {
			err = workflow.SideEffect(ctx, func(workflow.Context) any { return 42 }).Get(&n)
			return n, err
		}},
		{Type: Changed, Func: func(ctx workflow.Context) error {
			name := "old"
			if workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 1) == 1 {
				name = "new"
			}
			return workflow.ExecuteActivity(minute(ctx), name).Get(ctx, nil)
		}},
		{Type: Parent, Func: func(ctx workflow.Context) error {
			return workflow.ExecuteChildWorkflow(ctx, "Child").Get(ctx, nil)
		}},
		{Type: Local, Func: func(ctx workflow.Context, s string) (string, error) {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
			var result string
			err := workflow.ExecuteLocalActivity(ctx, "l", s).Get(ctx, &result)
			return result, err
		}},
	}
}

func minute(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func activities(ctx workflow.Context, s string) (result string, err error) {
	ctx = minute(ctx)
	a, b := workflow.ExecuteActivity(ctx, "a", s), workflow.ExecuteActivity(ctx, "b", s)
	if err := a.Get(ctx, &result); err != nil {
		return "", err
	}
	return result, b.Get(ctx, nil)
}

func cleanup(ctx workflow.Context) error {
	err := workflow.Sleep(ctx, time.Hour)
	if err == nil {
		return nil
	}
	free, cancel := workflow.NewDisconnectedContext(minute(ctx))
	defer cancel()
	if err := workflow.ExecuteActivity(free, "cleanup").Get(free, nil); err != nil {
		return err
	}
	return err
}

// receive receives two signals.
func receive(ctx workflow.Context) []string {
	all := make([]string, 2)
	for i := range all {
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &all[i])
	}
	return all
}

func sum(ctx workflow.Context) (int, error) {
	sum := 0
	if err := workflow.SetQueryHandler(ctx, "sum", func() (int, error) { return sum, nil }); err != nil {
		return 0, err
	}
	add := func(_ workflow.Context, n int) (int, error) {
		sum += n
		return sum, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, "add", add, workflow.UpdateHandlerOptions{
		Validator: func(n int) error {
			if n < 0 {
				return temporal.NewApplicationError("negative", "")
			}
			return nil
		},
	})
	if err != nil {
		return 0, err
	}
	workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
	return sum, nil
}
