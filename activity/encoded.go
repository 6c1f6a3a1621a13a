package activity

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
)

// EncodedHeartbeats is what an [Outbound] can also be: it deals with details that were encoded
// elsewhere, or will be decoded there. It is for executors that run calls in other processes.
type EncodedHeartbeats interface {
	// RecordEncodedHeartbeat is RecordHeartbeat with details that are encoded; nil for none.
	RecordEncodedHeartbeat(ctx context.Context, details *commonpb.Payloads)
	// EncodedHeartbeatDetails are those that an earlier attempt left, nil if it left none.
	EncodedHeartbeatDetails(ctx context.Context) *commonpb.Payloads
}

type encodedKey struct{}

// RecordEncodedHeartbeat is [RecordHeartbeat] with details that another process has encoded, nil
// for none. An [Outbound] without [EncodedHeartbeats] gets them as one detail.
func RecordEncodedHeartbeat(ctx context.Context, details *commonpb.Payloads) {
	switch e, ok := ctx.Value(encodedKey{}).(EncodedHeartbeats); {
	case ok:
		e.RecordEncodedHeartbeat(ctx, details)
	case details == nil:
		RecordHeartbeat(ctx)
	default:
		RecordHeartbeat(ctx, details)
	}
}

// EncodedHeartbeatDetails are the heartbeat details that an earlier attempt left, as they are; nil
// if it left none, outside an activity, and if the [Outbound] has no [EncodedHeartbeats].
func EncodedHeartbeatDetails(ctx context.Context) *commonpb.Payloads {
	if e, ok := ctx.Value(encodedKey{}).(EncodedHeartbeats); ok {
		return e.EncodedHeartbeatDetails(ctx)
	}
	return nil
}
