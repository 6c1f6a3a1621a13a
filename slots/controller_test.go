package slots_test

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// usages counts what observers are told.
type usages struct {
	mu   sync.Mutex
	seen []slots.Usage
}

func (u *usages) UsageRead(r slots.Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen = append(u.seen, r)
}

// However many suppliers share a controller and however often they ask, the machine is read once
// an interval, and not at all when nobody asks.
func TestSharedControllerReadsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.99}
		u := &usages{}
		c := controller(t, m, u)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		for range 25 {
			r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
			take(t, r)
			for range 4 {
				wg.Go(func() {
					if _, err := r.Reserve(ctx, slots.Request{}); err == nil {
						t.Error("a full machine gave a permit")
					}
				})
			}
		}
		wg.Wait()
		if m.reads < 100 || m.reads > 102 || len(u.seen) != m.reads {
			t.Errorf("the machine was read %d times in 10s, %d told, want 101", m.reads, len(u.seen))
		}
		before := m.reads
		time.Sleep(time.Hour)
		if m.reads != before {
			t.Errorf("the machine was read %d times while nobody asked", m.reads-before)
		}
		last := u.seen[len(u.seen)-1]
		if last.Memory < 0.98 || last.Memory > 1 || last.CPU != 0 || last.Open || last != c.Usage() {
			t.Errorf("usage %+v, want a full memory, an idle CPU, not open, as Usage() = %+v", last, c.Usage())
		}
	})
}

// What the loops make of a rise depends on time alone, not on how often anybody asked.
func TestRiseIsDampedByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.3}
		c := controller(t, m)
		r := resource(t, slots.ResourceOptions{Controller: c, Limit: 1000})
		ask := func() slots.Usage {
			for range 50 {
				if p, ok := r.TryReserve(slots.Request{}); ok {
					p.Release()
				}
			}
			return c.Usage()
		}
		take(t, r)
		ask()
		time.Sleep(100 * time.Millisecond)
		if u := ask(); !u.Open || math.Abs(u.MemoryOutput-2.5) > 1e-6 {
			t.Errorf("usage %+v, want an output of 5·(0.8-0.3) = 2.5", u)
		}
		m.set(0.6, 0, nil)
		time.Sleep(100 * time.Millisecond)
		if u := ask(); u.Open || math.Abs(u.MemoryOutput-(1-3)) > 1e-6 {
			t.Errorf("usage %+v, want an output of 5·(0.8-0.6) - 0.3/0.1s = -2", u)
		}
		time.Sleep(100 * time.Millisecond)
		if u := ask(); !u.Open || math.Abs(u.MemoryOutput-1) > 1e-6 {
			t.Errorf("usage %+v, want an output of 1 once memory holds still", u)
		}
		time.Sleep(time.Hour) // nobody asks, then a rise: slow, for all that is known
		m.set(0.61, 0, nil)
		if u := ask(); !u.Open {
			t.Errorf("usage %+v, want a slow rise to pass", u)
		}
	})
}

// Memory that falls fast but is above its target still is above its target.
func TestFallTowardsTheTargetDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.95}
		c := controller(t, m)
		r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
		take(t, r)
		time.Sleep(100 * time.Millisecond)
		fill(r, slots.Request{})
		m.set(0.85, 0, nil)
		time.Sleep(100 * time.Millisecond)
		if n := len(fill(r, slots.Request{})); n != 0 || c.Usage().MemoryOutput < 0.5 {
			t.Errorf("%d permits at usage %+v, want none however high the output", n, c.Usage())
		}
	})
}

// slowly is a sampler that takes its time, and must be asked by one at a time.
type slowly struct {
	machine

	asking atomic.Int32
}

func (s *slowly) Read() (slots.Reading, error) {
	if s.asking.Add(1) > 1 {
		return slots.Reading{}, errBroken
	}
	defer s.asking.Add(-1)
	time.Sleep(time.Second)
	return s.machine.Read()
}

func TestSamplerIsAskedByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slowly{}
		u := &usages{}
		c := controller(t, m, u)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		m.set(0.99, 0, nil)
		var wg sync.WaitGroup
		for range 5 {
			r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
			for range 4 {
				wg.Go(func() {
					for ctx.Err() == nil {
						if p, err := r.Reserve(ctx, slots.Request{}); err == nil {
							time.Sleep(time.Second)
							p.Release()
						}
					}
				})
			}
		}
		wg.Wait()
		for _, one := range u.seen {
			if one.Err != nil {
				t.Fatalf("usage %+v: the sampler was asked by two at once", one)
			}
		}
		if n := len(u.seen); n < 50 || n > 62 {
			t.Errorf("a sampler that takes 1s was asked %d times in a minute", n)
		}
	})
}

// A long silence counts as a second: what the error was in between nobody knows.
func TestIntegralDoesNotSumUpSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := slots.NewController(slots.ControllerOptions{
			Memory: 0.8, CPU: 0.9, Sampler: &machine{memory: 0.3}, MemoryLoop: slots.Loop{P: 1, I: 0.1},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
		time.Sleep(1000 * time.Hour)
		fill(r, slots.Request{})
		if u := c.Usage(); math.Abs(u.MemoryOutput-0.55) > 1e-6 {
			t.Errorf("usage %+v, want an output of 0.5 + 0.1·0.5·1s", u)
		}
	})
}

// An integral works within bounds, and starts from nothing however late it is first asked.
func TestIntegralStaysWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.3}
		c, err := slots.NewController(slots.ControllerOptions{
			Memory: 0.8, CPU: 0.9, Sampler: m, MemoryLoop: slots.Loop{P: 1, I: 10, Threshold: 0.1},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
		time.Sleep(1000 * time.Hour)
		for range 100 {
			time.Sleep(time.Second)
			fill(r, slots.Request{})
		}
		if u := c.Usage(); math.Abs(u.MemoryOutput-1.5) > 1e-6 {
			t.Errorf("usage %+v, want an output of 0.5 + 1", u)
		}
	})
}

// A counter of CPU time that begins anew, or goes on with other CPUs, says nothing for one reading.
func TestCounterThatBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{cpu: 0.2}
		c := controller(t, m)
		r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10})
		for i := range 9 {
			time.Sleep(time.Second)
			switch i {
			case 3:
				m.busy = 0
			case 6: // the process was moved, to fewer CPUs that were busier before
				m.busy, m.fewer = m.busy+time.Hour, 2
			}
			fill(r, slots.Request{})
			if u := c.Usage(); math.Abs(u.CPU-0.2) > 1e-6 {
				t.Errorf("reading %d: CPU = %v, want 0.2", i, u.CPU)
			}
		}
	})
}
