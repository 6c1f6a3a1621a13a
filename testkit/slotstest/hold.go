package slotstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// use is one goroutine's Use.
type use struct {
	permit slots.Permit
	cancel context.CancelFunc
	done   chan struct{} // closed when Use has returned and err is set
	err    error
}

// returned reports whether Use has returned.
func (u *use) returned() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// startUse starts a Use for an exclusive task and waits until it has returned or is held.
func (s suite) startUse(ctx context.Context, r *rig, p slots.Permit) *use {
	ctx, cancel := context.WithCancel(ctx)
	u := &use{permit: p, cancel: cancel, done: make(chan struct{})}
	r.uses = append(r.uses, u)
	go func() {
		defer close(u.done)
		u.err = p.Use(ctx, slots.Task{Type: s.can.Exclusive})
	}()
	r.settle()
	return u
}

// holds makes a rig in which one exclusive task runs and n more are held, in this order.
func (s suite) holds(ctx context.Context, mk New, n int) (r *rig, running slots.Permit, held []*use, err error) {
	r = s.rig(mk, n+1)
	permits, err := r.takeAll(ctx, n+1)
	if err != nil {
		return r, slots.Permit{}, nil, err
	}
	for i, p := range permits {
		u := s.startUse(ctx, r, p)
		switch {
		case i == 0 && !u.returned():
			return r, p, nil, errors.New("the first exclusive task is held, though nothing runs")
		case i == 0 && u.err != nil:
			return r, p, nil, fmt.Errorf("the Use for the first exclusive task: unexpected error: %w", u.err)
		case i == 0:
			continue
		case u.returned():
			return r, p, nil, fmt.Errorf("the Use for exclusive task %d returned (error %v), though one runs",
				i+1, u.err)
		}
		held = append(held, u)
	}
	return r, permits[0], held, nil
}

func (s suite) secondIsHeld(ctx context.Context, mk New) error {
	r, _, held, err := s.holds(ctx, mk, 1)
	defer r.close()
	if err != nil {
		return err
	}
	time.Sleep(time.Hour)
	if held[0].returned() {
		return fmt.Errorf("the Use for the second exclusive task returned (error %v), though one runs",
			held[0].err)
	}
	if err := r.full(ctx); err != nil {
		return fmt.Errorf("with 1 permit of 2 in use and 1 held: %w", err)
	}
	if !s.can.Stats {
		return nil
	}
	reporter, ok := r.Supplier.(slots.Reporter)
	if !ok {
		return fmt.Errorf("%T is no slots.Reporter", r.Supplier)
	}
	if st := reporter.Stats(); st.Held != 1 || st.Issued != st.Used+st.Idle {
		return fmt.Errorf("got Stats() = %+v with 1 permit held, want so, and issued = used + idle", st)
	}
	return nil
}

func (s suite) holdEnds(ctx context.Context, mk New) error {
	r, running, held, err := s.holds(ctx, mk, 1)
	defer r.close()
	if err != nil {
		return err
	}
	running.Release()
	r.settle()
	if !held[0].returned() {
		return errors.New("the second exclusive task is still held, though the first has ended")
	}
	if held[0].err != nil {
		return fmt.Errorf("the Use for the second exclusive task: unexpected error: %w", held[0].err)
	}
	if !held[0].permit.Release() {
		return errors.New("the Release of a permit that had been held = false")
	}
	return r.exactly(ctx, 2)
}

func (s suite) holdsAreFIFO(ctx context.Context, mk New) error {
	r, running, held, err := s.holds(ctx, mk, 4)
	defer r.close()
	if err != nil {
		return err
	}
	for i := range held {
		running.Release()
		r.settle()
		for j, u := range held {
			if want := j <= i; u.returned() != want {
				return fmt.Errorf("with %d of the running tasks ended: task %d that was held runs: %t, want %t",
					i+1, j+1, u.returned(), want)
			}
		}
		running = held[i].permit
	}
	return nil
}

func (s suite) holdObeysContext(ctx context.Context, mk New) error {
	r, _, held, err := s.holds(ctx, mk, 1)
	defer r.close()
	if err != nil {
		return err
	}
	held[0].cancel()
	r.settle()
	if !held[0].returned() {
		return errors.New("a Use is still held after ctx was cancelled")
	}
	if !errors.Is(held[0].err, context.Canceled) {
		return fmt.Errorf("the Use of a cancelled ctx: error %v, want context.Canceled", held[0].err)
	}
	if err := r.full(ctx); err != nil {
		return fmt.Errorf("with 2 permits of 2 out, a hold of one of them cancelled: %w", err)
	}
	if !held[0].permit.Release() {
		return errors.New("the Release of a permit whose hold was cancelled = false")
	}
	return nil
}

