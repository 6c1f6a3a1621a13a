package shutdowntest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func everyCaller(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute})
	defer r.close()
	oops := errors.New("oops")
	if err := errors.Join(r.takes("a", "slow", 10*time.Second), r.fails("a", "bad", oops)); err != nil {
		return err
	}
	type answer struct {
		report shutdown.Report
		err    error
		at     time.Duration
	}
	answers := make(chan answer, 10)
	for i := range cap(answers) {
		go func() {
			time.Sleep(time.Duration(i) * 2 * time.Second) // the last ones come when all is over
			report, err := r.shutdown(ctx)
			answers <- answer{report, err, time.Since(r.began)}
		}()
	}
	time.Sleep(time.Minute)
	if len(answers) != cap(answers) {
		return fmt.Errorf("of %d callers %d still wait", cap(answers), cap(answers)-len(answers))
	}
	for range cap(answers) {
		a := <-answers
		if err := errors.Join(
			within(a.err, oops),
			became(a.report, "a", "slow", shutdown.Drained),
			became(a.report, "a", "bad", shutdown.Failed),
		); err != nil {
			return fmt.Errorf("the caller that returned after %v: %w", a.at, err)
		}
		if a.at < 10*time.Second || a.report.Took != 10*time.Second || !a.report.Began.Equal(r.began) {
			return fmt.Errorf("the caller that returned after %v has a report of another shutdown: "+
				"began after %v, took %v", a.at, a.report.Began.Sub(r.began), a.report.Took)
		}
	}
	return r.noted(note{0, "slow begins"}, note{10 * time.Second, "slow ends"})
}

func impatientIsFreed(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
	defer r.close()
	if err := errors.Join(r.ignores("a", "deaf"), r.takes("b", "next", time.Second)); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := r.Shutdown(limited, nil)
	if err := errors.Join(within(err, context.DeadlineExceeded), r.after(time.Second, time.Second)); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Shutdown(ended, nil)
	if err := errors.Join(within(err, context.Canceled), r.after(time.Second, time.Second)); err != nil {
		return fmt.Errorf("with a context that has ended: %w", err)
	}
	time.Sleep(time.Minute)
	if !closed(r.Done()) {
		return errors.New("the shutdown did not go on when its caller had left")
	}
	return r.after(time.Minute, 2*time.Minute)
}

func impatienceCuts(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Hour},
		shutdown.Stage{Name: "b", Timeout: 10 * time.Second})
	defer r.close()
	if err := errors.Join(r.obeys("a", "first"), r.obeys("b", "second")); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _ = r.Shutdown(limited, nil)
	report, _ := r.shutdown(ctx)
	if err := r.noted(note{time.Second, "first obeys"}, note{11 * time.Second, "second obeys"}); err != nil {
		return err
	}
	if report.Stages[0].Cut == nil || report.Stages[1].Cut != nil {
		return fmt.Errorf("the report says that a was cut %t and b %t, want true and false",
			report.Stages[0].Cut != nil, report.Stages[1].Cut != nil)
	}
	return nil
}

func secondImpatience(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
	defer r.close()
	if err := errors.Join(r.obeys("a", "first"), r.obeys("b", "second")); err != nil {
		return err
	}
	for _, patience := range []time.Duration{time.Second, time.Minute} {
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		go func() { _, _ = r.Shutdown(limited, nil) }()
	}
	time.Sleep(time.Hour)
	if !closed(r.Done()) {
		return errors.New("not done though two callers have left, one in each stage")
	}
	return r.noted(note{time.Second, "first obeys"}, note{time.Minute, "second obeys"})
}

func badMember(_ context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
	defer r.close()
	good := func(context.Context) error { return nil }
	if err := errors.Join(r.Add("a", "x", good), r.Add("b", "x", good)); err != nil {
		return fmt.Errorf("add of good members: %w", err)
	}
	for _, bad := range []struct {
		what, stage, name string
		stop              func(context.Context) error
	}{
		{"an unknown stage", "c", "y", good},
		{"no name", "a", "", good},
		{"a name that is taken", "a", "x", good},
		{"nothing to call", "a", "y", nil},
	} {
		if r.Add(bad.stage, bad.name, bad.stop) == nil {
			return fmt.Errorf("a member with %s was accepted", bad.what)
		}
	}
	return nil
}

func addUntil(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a", Timeout: time.Minute},
		shutdown.Stage{Name: "b", Timeout: time.Minute})
	defer r.close()
	var same, next error
	if err := r.Add("a", "adds", func(context.Context) error {
		same = r.takes("a", "too late", 0)
		next = r.takes("b", "in time", 0)
		return nil
	}); err != nil {
		return err
	}
	report, err := r.shutdown(ctx)
	if err != nil {
		return fmt.Errorf("unexpected error: %w", err)
	}
	if next != nil {
		return fmt.Errorf("add to a stage that has not begun: %w", next)
	}
	if err := within(same, shutdown.ErrStageBegun); err != nil {
		return fmt.Errorf("add to a stage that has begun: %w", err)
	}
	if err := within(r.takes("b", "after all", 0), shutdown.ErrStageBegun); err != nil {
		return fmt.Errorf("add after the end: %w", err)
	}
	return errors.Join(became(report, "b", "in time", shutdown.Drained),
		r.noted(note{0, "in time begins"}, note{0, "in time ends"}))
}

func doneIsLast(ctx context.Context, mk New) error {
	r := newRig(mk, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
	defer r.close()
	if err := errors.Join(r.takes("a", "x", time.Second), r.takes("b", "y", time.Second)); err != nil {
		return err
	}
	go func() { _, _ = r.shutdown(ctx) }()
	for range 2 {
		synctest.Wait()
		if closed(r.Done()) {
			return errors.New("done is closed while a member still stops")
		}
		time.Sleep(time.Second)
	}
	synctest.Wait()
	if !closed(r.Done()) {
		return errors.New("done is open though all is over")
	}
	return nil
}
