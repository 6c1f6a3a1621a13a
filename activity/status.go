package activity

import (
	"context"
	"time"
)

// HeartbeatStatus is what has become of an attempt's heartbeats so far.
type HeartbeatStatus struct {
	// Sent is when the last call to the server was made, zero if none was.
	Sent time.Time
	// Err is the error of the last call that is over, nil if the server took it or there was
	// none. An activity that cannot do without the server may want to stop when errors go on;
	// the worker stops it when its heartbeat timeout must have passed.
	Err error
	// Next is when the next call may be made, zero if the next heartbeat goes out at once.
	Next time.Time
	// Waiting is true if the details recorded last have not reached the server and are not on
	// their way: they go out at Next.
	Waiting bool
}

// HeartbeatReporter is what an [Outbound] can also be: what [GetHeartbeatStatus] asks.
type HeartbeatReporter interface {
	// HeartbeatStatus tells of the heartbeats so far.
	HeartbeatStatus(ctx context.Context) HeartbeatStatus
}

// GetHeartbeatStatus tells what has become of the heartbeats of the running attempt, which
// [RecordHeartbeat] itself does not. It costs no call. Outside an activity, and in a local one,
// it is the zero value.
func GetHeartbeatStatus(ctx context.Context) HeartbeatStatus {
	if r, ok := ctx.Value(reporterKey{}).(HeartbeatReporter); ok {
		return r.HeartbeatStatus(ctx)
	}
	return HeartbeatStatus{}
}

type reporterKey struct{}

// outboundContext gives the outbound in place, and the nearest one that reports of heartbeats:
// a wrapper that does not care hides nothing.
type outboundContext struct {
	context.Context //nolint:containedctx // it is one

	outbound Outbound
}

// Value implements context.Context.
func (c outboundContext) Value(key any) any {
	switch key.(type) {
	case outboundKey:
		return c.outbound
	case reporterKey:
		if r, ok := c.outbound.(HeartbeatReporter); ok {
			return r
		}
	case encodedKey:
		if e, ok := c.outbound.(EncodedHeartbeats); ok {
			return e
		}
	}
	return c.Context.Value(key)
}
