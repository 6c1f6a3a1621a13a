package activity

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
)

// Executor decides where activities run. Whoever hands one to a worker keeps it: the worker
// never closes it.
type Executor interface {
	// Execute runs call and returns its encoded result or its error. It blocks until the call
	// is over, may be called from many goroutines at once, and must not use call afterwards.
	// ctx is the activity's: it carries what the functions of this package need and is
	// cancelled when the activity should stop. An executor that runs call elsewhere passes
	// heartbeats on with [RecordHeartbeat] and cancellation from ctx.
	Execute(ctx context.Context, call *Call) (*commonpb.Payloads, error)
	// Capacity is how many calls can run at once, 0 if there is no limit. It never blocks.
	Capacity() int
	// Health is nil, or the reason why no call will ever run again. It never blocks.
	Health() error
}

// InPlace is the default [Executor]: it runs each call on the goroutine that asks for it,
// with no limit of its own. The zero value is ready to use.
type InPlace struct{}

// Execute runs call on this goroutine.
func (InPlace) Execute(ctx context.Context, call *Call) (*commonpb.Payloads, error) {
	return call.Run(ctx)
}

// Capacity is 0: no limit.
func (InPlace) Capacity() int { return 0 }

// Health is always nil.
func (InPlace) Health() error { return nil }
