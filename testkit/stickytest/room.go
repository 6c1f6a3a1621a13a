package stickytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/sticky"
)

func newRoomRig(ctx context.Context, mk New, places int) *rig {
	return newRigOf(ctx, mk, Config{MaxEntries: places, WaitForRoom: true})
}

// gated makes OnEvict wait; running says that it does, open lets it return.
func (r *rig) gated() (running func() bool, open func()) {
	var runs atomic.Bool
	gate := make(chan struct{})
	r.gate = func(goodbye) {
		runs.Store(true)
		<-gate
	}
	return runs.Load, sync.OnceFunc(func() { close(gate) })
}

func fullWaits(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 2)
	defer r.close()
	a, err := r.take("a") // a pin has its place before there is a value
	if err != nil {
		return err
	}
	b, err := r.take("b")
	if err != nil {
		return err
	}
	b.Put("B")
	c := r.start("c")
	synctest.Wait()
	if c.returned() {
		return errors.New("a third lease with two places")
	}
	if err := r.evicted(); err != nil {
		return err
	}
	a.Release()
	synctest.Wait()
	if !c.returned() || c.err != nil {
		return errors.New("a place is free, and who waited for it still waits")
	}
	return has(c.lease, "c", "")
}

func idleMakesRoom(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 2)
	defer r.close()
	if err := r.keep("a", "b"); err != nil {
		return err
	}
	running, open := r.gated()
	defer open()
	c := r.start("c")
	if !soon(running) {
		return errors.New("no idle value was evicted for who waits for room")
	}
	if soon(c.returned) {
		return errors.New("the place was given away while OnEvict runs")
	}
	open()
	if !soon(c.returned) || c.err != nil {
		return errors.New("the place is not free after OnEvict returned")
	}
	return first(
		func() error { return r.evicted(goodbye{"a", "a", sticky.ReasonFull}) },
		func() error { return r.holds("b", "b") },
	)
}

func roomIsFIFO(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	var line []*call
	for i := range 4 {
		line = append(line, r.start(fmt.Sprint(i)))
		synctest.Wait()
	}
	for i, c := range line {
		l.Put("value") // so that what is released is idle, and must go for the next
		l.Release()
		synctest.Wait()
		if !c.returned() || c.err != nil {
			return fmt.Errorf("waiter %d was not served when its turn came", i)
		}
		for j, later := range line[i+1:] {
			if later.returned() {
				return fmt.Errorf("waiter %d was served with waiter %d", i+1+j, i)
			}
		}
		l = c.lease
	}
	return nil
}

func roomGivesUp(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	impatient := r.start("b")
	synctest.Wait()
	next := r.start("c")
	synctest.Wait()
	impatient.cancel()
	synctest.Wait()
	if !impatient.returned() || !errors.Is(impatient.err, context.Canceled) {
		return errors.New("who gave up waiting for room did not get its ctx's error")
	}
	if next.returned() {
		return errors.New("a waiter was served because another gave up")
	}
	l.Release()
	synctest.Wait()
	if !next.returned() || next.err != nil {
		return errors.New("a waiter that gave up blocks those behind it")
	}
	next.lease.Put("C")
	next.lease.Release()

	// Now it gives up while OnEvict makes room for it.
	running, open := r.gated()
	defer open()
	impatient = r.start("d")
	if !soon(running) {
		return errors.New("no idle value was evicted for who waits for room")
	}
	impatient.cancel()
	if !soon(impatient.returned) {
		return errors.New("who gives up waits for OnEvict")
	}
	open()
	_, err = r.take("e") // nobody has the place
	return err
}

func knownKey(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 2)
	defer r.close()
	a, err := r.take("a")
	if err != nil {
		return err
	}
	a.Put("A")
	if _, err := r.take("b"); err != nil {
		return err
	}
	stranger := r.start("c")
	synctest.Wait()
	friend := r.start("a")
	synctest.Wait()
	a.Release()
	synctest.Wait()
	if !friend.returned() || friend.err != nil {
		return errors.New("who waits for a key that has a value waits for room")
	}
	if stranger.returned() {
		return errors.New("a third lease with two places")
	}
	return has(friend.lease, "a", "A")
}

func closedEndsWait(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	waiter := r.start("b")
	synctest.Wait()
	closed := r.closeAtLast()
	if !waiter.returned() || !errors.Is(waiter.err, sticky.ErrClosed) {
		return errors.New("who waited for room was not sent away with sticky.ErrClosed")
	}
	l.Release()
	synctest.Wait()
	select {
	case err := <-closed:
		if err != nil {
			return fmt.Errorf("close: %w", err)
		}
		return nil
	default:
		return errors.New("the last lease is over, and Close still waits")
	}
}

func statsCountRoom(ctx context.Context, mk New) error {
	r := newRoomRig(ctx, mk, 1)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	r.start("a")
	r.start("b")
	synctest.Wait()
	if s := r.cache.Stats(); s.Waiting != 2 || s.WaitingForRoom != 1 {
		return fmt.Errorf("waiting %d, for room %d, want 2 and 1", s.Waiting, s.WaitingForRoom)
	}
	l.Put("A")
	l.Release()
	synctest.Wait()
	if s := r.cache.Stats(); s.Waiting != 1 || s.WaitingForRoom != 1 {
		return fmt.Errorf("after a Release: waiting %d, for room %d, want 1 and 1",
			s.Waiting, s.WaitingForRoom)
	}
	return nil
}
