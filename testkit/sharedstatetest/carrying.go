package sharedstatetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// The clauses on what the halves carry.

func heartbeatsReach(ctx context.Context, mk New) error {
	r := join(mk())
	for _, text := range []string{"one", "", "three"} {
		if err := r.heartbeat(ctx, text); err != nil {
			return err
		}
	}
	if err := r.close(ctx); err != nil {
		return err
	}
	if beats, _, _, _ := r.seen(); !slices.Equal(beats, []string{"one", "nothing", "three"}) {
		return fmt.Errorf("the worker recorded %q", beats)
	}
	return nil
}

func heartbeatWaits(ctx context.Context, mk New) error {
	r := join(mk())
	for _, text := range []string{"one", "two"} {
		if err := r.heartbeat(ctx, text); err != nil {
			return err
		}
		if beats, _, _, _ := r.seen(); len(beats) == 0 || beats[len(beats)-1] != text {
			return fmt.Errorf("the heartbeat %q returned when the worker had recorded %q", text, beats)
		}
	}
	return r.close(ctx)
}

func heartbeatObeysContext(ctx context.Context, mk New) error {
	r := join(mk())
	r.hold = make(chan struct{})
	gone, cancel := context.WithCancel(ctx)
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		r.child.Heartbeat(gone, nil)
	}()
	cancel()
	err := within(ctx, "a heartbeat whose context is done", func() { <-returned })
	close(r.hold)
	return errors.Join(err, r.close(ctx))
}

// busy is a rig whose worker deals with a heartbeat until release is called.
func busy(ctx context.Context, mk New) (r *rig, release func(), err error) {
	r = join(mk())
	r.hold = make(chan struct{})
	release = sync.OnceFunc(func() { close(r.hold) })
	go func() { _ = r.heartbeat(ctx, "first") }()
	return r, release, until(ctx, "the first heartbeat is sent", func() bool {
		_, _, _, sent := r.seen()
		return sent > 0
	})
}

func newestIsKept(ctx context.Context, mk New) error {
	r, release, err := busy(ctx, mk)
	defer release()
	if err != nil {
		return err
	}
	for i := range 20 {
		if err := r.heartbeat(ctx, fmt.Sprint("later ", i)); err != nil {
			return fmt.Errorf("while another is under way: %w", err)
		}
	}
	release()
	if err := r.close(ctx); err != nil {
		return err
	}
	if beats, _, _, _ := r.seen(); !slices.Equal(beats, []string{"first", "later 19"}) {
		return fmt.Errorf("the worker recorded %q, want the first and the newest", beats)
	}
	return nil
}

func closeFlushes(ctx context.Context, mk New) error {
	r, release, err := busy(ctx, mk)
	defer release()
	if err != nil {
		return err
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		r.child.Close()
	}()
	select {
	case <-closed:
		return errors.New("the child's half is closed while its heartbeat is under way")
	case <-time.After(20 * time.Millisecond): // that is long for nothing to do
	}
	release()
	return errors.Join(within(ctx, "Close", func() { <-closed }), r.close(ctx))
}

func heartbeatLearns(ctx context.Context, mk New) error {
	r := join(mk())
	r.ended = activity.ErrActivityPaused
	if err := r.heartbeat(ctx, "one"); err != nil {
		return err
	}
	if _, ends, _, _ := r.seen(); len(ends) != 1 || !errors.Is(ends[0], activity.ErrActivityPaused) {
		return fmt.Errorf("the heartbeat has returned, and the activity knows %v", ends)
	}
	return r.close(ctx)
}

func statusReaches(ctx context.Context, mk New) error {
	r := join(mk())
	want := activity.HeartbeatStatus{
		Sent: time.Unix(1000, 5), Next: time.Unix(2000, 0), Waiting: true, Err: errors.New("the server is away"),
	}
	r.status = want
	for range 2 {
		var got activity.HeartbeatStatus
		if err := within(ctx, "Status", func() { got = r.child.Status() }); err != nil {
			return err
		}
		if got.Err == nil || got.Err.Error() != want.Err.Error() || !got.Sent.Equal(want.Sent) || !got.Next.Equal(want.Next) || !got.Waiting {
			return fmt.Errorf("got %+v, want %+v", got, want)
		}
	}
	r.mu.Lock()
	r.status = activity.HeartbeatStatus{}
	r.mu.Unlock()
	if got := r.child.Status(); got != (activity.HeartbeatStatus{}) {
		return fmt.Errorf("got %+v, want none", got)
	}
	return r.close(ctx)
}

