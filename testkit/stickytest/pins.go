package stickytest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"
)

func (can Abilities) areDeclared(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	_, drops := l.(Dropper)
	for _, a := range []struct {
		name      string
		has, said bool
	}{
		{"Drop", drops, can.Drop},
		{"Purge", r.cache.Purge != nil, can.Purge},
		{"Resize", r.cache.Resize != nil, can.Resize},
		{"Stats", r.cache.Stats != nil, can.Stats},
	} {
		if a.has != a.said {
			return fmt.Errorf("%s: has it %t, Abilities say %t", a.name, a.has, a.said)
		}
	}
	return nil
}

func pinIsExclusive(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 2)
	defer r.close()
	for _, value := range []string{"", "A"} { // an absent key and a present one
		l, err := r.take("a")
		if err != nil {
			return err
		}
		next := r.start("a")
		synctest.Wait()
		if next.returned() {
			return errors.New("a second lease while the first is out")
		}
		if value != "" {
			l.Put(value)
		}
		l.Release()
		synctest.Wait()
		if !next.returned() {
			return errors.New("the lease is over, and who waited still waits")
		}
		if next.err != nil {
			return fmt.Errorf("who waited got %w", next.err)
		}
		if err := has(next.lease, "a", value); err != nil {
			return err
		}
		next.lease.Put("A")
		next.lease.Release()
	}
	return nil
}

func otherKeysDoNotWait(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if _, err := r.take("a"); err != nil {
		return err
	}
	r.start("a")
	_, err := r.take("b")
	return err
}

func isFIFO(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	var queue []*call
	for range 4 {
		queue = append(queue, r.start("a"))
		synctest.Wait()
	}
	for i, c := range queue {
		l.Release()
		synctest.Wait()
		if !c.returned() || c.err != nil {
			return fmt.Errorf("waiter %d was not served when its turn came", i)
		}
		for j, later := range queue[i+1:] {
			if later.returned() {
				return fmt.Errorf("waiter %d was served with waiter %d", i+1+j, i)
			}
		}
		l = c.lease
	}
	return nil
}

func acquireObeysContext(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	why := errors.New("why")
	limited, cancel := context.WithTimeoutCause(ctx, time.Second, why)
	defer cancel()
	// A cache that ignores its context is freed after a minute.
	free := time.AfterFunc(time.Minute, l.Release)
	defer free.Stop()
	began := time.Now()
	late, err := r.cache.Acquire(limited, "a")
	if err == nil {
		late.Release()
		return fmt.Errorf("got the lease of somebody else after %v", time.Since(began))
	}
	if took := time.Since(began); took != time.Second {
		return fmt.Errorf("returned after %v, want exactly 1s", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("got error %w, want one that wraps context.DeadlineExceeded", err)
	}
	return nil
}

func endedContext(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for range 10 {
		l, err := r.cache.Acquire(ended, "a")
		if err == nil {
			l.Release()
			return errors.New("got a lease with a context that has ended")
		}
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("got error %w, want one that wraps context.Canceled", err)
		}
	}
	return r.holds("a", "")
}

func givesUp(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	impatient := r.start("a")
	synctest.Wait()
	next := r.start("a")
	synctest.Wait()
	impatient.cancel()
	synctest.Wait()
	if next.returned() {
		return errors.New("a waiter was served because another gave up")
	}
	l.Release()
	synctest.Wait()
	if !next.returned() || next.err != nil {
		return errors.New("the place of a waiter that gave up blocks those behind it")
	}
	return nil
}

func firstEndCounts(ctx context.Context, mk New) error {
	for _, again := range []func(Lease){
		func(l Lease) { l.Release() },
		func(l Lease) { l.Evict("again") },
	} {
		for _, end := range []func(Lease){
			func(l Lease) { l.Release() },
			func(l Lease) { l.Evict("first") },
		} {
			if err := endTwice(ctx, mk, end, again); err != nil {
				return err
			}
		}
	}
	return nil
}

func endTwice(ctx context.Context, mk New, end, again func(Lease)) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	old, err := r.take("a")
	if err != nil {
		return err
	}
	end(old)
	again(old) // while the key is free
	now, err := r.take("a")
	if err != nil {
		return err
	}
	now.Put("A")
	again(old) // while it is somebody else's
	next := r.start("a")
	synctest.Wait()
	if next.returned() {
		return errors.New("a lease that was over freed a later one")
	}
	if err := has(now, "a", "A"); err != nil {
		return fmt.Errorf("a lease that was over touched a later one: %w", err)
	}
	return r.evicted()
}

func endedLease(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("A")
	l.Release()
	if v, ok := l.Value(); ok {
		return fmt.Errorf("a lease that is over has the value %q", v)
	}
	l.Put("late")
	return first(
		func() error { return r.evicted() },
		func() error { return r.holds("a", "A") },
	)
}