func (s suite) cancelledHold(ctx context.Context, mk New) error {
	r, running, held, err := s.holds(ctx, mk, 3)
	defer r.close()
	if err != nil {
		return err
	}
	for _, i := range []int{0, 2} {
		held[i].cancel()
		r.settle()
	}
	running.Release()
	r.settle()
	if !held[1].returned() || held[1].err != nil {
		return fmt.Errorf("the exclusive task that was held between two that gave up runs: %t (error %v), want it to",
			held[1].returned(), held[1].err)
	}
	held[1].permit.Release()
	last := s.startUse(ctx, r, held[2].permit)
	if !last.returned() || last.err != nil {
		return fmt.Errorf("a second try of a task that gave up runs: %t (error %v), want it to",
			last.returned(), last.err)
	}
	held[0].permit.Release()
	held[2].permit.Release()
	return r.exactly(ctx, 4)
}

func (s suite) releaseEndsHold(ctx context.Context, mk New) error {
	r, running, held, err := s.holds(ctx, mk, 2)
	defer r.close()
	if err != nil {
		return err
	}
	if !held[0].permit.Release() {
		return errors.New("the Release of a permit that is held = false")
	}
	r.settle()
	if !held[0].returned() || !errors.Is(held[0].err, slots.ErrReleased) {
		return fmt.Errorf("the Use of a permit released meanwhile has returned: %t (error %v), want slots.ErrReleased",
			held[0].returned(), held[0].err)
	}
	running.Release()
	r.settle()
	if !held[1].returned() || held[1].err != nil {
		return errors.New("a task is still held, though the one before it was released")
	}
	held[1].permit.Release()
	return r.exactly(ctx, 3)
}

func (s suite) followsInPlace(ctx context.Context, mk New) error {
	r, running, held, err := s.holds(ctx, mk, 1)
	defer r.close()
	if err != nil {
		return err
	}
	u := s.startUse(ctx, r, running)
	if !u.returned() || u.err != nil {
		return fmt.Errorf("the Use for a task that follows one of its kind runs: %t (error %v), want it to",
			u.returned(), u.err)
	}
	if held[0].returned() {
		return errors.New("a task runs beside the one that followed another in its permit")
	}
	running.Release()
	r.settle()
	if !held[0].returned() {
		return errors.New("a task is still held, though what it waited for has been released")
	}
	held[0].permit.Release()
	return r.exactly(ctx, 2)
}

func (s suite) holdsLose(ctx context.Context, mk New) error {
	r := s.rig(mk, 4)
	defer r.close()
	var mu sync.Mutex
	running, most := 0, 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		running += n
		most = max(most, running)
	}
	var wg sync.WaitGroup
	for m := range uint64(8) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(m, 2))
			for range 60 {
				s.holdOnce(ctx, r, rng, count)
			}
		})
	}
	wg.Wait()
	if most > 1 {
		return fmt.Errorf("%d exclusive tasks ran at once", most)
	}
	return r.exactly(ctx, 4)
}

// holdOnce is one permit's life amid the traffic.
func (s suite) holdOnce(ctx context.Context, r *rig, rng *rand.Rand, count func(int)) {
	ms := func(n int) time.Duration { return time.Duration(1+rng.IntN(n)) * time.Millisecond }
	patience, cancel := context.WithTimeout(ctx, r.delay+ms(20))
	defer cancel()
	p, err := r.Reserve(patience, request())
	if err != nil {
		return
	}
	defer p.Release()
	if rng.IntN(4) == 0 { // give it back during the hold
		time.AfterFunc(ms(3), func() { p.Release() })
		_ = p.Use(patience, slots.Task{Type: s.can.Exclusive})
		return
	}
	if p.Use(patience, slots.Task{Type: s.can.Exclusive}) != nil {
		return
	}
	count(1)
	time.Sleep(ms(3))
	count(-1)
	if rng.IntN(2) == 0 {
		_ = p.Use(patience, slots.Task{Type: "T"}) // goes on as a task of another type
	}
}
