package slots_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// panicky is a supplier of a user's own that panics as long as it is broken.
type panicky struct {
	slots.Supplier
	broken  atomic.Bool
	reserve func() // called by Reserve, before
}

func (p *panicky) TryReserve(r slots.Request) (slots.Permit, bool) {
	if p.broken.Load() && p.reserve == nil {
		panic("within")
	}
	return p.Supplier.TryReserve(r)
}

func (p *panicky) Reserve(ctx context.Context, r slots.Request) (slots.Permit, error) {
	if p.reserve != nil {
		p.reserve()
	}
	if p.broken.Load() {
		panic("within")
	}
	return p.Supplier.Reserve(ctx, r)
}

// panics reports whether f does.
func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// Who calls a supplier may contain panics: those of a part that is asked meanwhile cost no room,
// and nobody's turn.
func TestAPanicWithinCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		within := &panicky{Supplier: fixed(t, 1)}
		within.broken.Store(true)
		f := child(t, 1, within)
		if !panics(func() { f.TryReserve(slots.Request{}) }) {
			t.Error("TryReserve swallowed the panic")
		}
		wantReport(t, f, slots.Stats{Limit: 1})

		other := take(t, within.Supplier) // so that they wait within
		within.reserve = func() { time.Sleep(time.Second) }
		failed := make(chan bool)
		go func() {
			failed <- panics(func() { _, _ = f.Reserve(t.Context(), slots.Request{}) })
		}()
		synctest.Wait()
		next := reserving(t, f, slots.Request{})
		wantReport(t, f, slots.Stats{Limit: 1, Waiting: 2})
		if !<-failed {
			t.Error("Reserve swallowed the panic")
		}
		within.broken.Store(false)
		other.Release()
		(<-next).Release()
		wantReport(t, f, slots.Stats{Limit: 1})
	})
}

// cursed is a Sampler that takes a second and panics as long as it is broken.
type cursed struct {
	machine
	broken atomic.Bool
}

func (c *cursed) Read() (slots.Reading, error) {
	if c.broken.Load() {
		time.Sleep(time.Second)
		panic("sampler")
	}
	return c.machine.Read()
}

// The first of those who wait reads the machine for all. Its turn goes to the next, and so does the
// permit that it was given meanwhile.
func TestAPanicOfTheSamplerCostsNothing(t *testing.T) {
	for name, given := range map[string]bool{"while it waits": false, "when it was given a permit": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &cursed{}
				r := resource(t, slots.ResourceOptions{Controller: controller(t, m), Limit: 5})
				m.set(0.9, 0, nil)
				time.Sleep(time.Second)
				least := take(t, r)
				failed := make(chan bool)
				go func() {
					failed <- panics(func() { _, _ = r.Reserve(t.Context(), slots.Request{}) })
				}()
				synctest.Wait()
				next := reserving(t, r, slots.Request{})
				m.broken.Store(true)
				time.Sleep(time.Second)
				if given {
					least.Release()
				}
				if !<-failed {
					t.Error("Reserve swallowed the panic")
				}
				m.broken.Store(false)
				m.set(0.1, 0, nil)
				select {
				case p := <-next:
					p.Release()
				case <-time.After(time.Minute):
					t.Error("nobody is served any more")
				}
				if !given {
					least.Release()
				}
				wantReport(t, r, slots.Stats{Limit: 5})
			})
		})
	}
}
