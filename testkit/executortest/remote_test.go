package executortest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/testkit/executortest"
)

// elsewhere runs calls as if in another process: with functions of a registry of its own, and nothing
// crosses but what a message can carry.
type elsewhere struct {
	*activity.Pool

	registry *activity.Registry
}

func (e elsewhere) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	d, err := e.registry.Lookup(call.Type)
	if err != nil {
		return nil, err
	}
	here, _ := activity.OutboundFrom(ctx)
	there := activity.Environment{
		Info: here.GetInfo(ctx), WorkerStop: here.GetWorkerStopChannel(ctx),
		Heartbeat: func(_ context.Context, details []any) {
			if p, err := converter.GetDefaultDataConverter().ToPayloads(details...); err == nil {
				here.RecordHeartbeat(ctx, p)
			}
		},
	}
	var text string
	if here.GetHeartbeatDetails(ctx, &text) == nil {
		if there.LastHeartbeatDetails, err = converter.GetDefaultDataConverter().ToPayloads(text); err != nil {
			return nil, err
		}
	}
	result, err := e.Pool.Execute(activity.WithOutbound(ctx, &there),
		&activity.Call{Type: call.Type, Input: call.Input, Definition: d})
	if err == nil || errors.Is(err, activity.ErrResultPending) || errors.Is(err, activity.ErrPoolClosed) ||
		errors.Is(err, context.Cause(ctx)) {
		return result, err
	}
	fc := temporal.GetDefaultFailureConverter()
	return nil, fc.FailureToError(fc.ErrorToFailure(err))
}

// A remote executor is held to the contract in real time, with what can cross.
func TestRemote(t *testing.T) {
	can := poolAbilities()
	can.Remote, can.Settle = true, 5*time.Millisecond
	executortest.TestExecutor(t, func(t *testing.T, capacity int) activity.Executor {
		t.Helper()
		registry := activity.NewRegistry()
		pool, err := activity.NewPool(capacity)
		if err := errors.Join(err, executortest.Register(registry)); err != nil {
			t.Fatal(err)
		}
		return elsewhere{pool, registry}
	}, can)
}
