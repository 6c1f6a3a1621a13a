// Code generated from ../workflows/acts.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// Acts are the activities.
type Acts struct{}

// Echo returns what it is given.
func (*Acts) Echo(s string) (string, error) { return s, nil }

// Point is a value with fields.
type Point struct {
	X, Y int
	Name string `json:"name,omitempty"`
}

// Move adds to a point as often as it is told.
func (*Acts) Move(_ context.Context, p Point, by *Point, times int) (*Point, error) {
	if by == nil {
		return nil, nil
	}
	return &Point{X: p.X + times*by.X, Y: p.Y + times*by.Y, Name: p.Name + by.Name}, nil
}

// Bytes returns what it is given, the other way round.
func (*Acts) Bytes(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b))
	for i := range b {
		out = append(out, b[len(b)-1-i])
	}
	return out, nil
}

// Nothing returns nothing.
func (*Acts) Nothing(context.Context) error { return nil }

// What returns what an activity is told of itself.
func (*Acts) What(ctx context.Context) (string, error) {
	i := activity.GetInfo(ctx)
	return fmt.Sprintf("%s %s %s attempt %d %v %v", i.ActivityID, i.ActivityType.Name, i.WorkflowType.Name,
		i.Attempt, i.StartToCloseTimeout, i.HeartbeatTimeout), nil
}

// A RefusalError is an error of a type of its own.
type RefusalError struct{ why string }

// Error implements error.
func (r *RefusalError) Error() string { return "refused: " + r.why }

// Break fails in the way that it is told.
func (*Acts) Break(ctx context.Context, how string) error {
	switch how {
	case "application":
		return temporal.NewApplicationError("broken", "Broken", "one", 2)
	case "final":
		return temporal.NewNonRetryableApplicationError("final", "Final", errors.New("because"), Point{X: 1})
	case "options":
		return temporal.NewApplicationErrorWithOptions("options", "Options", temporal.ApplicationErrorOptions{
			NonRetryable: true, Cause: &RefusalError{"deep"}, Details: []any{"d"},
			Category: temporal.ApplicationErrorCategoryBenign,
		})
	case "plain":
		return errors.New("plain")
	case "own":
		return &RefusalError{"own"}
	case "wrapped":
		return fmt.Errorf("around: %w", temporal.NewApplicationError("inside", "Inside"))
	case "panic":
		panic("out of luck") //nolint:forbidigo // this is what the case is about
	case "canceled":
		return temporal.NewCanceledError("by itself")
	case "slow":
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return nil
		}
	case "silent":
		activity.RecordHeartbeat(ctx, "still here")
		<-ctx.Done()
		return ctx.Err()
	default:
		return nil
	}
}

// Third fails twice.
func (*Acts) Third(ctx context.Context) (int32, error) {
	n := activity.GetInfo(ctx).Attempt
	if n < 3 {
		return 0, temporal.NewApplicationErrorWithOptions("not yet", "Early",
			temporal.ApplicationErrorOptions{NextRetryDelay: 10 * time.Millisecond})
	}
	return n, nil
}

// Resume fails once and then returns what it has remembered.
func (*Acts) Resume(ctx context.Context) (string, error) {
	if activity.HasHeartbeatDetails(ctx) {
		var s string
		err := activity.GetHeartbeatDetails(ctx, &s)
		return s, err
	}
	activity.RecordHeartbeat(ctx, "half way")
	return "", errors.New("interrupted")
}

// Elsewhere is completed by someone else.
func (*Acts) Elsewhere() (string, error) { return "", activity.ErrResultPending }

// Obey works until it is canceled.
func (*Acts) Obey(ctx context.Context) error {
	for {
		activity.RecordHeartbeat(ctx, "alive")
		select {
		case <-ctx.Done():
			return temporal.NewCanceledError("obeyed")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
