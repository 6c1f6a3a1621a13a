package activity

import (
	"context"
	"log/slog"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// Environment is an [Outbound] made of plain values, for activities that run without a task
// of a server: local ones, and those under test. Fill it in before use and leave it alone
// afterwards; then it is safe for use by several goroutines. The zero value works.
type Environment struct {
	// Info is what GetInfo returns.
	Info Info
	// Logger is what GetLogger returns; nil means slog's default.
	Logger log.Logger
	// Metrics is what GetMetricsHandler returns; nil drops everything.
	Metrics metrics.Handler
	// WorkerStop is what GetWorkerStopChannel returns.
	WorkerStop <-chan struct{}
	// LastHeartbeatDetails is what an earlier attempt left; nil for nothing.
	LastHeartbeatDetails *commonpb.Payloads
	// DataConverter decodes LastHeartbeatDetails; nil means the default one.
	DataConverter converter.DataConverter
	// Heartbeat is called for each heartbeat; nil drops them.
	Heartbeat func(ctx context.Context, details []any)
}

// GetInfo returns e.Info.
func (e *Environment) GetInfo(context.Context) Info { return e.Info }

// GetLogger returns e.Logger or slog's default.
func (e *Environment) GetLogger(context.Context) log.Logger {
	if e.Logger == nil {
		return slog.Default()
	}
	return e.Logger
}

// GetMetricsHandler returns e.Metrics or one that drops everything.
func (e *Environment) GetMetricsHandler(context.Context) metrics.Handler {
	if e.Metrics == nil {
		return metrics.NopHandler{}
	}
	return e.Metrics
}

// GetWorkerStopChannel returns e.WorkerStop.
func (e *Environment) GetWorkerStopChannel(context.Context) <-chan struct{} { return e.WorkerStop }

// RecordHeartbeat calls e.Heartbeat.
func (e *Environment) RecordHeartbeat(ctx context.Context, details ...any) {
	if e.Heartbeat != nil {
		e.Heartbeat(ctx, details)
	}
}

// HasHeartbeatDetails says whether e.LastHeartbeatDetails is set.
func (e *Environment) HasHeartbeatDetails(context.Context) bool {
	return e.LastHeartbeatDetails != nil
}

// GetHeartbeatDetails decodes e.LastHeartbeatDetails.
func (e *Environment) GetHeartbeatDetails(_ context.Context, pointers ...any) error {
	if e.LastHeartbeatDetails == nil {
		return temporal.ErrNoData
	}
	dc := e.DataConverter
	if dc == nil {
		dc = converter.GetDefaultDataConverter()
	}
	return dc.FromPayloads(e.LastHeartbeatDetails, pointers...)
}

// RecordEncodedHeartbeat calls e.Heartbeat with details as the only one, or with none.
func (e *Environment) RecordEncodedHeartbeat(ctx context.Context, details *commonpb.Payloads) {
	if details == nil {
		e.RecordHeartbeat(ctx)
		return
	}
	e.RecordHeartbeat(ctx, details)
}

// EncodedHeartbeatDetails returns e.LastHeartbeatDetails.
func (e *Environment) EncodedHeartbeatDetails(context.Context) *commonpb.Payloads {
	return e.LastHeartbeatDetails
}
