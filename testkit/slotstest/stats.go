package slotstest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/mainspring-go/mainspring/slots"
)

// stats reads the snapshot; the limit is compared apart, since a supplier need not know one.
func (r *rig) stats(limit int, want slots.Stats) error {
	reporter, ok := r.Supplier.(slots.Reporter)
	if !ok {
		return fmt.Errorf("%T is no slots.Reporter", r.Supplier)
	}
	got := reporter.Stats()
	if got.Limit != 0 && got.Limit != limit {
		return fmt.Errorf("got Stats().Limit = %d, want %d, or 0 for unknown", got.Limit, limit)
	}
	want.Limit = got.Limit
	if got != want {
		return fmt.Errorf("got Stats() = %+v, want %+v", got, want)
	}
	return nil
}

func (s suite) statsAddUp(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
	defer r.close()
	if err := r.stats(2, slots.Stats{}); err != nil {
		return fmt.Errorf("at first: %w", err)
	}
	permits, err := r.takeAll(ctx, 2)
	if err != nil {
		return err
	}
	var waits *call
	steps := []struct {
		name string
		do   func() error
		want slots.Stats
	}{
		{"two taken", func() error { return nil }, slots.Stats{Issued: 2, Idle: 2}},
		{"one used", func() error {
			return permits[0].Use(ctx, slots.Task{Type: "T", ID: "1"})
		}, slots.Stats{Issued: 2, Used: 1, Idle: 1}},
		{"used for another task", func() error {
			return permits[0].Use(ctx, slots.Task{Type: "T", ID: "2"})
		}, slots.Stats{Issued: 2, Used: 1, Idle: 1}},
		{"one waits", func() error {
			waits = r.start(ctx)
			return nil
		}, slots.Stats{Issued: 2, Used: 1, Idle: 1, Waiting: 1}},
		{"one gave up waiting", func() error {
			waits.cancel()
			return nil
		}, slots.Stats{Issued: 2, Used: 1, Idle: 1}},
		{"the used one released", func() error {
			permits[0].Release()
			return nil
		}, slots.Stats{Issued: 1, Idle: 1}},
		{"released again", func() error {
			permits[0].Release()
			return nil
		}, slots.Stats{Issued: 1, Idle: 1, DoubleReleases: 1}},
		{"the idle one released", func() error {
			permits[1].Release()
			return nil
		}, slots.Stats{DoubleReleases: 1}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		r.settle()
		if err := r.stats(2, step.want); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (s suite) oneSnapshot(ctx context.Context, mk New) error {
	r := s.rig(mk, 3)
	defer r.close()
	reporter, ok := r.Supplier.(slots.Reporter)
	if !ok {
		return fmt.Errorf("%T is no slots.Reporter", r.Supplier)
	}
	// No time passes here: the numbers must be read while they change, and so everyone makes way
	// for the others wherever a permit stands differently.
	var stop atomic.Bool
	var traffic sync.WaitGroup
	for range 4 {
		traffic.Go(func() {
			for !stop.Load() {
				p, ok := r.TryReserve(request())
				runtime.Gosched()
				if ok {
					_ = p.Use(ctx, slots.Task{Type: "T"}) // other clauses look at its error
					runtime.Gosched()
					p.Release()
				}
			}
		})
	}
	var err error
	for range 3000 {
		st := reporter.Stats()
		if st.Issued != st.Used+st.Idle || st.Used < 0 || st.Idle < 0 || st.Issued > r.limit {
			err = fmt.Errorf("got Stats() = %+v: issued is not used + idle within %d", st, r.limit)
			break
		}
		runtime.Gosched()
	}
	stop.Store(true)
	traffic.Wait()
	return err
}
