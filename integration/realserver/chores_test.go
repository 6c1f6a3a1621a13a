package realserver_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	sdkactivity "go.temporal.io/sdk/activity"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// chore has the activities of chores.
type chore struct{ waits atomic.Int32 }

// Wait takes its time and heeds its context.
func (c *chore) Wait(ctx context.Context, d time.Duration) error {
	c.waits.Add(1)
	return wait(ctx, d)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flaky fails until its n-th attempt, and returns n.
func (*chore) Flaky(ctx context.Context, n int) (int, error) {
	if i := activity.GetInfo(ctx); int(i.Attempt) < n || !i.IsLocalActivity {
		return 0, errors.New("not yet")
	}
	return n, nil
}

// Fail fails for good.
func (*chore) Fail() error { return temporal.NewNonRetryableApplicationError("broken", "Broken", nil) }

// Panic panics.
func (*chore) Panic() error { panic("the spring broke") }

// sdkChore is chore with other imports.
type sdkChore struct{}

// Wait takes its time and heeds its context.
func (*sdkChore) Wait(ctx context.Context, d time.Duration) error { return wait(ctx, d) }

// Flaky fails until its n-th attempt, and returns n.
func (*sdkChore) Flaky(ctx context.Context, n int) (int, error) {
	if int(sdkactivity.GetInfo(ctx).Attempt) < n {
		return 0, errors.New("not yet")
	}
	return n, nil
}

// Fail fails for good.
func (*sdkChore) Fail() error {
	return sdktemporal.NewNonRetryableApplicationError("broken", "Broken", nil)
}

// Panic panics.
func (*sdkChore) Panic() error { panic("the spring broke") }