func cancelReaches(ctx context.Context, mk New) error {
	for _, cause := range []error{
		activity.ErrActivityPaused, activity.ErrActivityReset, activity.ErrWorkerShutdown, context.Canceled,
		fmt.Errorf("wrapped: %w", activity.ErrWorkerShutdown),
	} {
		r := join(mk())
		r.worker.Cancel(cause)
		r.worker.Cancel(errors.New("another"))
		err := until(ctx, "the activity is cancelled", func() bool {
			_, ends, _, _ := r.seen()
			return len(ends) > 0
		})
		if err := errors.Join(err, r.close(ctx)); err != nil {
			return err
		}
		_, ends, _, _ := r.seen()
		known := cause
		if inner := errors.Unwrap(cause); inner != nil {
			known = inner
		}
		if len(ends) != 1 || !errors.Is(ends[0], known) || ends[0].Error() != cause.Error() {
			return fmt.Errorf("the activity learnt %v, want %w", ends, cause)
		}
	}
	r := join(mk())
	r.worker.Cancel(temporal.NewCanceledError())
	err := until(ctx, "the activity is cancelled", func() bool {
		_, ends, _, _ := r.seen()
		return len(ends) > 0
	})
	if _, ends, _, _ := r.seen(); err == nil && !temporal.IsCanceledError(ends[0]) {
		err = fmt.Errorf("the activity learnt %w, want a *temporal.CanceledError", ends[0])
	}
	return errors.Join(err, r.close(ctx))
}

func stopReaches(ctx context.Context, mk New) error {
	r := join(mk())
	r.worker.Stop()
	r.worker.Stop()
	err := until(ctx, "the activity knows of the stop", func() bool {
		_, _, stops, _ := r.seen()
		return stops > 0
	})
	if err := errors.Join(err, r.close(ctx)); err != nil {
		return err
	}
	if _, ends, stops, _ := r.seen(); stops != 1 || len(ends) != 0 {
		return fmt.Errorf("the activity was told %d times, and of %d ends of its context", stops, len(ends))
	}
	return nil
}

func callsKeepApart(ctx context.Context, mk New) error {
	m := mk()
	var calls []*rig
	for range 10 {
		calls = append(calls, join(m))
	}
	var group sync.WaitGroup
	sent := make([]error, len(calls))
	for i, r := range calls {
		group.Go(func() { sent[i] = r.heartbeat(ctx, fmt.Sprint("of call ", i)) })
	}
	group.Wait()
	errs := slices.Clone(sent)
	calls[3].worker.Stop()
	for i, r := range calls {
		errs = append(errs, r.close(ctx))
		if beats, _, stops, _ := r.seen(); !slices.Equal(beats, []string{fmt.Sprint("of call ", i)}) || (stops == 1) != (i == 3) {
			errs = append(errs, fmt.Errorf("call %d has %q and %d stops", i, beats, stops))
		}
	}
	return errors.Join(errs...)
}

func garbageIsAnError(ctx context.Context, mk New) error {
	r := join(mk())
	for _, garbage := range [][]byte{{0xff}, []byte("this is no message of anybody"), {0, 0, 0, 0, 0}} {
		for side, receive := range map[string]func([]byte) error{"worker": r.worker.Receive, "child": r.child.Receive} {
			if err := receive(garbage); err == nil {
				return fmt.Errorf("the half of the %s takes %q", side, garbage)
			}
		}
	}
	return r.close(ctx)
}

func closedIsSilent(ctx context.Context, mk New) error {
	r := join(mk())
	if err := errors.Join(r.heartbeat(ctx, "one"), r.close(ctx)); err != nil {
		return err
	}
	_, _, _, before := r.seen()
	r.worker.Cancel(context.Canceled)
	r.worker.Stop()
	if err := r.heartbeat(ctx, "two"); err != nil {
		return err
	}
	if err := within(ctx, "Status of a half that is closed", func() { r.child.Status() }); err != nil {
		return err
	}
	if beats, ends, stops, sent := r.seen(); len(beats) != 1 || len(ends) != 0 || stops != 0 || sent != before {
		return fmt.Errorf("after Close there came %q, %v, %d stops and %d messages", beats, ends, stops, sent-before)
	}
	return r.close(ctx)
}

func sendingMayFail(ctx context.Context, mk New) error {
	r := join(mk())
	r.cut = errors.New("nobody is there")
	err := r.heartbeat(ctx, "one")
	r.worker.Cancel(context.Canceled)
	r.worker.Stop()
	return errors.Join(err, within(ctx, "Status", func() { r.child.Status() }), r.close(ctx))
}

// The clauses on who holds the manager.

func heldIsNotClosed(ctx context.Context, mk New) error {
	m := mk()
	one, err := m.Hold()
	if err != nil {
		return fmt.Errorf("the first Hold: %w", err)
	}
	two, err := m.Hold()
	if err != nil {
		return fmt.Errorf("a second Hold: %w", err)
	}
	one()
	one()
	if err := m.Close(); err == nil {
		return errors.New("it was closed while it was held")
	}
	r := join(m)
	if err := errors.Join(r.heartbeat(ctx, "one"), r.close(ctx)); err != nil {
		return fmt.Errorf("after a Close that failed: %w", err)
	}
	two()
	if err := m.Close(); err != nil {
		return fmt.Errorf("the Close of a manager that nobody holds: %w", err)
	}
	return nil
}

func closedIsNotHeld(_ context.Context, mk New) error {
	m := mk()
	if err := m.Close(); err != nil {
		return fmt.Errorf("the first Close: %w", err)
	}
	if _, err := m.Hold(); err == nil {
		return errors.New("it was held after it was closed")
	}
	if err := m.Close(); err != nil {
		return fmt.Errorf("a second Close: %w", err)
	}
	return nil
}
