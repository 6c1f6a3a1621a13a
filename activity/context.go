package activity

import (
	"context"
	"log/slog"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// Outbound is what an activity can ask for through its context. The functions of this package
// with the same names call the one in the context. To see or change what an activity asks
// for, wrap it and put the wrapper in place with [WithOutbound]. Implementations must be safe
// for use by several goroutines.
type Outbound interface {
	// GetInfo describes the running attempt.
	GetInfo(ctx context.Context) Info
	// GetLogger returns a logger that names the attempt.
	GetLogger(ctx context.Context) log.Logger
	// GetMetricsHandler returns a handler whose tags name the activity's type.
	GetMetricsHandler(ctx context.Context) metrics.Handler
	// GetWorkerStopChannel is closed when the worker begins to stop. It may be nil.
	GetWorkerStopChannel(ctx context.Context) <-chan struct{}
	Heartbeats
}

// Heartbeats is the part of [Outbound] that deals with heartbeats.
type Heartbeats interface {
	// RecordHeartbeat reports that the activity is alive, and how far it is.
	RecordHeartbeat(ctx context.Context, details ...any)
	// HasHeartbeatDetails says whether an earlier attempt left details.
	HasHeartbeatDetails(ctx context.Context) bool
	// GetHeartbeatDetails decodes them into pointers.
	GetHeartbeatDetails(ctx context.Context, pointers ...any) error
}

type outboundKey struct{}

// WithOutbound returns a context in which activity code finds outbound.
func WithOutbound(ctx context.Context, outbound Outbound) context.Context {
	return outboundContext{ctx, outbound}
}

// OutboundFrom returns what is in place in ctx, and false outside an activity.
func OutboundFrom(ctx context.Context) (Outbound, bool) {
	outbound, ok := ctx.Value(outboundKey{}).(Outbound)
	return outbound, ok && outbound != nil
}

// IsActivity says whether ctx belongs to an activity.
func IsActivity(ctx context.Context) bool {
	_, ok := OutboundFrom(ctx)
	return ok
}

// GetInfo describes the running attempt. Outside an activity it is the zero Info.
func GetInfo(ctx context.Context) Info {
	if outbound, ok := OutboundFrom(ctx); ok {
		return outbound.GetInfo(ctx)
	}
	return Info{}
}

// GetLogger returns the worker's logger with attributes that name the attempt. Outside an
// activity it is slog's default logger.
func GetLogger(ctx context.Context) log.Logger {
	if outbound, ok := OutboundFrom(ctx); ok {
		return outbound.GetLogger(ctx)
	}
	return slog.Default()
}

// GetMetricsHandler returns the worker's metrics handler with tags that name the activity's type,
// the workflow's and the task queue. Outside an activity it drops everything.
func GetMetricsHandler(ctx context.Context) metrics.Handler {
	if outbound, ok := OutboundFrom(ctx); ok {
		return outbound.GetMetricsHandler(ctx)
	}
	return metrics.NopHandler{}
}

// GetWorkerStopChannel returns a channel that is closed when the worker begins to stop. The
// activity may go on for the worker's grace period; then its context is cancelled with the
// cause [ErrWorkerShutdown]. Outside an activity the channel is nil and thus never ready.
func GetWorkerStopChannel(ctx context.Context) <-chan struct{} {
	if outbound, ok := OutboundFrom(ctx); ok {
		return outbound.GetWorkerStopChannel(ctx)
	}
	return nil
}

// RecordHeartbeat tells the server that the activity is alive, and how far it is: a later
// attempt finds details with [GetHeartbeatDetails], and the workflow finds them in the error
// of a heartbeat timeout.
//
// Heartbeats are throttled. One that is due is sent before the call returns, so it may block
// for a round trip, unless ctx is done; others are kept, the newest only, until one is due. One
// that does not arrive is sent again, see [GetHeartbeatStatus]. What is unsent when the activity
// fails, is cancelled or returns [ErrResultPending] is sent then.
//
// The answer of a heartbeat may cancel ctx. context.Cause(ctx) then says why: a
// *temporal.CanceledError if a cancellation was requested, [ErrActivityPaused],
// [ErrActivityReset], or the server's error if it does not know the activity any more.
//
// Details that cannot be encoded cancel ctx and fail the attempt. Outside an activity, and in
// a local one, the call does nothing.
func RecordHeartbeat(ctx context.Context, details ...any) {
	if outbound, ok := OutboundFrom(ctx); ok {
		outbound.RecordHeartbeat(ctx, details...)
	}
}

// HasHeartbeatDetails says whether an earlier attempt left heartbeat details.
func HasHeartbeatDetails(ctx context.Context) bool {
	outbound, ok := OutboundFrom(ctx)
	return ok && outbound.HasHeartbeatDetails(ctx)
}

// GetHeartbeatDetails decodes the details that the last heartbeat of an earlier attempt left,
// one value into each pointer. Pass pointers to fresh values: decoding may merge into what is
// there. It returns temporal.ErrNoData if there are no details, and outside an activity.
func GetHeartbeatDetails(ctx context.Context, pointers ...any) error {
	if outbound, ok := OutboundFrom(ctx); ok {
		return outbound.GetHeartbeatDetails(ctx, pointers...)
	}
	return temporal.ErrNoData
}
