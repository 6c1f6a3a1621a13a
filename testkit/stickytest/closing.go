package stickytest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// closeAtLast calls Close on a goroutine of its own.
func (r *rig) closeAtLast() <-chan error {
	closed := make(chan error, 1)
	go func() { closed <- r.cache.Close(r.ctx) }()
	synctest.Wait()
	return closed
}

func closeEvictsAll(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a", "b", "c"); err != nil {
		return err
	}
	for range 2 { // the second time there is nothing to do
		if err := r.cache.Close(ctx); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	return r.evicted(goodbye{"a", "a", sticky.ReasonClosed},
		goodbye{"b", "b", sticky.ReasonClosed}, goodbye{"c", "c", sticky.ReasonClosed})
}

func closeWaits(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	closed := r.closeAtLast()
	select {
	case err := <-closed:
		return fmt.Errorf("close returned %q while a lease is out", fmt.Sprint(err))
	default:
	}
	l.Put("A") // the lease is as good as ever
	if err := has(l, "a", "A"); err != nil {
		return err
	}
	l.Release()
	synctest.Wait()
	select {
	case err := <-closed:
		if err != nil {
			return fmt.Errorf("close: %w", err)
		}
	default:
		return errors.New("the last lease is over, and Close still waits")
	}
	return r.evicted(goodbye{"a", "A", sticky.ReasonClosed})
}

func closeObeysContext(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("A")
	// A Close that ignores its context is freed after a minute.
	free := time.AfterFunc(time.Minute, l.Release)
	defer free.Stop()
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	began := time.Now()
	err = r.cache.Close(limited)
	if took := time.Since(began); took != time.Second {
		return fmt.Errorf("close returned after %v, want exactly 1s", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("close returned %q, want an error that wraps context.DeadlineExceeded",
			fmt.Sprint(err))
	}
	if err := r.evicted(); err != nil {
		return fmt.Errorf("before the lease was over: %w", err)
	}
	l.Release()
	return r.evicted(goodbye{"a", "A", sticky.ReasonClosed})
}

func closedRefuses(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	waiter := r.start("a")
	synctest.Wait()
	r.closeAtLast()
	if !waiter.returned() || !errors.Is(waiter.err, sticky.ErrClosed) {
		return errors.New("who waited for a key was not sent away with sticky.ErrClosed")
	}
	for _, when := range []string{"during Close", "after Close"} {
		late := r.start("b")
		synctest.Wait()
		if !late.returned() || !errors.Is(late.err, sticky.ErrClosed) {
			return fmt.Errorf("acquire %s: got %q, want sticky.ErrClosed",
				when, fmt.Sprint(late.err))
		}
		l.Release()
		synctest.Wait()
	}
	return nil
}
