package shutdowntest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func failure(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute}, shutdown.Stage{Name: "b"})
	defer r.close()
	oops := errors.New("oops")
	if err := errors.Join(
		r.fails("a", "bad", oops), r.takes("a", "good", time.Second), r.takes("b", "next", time.Second),
	); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err := errors.Join(
		within(err, oops),
		r.after(2*time.Second, 2*time.Second),
		became(report, "a", "bad", shutdown.Failed),
		became(report, "a", "good", shutdown.Drained),
		became(report, "b", "next", shutdown.Drained),
	); err != nil {
		return err
	}
	for _, m := range report.Stages[0].Members {
		if m.Name == "bad" {
			return within(m.Err, oops)
		}
	}
	return nil
}

func panicIsContained(ctx context.Context, mk New) error {
	return contained(ctx, mk, func(context.Context) error {
		return errors.New(strings.Repeat("boom", -1)) // panics
	})
}

func exitIsContained(ctx context.Context, mk New) error {
	return contained(ctx, mk, func(context.Context) error {
		runtime.Goexit()
		return nil
	})
}

// contained checks that a member that does not return properly has failed, at once, and alone.
func contained(ctx context.Context, mk New, stop func(context.Context) error) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute}, shutdown.Stage{Name: "b"})
	defer r.close()
	if err := errors.Join(
		r.Add("a", "bad", stop), r.takes("a", "good", time.Second), r.takes("b", "next", time.Second),
	); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err == nil {
		return errors.New("shutdown returned no error though a member did not return")
	}
	if err := errors.Join(
		r.after(2*time.Second, 2*time.Second),
		became(report, "a", "bad", shutdown.Failed),
		became(report, "a", "good", shutdown.Drained),
		became(report, "b", "next", shutdown.Drained),
	); err != nil {
		return err
	}
	if m := report.Stages[0].Members[0]; m.Name == "bad" && m.Err == nil {
		return errors.New("the report does not say what happened to the member")
	}
	return nil
}

func firstFatal(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"})
	defer r.close()
	first, second, third := errors.New("first"), errors.New("second"), errors.New("third")
	if err := r.takes("a", "slow", time.Second); err != nil {
		return err
	}
	r.Fatal(nil) // nothing happened
	r.Fatal(first)
	r.Fatal(second)
	time.AfterFunc(500*time.Millisecond, func() { r.Fatal(third) }) // while it stops
	report, err := r.shutdown(ctx)
	if err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	if err := within(report.Cause, first); err != nil {
		return fmt.Errorf("cause: %w", err)
	}
	if len(report.Fatals) != 2 {
		return fmt.Errorf("the report keeps %q, want the second and the third error", report.Fatals)
	}
	return errors.Join(within(report.Fatals[0], second), within(report.Fatals[1], third))
}

func fatalStopsNothing(_ context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Second})
	defer r.close()
	if err := r.takes("a", "member", 0); err != nil {
		return err
	}
	if closed(r.Triggered()) {
		return errors.New("triggered is closed before anything happened")
	}
	r.Fatal(errors.New("boom"))
	if !closed(r.Triggered()) {
		return errors.New("triggered is open after Fatal")
	}
	r.Fatal(errors.New("again"))
	time.Sleep(time.Hour)
	if closed(r.Done()) {
		return errors.New("done is closed though nobody called Shutdown")
	}
	return r.noted()
}

func shutdownTriggers(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"})
	defer r.close()
	if err := r.takes("a", "slow", time.Minute); err != nil {
		return err
	}
	why := errors.New("why")
	var triggered atomic.Bool
	time.AfterFunc(time.Second, func() { triggered.Store(closed(r.Triggered())) })
	report, err := r.Shutdown(ctx, why)
	if err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	if !triggered.Load() {
		return errors.New("triggered is open while a shutdown runs")
	}
	if err := within(report.Cause, why); err != nil {
		return fmt.Errorf("cause: %w", err)
	}
	return nil
}
