package service

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"
)

// Only lets the hook have the calls of the methods, by their short names; others
// pass.
func Only(hook Hook, methods ...string) Hook {
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		if slices.Contains(methods, call.Method) {
			return hook(ctx, call)
		}
		return call.Do(ctx)
	}
}

// Times lets the hook have the first n calls; the rest pass. Put it inside of
// [Only] to count calls of those methods alone.
func Times(n int, hook Hook) Hook {
	var mu sync.Mutex
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		mu.Lock()
		n--
		mine := n >= 0
		mu.Unlock()
		if mine {
			return hook(ctx, call)
		}
		return call.Do(ctx)
	}
}

// Fail answers with the error; the service does not get the call. For an error of
// a certain code give a gRPC status, for one of the Temporal API one of
// go.temporal.io/api/serviceerror.
func Fail(err error) Hook {
	return func(context.Context, *Call) (proto.Message, error) { return nil, err }
}

// Lose performs the call and loses the response: the caller gets Unavailable.
func Lose() Hook {
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		_, _ = call.Do(ctx)
		return nil, serviceerror.NewUnavailable("the response was lost")
	}
}

// Repeat performs the call twice, one after the other, and answers with what came
// of the second.
func Repeat() Hook {
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		_, _ = call.Do(ctx)
		return call.Do(ctx)
	}
}

// Delay performs the call later. If its context ends before that, the service does
// not get it.
func Delay(d time.Duration) Hook {
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		if err := linger(ctx, d); err != nil {
			return nil, err
		}
		return call.Do(ctx)
	}
}

// DelayResponse performs the call at once and answers later.
func DelayResponse(d time.Duration) Hook {
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		response, err := call.Do(ctx)
		if late := linger(ctx, d); late != nil {
			return nil, late
		}
		return response, err
	}
}

// Swap performs two calls in the opposite order: the first, third and so on waits
// until the next one has been performed, or its context ends.
func Swap() Hook {
	var mu sync.Mutex
	var waits chan struct{}
	return func(ctx context.Context, call *Call) (proto.Message, error) {
		mu.Lock()
		first := waits
		if first != nil {
			waits = nil
			mu.Unlock()
			defer close(first)
			return call.Do(ctx)
		}
		second := make(chan struct{})
		waits = second
		mu.Unlock()
		select {
		case <-second:
			return call.Do(ctx)
		case <-ctx.Done():
			mu.Lock()
			if waits == second {
				waits = nil
			}
			mu.Unlock()
			return nil, ctx.Err()
		}
	}
}

func linger(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
