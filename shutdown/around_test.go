package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/shutdown"
)

var (
	errOwn   = errors.New("the body's own")
	errBroke = errors.New("a part broke")
	errStop  = errors.New("a part did not stop")
)

// The body's own error wins; what broke, or what the stop says, comes second.
func TestAround(t *testing.T) {
	for name, tt := range map[string]struct {
		before     func(t *testing.T, c *shutdown.Coordinator, cancel func())
		body       func(context.Context) error
		want, also error
	}{
		"nothing":        {nil, func(context.Context) error { return nil }, errStop, nil},
		"own error":      {nil, func(context.Context) error { return errOwn }, errOwn, nil},
		"own, and broke": {broke, func(ctx context.Context) error { <-ctx.Done(); return errOwn }, errOwn, errBroke},
		"obeys":          {broke, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, errStop, errBroke},
		"wraps":          {broke, func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("x: %w", ctx.Err()) }, errStop, errBroke},
		"cause":          {broke, func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, errBroke, errBroke},
		"swallows":       {broke, func(ctx context.Context) error { <-ctx.Done(); return nil }, errStop, errBroke},
		"caller cancels": {
			func(_ *testing.T, _ *shutdown.Coordinator, cancel func()) { cancel() },
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, context.Canceled, nil,
		},
		"caller cancels, then broke": {
			func(_ *testing.T, c *shutdown.Coordinator, cancel func()) {
				cancel()
				synctest.Wait()
				c.Fatal(errBroke)
			},
			func(ctx context.Context) error { <-ctx.Done(); synctest.Wait(); return ctx.Err() }, context.Canceled, errBroke,
		},
		"shut down": {
			shut,
			func(ctx context.Context) error { synctest.Wait(); return ctx.Err() }, errStop, nil,
		},
		"shut down, then broke": {
			func(t *testing.T, c *shutdown.Coordinator, cancel func()) {
				t.Helper()
				shut(t, c, cancel)
				c.Fatal(errBroke)
			},
			func(ctx context.Context) error { synctest.Wait(); return ctx.Err() }, errStop, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				stops := 0
				err := c.Around(ctx, func(ctx context.Context) error {
					if tt.before != nil {
						tt.before(t, c, cancel)
					}
					return tt.body(ctx)
				}, func() error { stops++; return errStop })
				if !errors.Is(err, tt.want) || stops != 1 {
					t.Errorf("got %v after %d stops, want %v", err, stops, tt.want)
				}
				if got := c.Broken(); !errors.Is(got, tt.also) || (got == nil) != (tt.also == nil) {
					t.Errorf("broken: %v, want %v", got, tt.also)
				}
			})
		})
	}
}

func broke(_ *testing.T, c *shutdown.Coordinator, _ func()) { c.Fatal(errBroke) }

func shut(t *testing.T, c *shutdown.Coordinator, _ func()) {
	t.Helper()
	if _, err := c.Shutdown(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestAroundStopsWhateverTheBodyDoes(t *testing.T) {
	for name, body := range map[string]func(context.Context) error{
		"panics": func(context.Context) error { panic("broken body") },
		"exits":  func(context.Context) error { runtime.Goexit(); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
			if c.IsDone() {
				t.Errorf("%s: done before it began", name)
			}
			go func() {
				defer func() { _ = recover() }()
				_ = c.Around(t.Context(), body, func() error {
					_, err := c.Shutdown(t.Context(), nil)
					return err
				})
			}()
			synctest.Wait()
			if !c.IsDone() {
				t.Errorf("%s: it was not shut down", name)
			}
		})
	}
}
