package activity_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

func TestOutsideAnActivity(t *testing.T) {
	ctx := t.Context()
	activity.RecordHeartbeat(ctx, 1) // does nothing
	switch {
	case activity.IsActivity(ctx):
		t.Error("IsActivity is true")
	case !reflect.DeepEqual(activity.GetInfo(ctx), activity.Info{}):
		t.Error("GetInfo is not empty")
	case activity.GetLogger(ctx) != slog.Default():
		t.Error("GetLogger is not the default")
	case activity.GetWorkerStopChannel(ctx) != nil:
		t.Error("GetWorkerStopChannel is not nil")
	case activity.HasHeartbeatDetails(ctx):
		t.Error("HasHeartbeatDetails is true")
	case !errors.Is(activity.GetHeartbeatDetails(ctx), temporal.ErrNoData):
		t.Error("GetHeartbeatDetails is not ErrNoData")
	}
	if _, ok := activity.OutboundFrom(activity.WithOutbound(ctx, nil)); ok {
		t.Error("a nil Outbound counts")
	}
}

func TestEnvironment(t *testing.T) {
	stop := make(chan struct{})
	logger := slog.New(slog.DiscardHandler)
	var beats [][]any
	full := &activity.Environment{
		Info:                 activity.Info{ActivityID: "7"},
		Logger:               logger,
		WorkerStop:           stop,
		LastHeartbeatDetails: encode(t, 5),
		Heartbeat:            func(_ context.Context, details []any) { beats = append(beats, details) },
	}
	ctx := activity.WithOutbound(t.Context(), full)
	if !activity.IsActivity(ctx) || activity.GetInfo(ctx).ActivityID != "7" ||
		activity.GetLogger(ctx) != logger || activity.GetWorkerStopChannel(ctx) != stop ||
		!activity.HasHeartbeatDetails(ctx) {
		t.Error("the environment does not answer what it was given")
	}
	var n int
	if err := activity.GetHeartbeatDetails(ctx, &n); err != nil || n != 5 {
		t.Errorf("got %d, %v, want 5", n, err)
	}
	activity.RecordHeartbeat(ctx, 1, "a")
	if !reflect.DeepEqual(beats, [][]any{{1, "a"}}) {
		t.Errorf("heartbeats: %v", beats)
	}

	empty := activity.WithOutbound(t.Context(), &activity.Environment{})
	activity.RecordHeartbeat(empty, 1) // does nothing
	if activity.GetLogger(empty) != slog.Default() || activity.HasHeartbeatDetails(empty) ||
		!errors.Is(activity.GetHeartbeatDetails(empty, &n), temporal.ErrNoData) {
		t.Error("the zero environment does not answer like nothing")
	}
}
