package shutdown

import (
	"context"
	"errors"
)

// Broken returns the cause of the shutdown if that was given to Fatal: nobody asked for it. It is nil
// in all other cases.
func (c *Coordinator) Broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.broke {
		return nil
	}
	return c.cause
}

// Around calls body, and then stop, whatever body does: also if it panics. Stop is to call Shutdown,
// its error says how that went.
//
// The context of body ends with ctx, and at the first Fatal, with what broke as its cause; it does
// not when Shutdown is called. Around returns the error of body. It returns that of stop if body
// returned nil, or a cancellation that came of what broke.
func (c *Coordinator) Around(
	ctx context.Context, body func(ctx context.Context) error, stop func() error,
) (err error) {
	within, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-within.Done():
		case <-c.triggered:
			if broken := c.Broken(); broken != nil {
				cancel(broken)
			}
		}
	}()
	defer func() {
		broken := c.Broken()
		swept := broken != nil && errors.Is(context.Cause(within), broken) && errors.Is(err, context.Canceled)
		cancel(nil)
		if stopped := stop(); err == nil || swept {
			err = stopped
		}
	}()
	return body(within)
}
