package shutdowntest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func stagesInOrder(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "z", Timeout: time.Minute},
		shutdown.Stage{Name: "m", Timeout: time.Minute}, shutdown.Stage{Name: "a"})
	defer r.close()
	if err := errors.Join(
		r.takes("a", "third", time.Second),
		r.takes("z", "first", 3*time.Second),
		r.takes("m", "second", 2*time.Second),
	); err != nil {
		return err
	}
	if _, err := r.shutdown(ctx); err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	return r.noted(
		note{0, "first begins"}, note{3 * time.Second, "first ends"},
		note{3 * time.Second, "second begins"}, note{5 * time.Second, "second ends"},
		note{5 * time.Second, "third begins"}, note{6 * time.Second, "third ends"})
}

func membersTogether(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute})
	defer r.close()
	for i := range 10 {
		if err := r.takes("a", fmt.Sprint(i), 10*time.Second); err != nil {
			return err
		}
	}
	if _, err := r.shutdown(ctx); err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	return r.after(10*time.Second, 10*time.Second)
}

func nothingToStop(ctx context.Context, mk New) error {
	for _, stages := range [][]shutdown.Stage{
		nil, {{Name: "a"}}, {{Name: "a", Timeout: time.Second}, {Name: "b", Timeout: time.Second}},
	} {
		r := newRig(mk, stages...)
		_, err := r.shutdown(ctx)
		late := r.after(0, 0)
		done := closed(r.Done())
		r.close()
		switch {
		case err != nil:
			return fmt.Errorf("unexpected error: %w", err)
		case late != nil:
			return late
		case !done:
			return errors.New("done is open after Shutdown returned")
		}
	}
	return nil
}

func reportNamesAll(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute},
		shutdown.Stage{Name: "empty"}, shutdown.Stage{Name: "b", Timeout: time.Minute})
	defer r.close()
	if err := errors.Join(
		r.takes("a", "x", time.Second), r.takes("a", "y", 2*time.Second), r.takes("b", "x", 0),
	); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	var names []string
	for _, s := range report.Stages {
		names = append(names, s.Name)
	}
	if fmt.Sprint(names) != "[a empty b]" {
		return fmt.Errorf("stages in the report: %v, want [a empty b]", names)
	}
	if report.Took != 2*time.Second || !report.Began.Equal(r.began) {
		return fmt.Errorf("began %v after Shutdown, took %v, want 0s and 2s",
			report.Began.Sub(r.began), report.Took)
	}
	a, b := report.Stages[0], report.Stages[2]
	if a.Took != 2*time.Second || !b.Began.Equal(r.began.Add(2*time.Second)) {
		return fmt.Errorf("stage a took %v, b began after %v, want 2s each", a.Took, b.Began.Sub(r.began))
	}
	if len(a.Members) != 2 || len(b.Members) != 1 {
		return fmt.Errorf("%d and %d members, want 2 and 1", len(a.Members), len(b.Members))
	}
	return errors.Join(became(report, "a", "x", shutdown.Drained),
		became(report, "a", "y", shutdown.Drained), became(report, "b", "x", shutdown.Drained))
}

func deadlineEndsContext(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: 10 * time.Second},
		shutdown.Stage{Name: "b", Timeout: 5 * time.Second})
	defer r.close()
	if err := errors.Join(r.obeys("a", "first"), r.obeys("b", "second")); err != nil {
		return err
	}
	_, err := r.shutdown(ctx)
	if err := within(err, context.DeadlineExceeded); err != nil {
		return err
	}
	return r.noted(note{10 * time.Second, "first obeys"}, note{15 * time.Second, "second obeys"})
}

func noTimeout(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"})
	defer r.close()
	if err := r.takes("a", "slow", time.Hour); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	return errors.Join(r.after(time.Hour, time.Hour), became(report, "a", "slow", shutdown.Drained))
}

func ignorerIsAbandoned(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: 10 * time.Second},
		shutdown.Stage{Name: "b", Timeout: time.Minute})
	defer r.close()
	if err := errors.Join(
		r.ignores("a", "deaf"), r.takes("a", "quick", time.Second), r.takes("b", "next", time.Second),
	); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err == nil {
		return errors.New("shutdown returned no error though a member was abandoned")
	}
	return errors.Join(
		r.after(11*time.Second, 11*time.Second+Slack),
		became(report, "a", "deaf", shutdown.Abandoned),
		became(report, "a", "quick", shutdown.Drained),
		became(report, "b", "next", shutdown.Drained))
}

func obedient(ctx context.Context, mk New) error {
	for range 20 { // whoever judges at the deadline itself errs only now and then
		r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Second})
		err := r.obeys("a", "obedient")
		report, _ := r.shutdown(ctx)
		r.close()
		if err := errors.Join(err, became(report, "a", "obedient", shutdown.Canceled)); err != nil {
			return err
		}
	}
	return nil
}

func canceled(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: 10 * time.Second}, shutdown.Stage{Name: "b"})
	defer r.close()
	oops := errors.New("oops")
	after := func(err error) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case <-r.over:
			}
			return err
		}
	}
	if err := errors.Join(
		r.Add("a", "well", after(nil)), r.Add("a", "badly", after(oops)),
		r.takes("a", "quick", 9*time.Second), r.fails("a", "early", context.Canceled),
		r.Add("b", "hurried", after(nil)),
	); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, _ = r.Shutdown(limited, nil) // loses patience in b
	report, err := r.shutdown(ctx)
	return errors.Join(
		within(err, oops),
		became(report, "a", "well", shutdown.Canceled),
		became(report, "a", "badly", shutdown.Canceled),
		became(report, "a", "quick", shutdown.Drained),
		became(report, "a", "early", shutdown.Failed),
		became(report, "b", "hurried", shutdown.Canceled))
}

func lateReturn(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Second},
		shutdown.Stage{Name: "b", Timeout: time.Minute})
	defer r.close()
	if err := errors.Join(
		r.takes("a", "late", 10*time.Second),  // returns during the next stage
		r.takes("a", "later", 90*time.Second), // returns after the end
		r.takes("b", "next", 30*time.Second),
	); err != nil {
		return err
	}
	report, _ := r.shutdown(ctx)
	time.Sleep(time.Hour)
	after, _ := r.shutdown(ctx)
	for _, report := range []shutdown.Report{report, after} {
		if err := errors.Join(
			became(report, "a", "late", shutdown.Abandoned),
			became(report, "a", "later", shutdown.Abandoned),
			became(report, "b", "next", shutdown.Drained),
		); err != nil {
			return err
		}
		if report.Took > 31*time.Second+Slack {
			return fmt.Errorf("took %v, want about 31s", report.Took)
		}
	}
	return nil
}
