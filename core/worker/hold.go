package worker

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/slots"
)

// use tells the permit what it is used for, and waits if the supplier holds the
// task until it may run. The error says that ctx, the context of the worker's
// tasks, ended during a hold: the task has no leave to run.
func (t ticket) use(ctx context.Context, task slots.Task) error {
	err := t.permit.Use(ctx, task)
	if err != nil && ctx.Err() != nil {
		return err
	}
	// A supplier that finds something else wrong with its own permit has not said
	// that the task must not run.
	return nil
}

// heldKey is the key of a context's value: why an activity has no leave to run.
type heldKey struct{}

// heldBack returns a context for the activity of a hold that was cut short.
func heldBack(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, heldKey{}, err)
}

// A gate is an executor that leaves activities alone that may not run. They are
// answered like those that stop when the worker does: so they are tried again,
// elsewhere, and a limit is one to the end.
type gate struct{ activity.Executor }

// Execute implements [activity.Executor].
func (g gate) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	if err, held := ctx.Value(heldKey{}).(error); held {
		return nil, fmt.Errorf("the activity was not started: %w", err)
	}
	return g.Executor.Execute(ctx, call)
}
