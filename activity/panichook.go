package activity

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/mainspring-go/mainspring/temporal"
)

// A PanicHook is told of each activity that panicked: for an error tracker. It is called on a
// goroutine of its own, several at once, after the attempt was reported. The attempt holds its slot
// until it returns. Nil is no hook.
type PanicHook func(ctx context.Context, info Info, err *temporal.PanicError)

// Tell calls the hook and waits until it is over. Its own panic is logged; neither that nor
// runtime.Goexit reaches the caller.
func (h PanicHook) Tell(ctx context.Context, info Info, err *temporal.PanicError, logger *slog.Logger) {
	if h == nil || err == nil {
		return
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if p := recover(); p != nil {
				logger.LogAttrs(ctx, slog.LevelError, "the hook for panics of activities panicked",
					slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			}
		}()
		h(ctx, info, err)
	}()
	<-over
}
