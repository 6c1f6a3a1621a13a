package slots_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

const gib = 1 << 30

// machine is a Sampler of which tests set what it says.
type machine struct {
	mu     sync.Mutex
	memory float64 // in use, of 1
	cpu    float64 // busy, of all CPUs
	err    error
	fewer  float64 // CPUs than 4
	busy   time.Duration
	at     time.Time
	reads  int
}

func (m *machine) set(memory, cpu float64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance()
	m.memory, m.cpu, m.err = memory, cpu, err
}

// advance counts the CPU time up to now.
func (m *machine) advance() {
	now := time.Now()
	if !m.at.IsZero() {
		m.busy += time.Duration(m.cpu * (4 - m.fewer) * float64(now.Sub(m.at)))
	}
	m.at = now
}

func (m *machine) Read() (slots.Reading, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	m.advance()
	if m.err != nil {
		return slots.Reading{}, m.err
	}
	return slots.Reading{
		MemoryUsed: uint64(m.memory * gib), MemoryLimit: gib, CPUTime: m.busy, CPUs: 4 - m.fewer,
	}, nil
}

func controller(t testing.TB, m slots.Sampler, observers ...slots.UsageObserver) *slots.Controller {
	t.Helper()
	c, err := slots.NewController(slots.ControllerOptions{
		Memory: 0.8, CPU: 0.9, Sampler: m, Observers: observers,
	})
	if err != nil {
		t.Fatalf("NewController: %v", err)
	}
	return c
}

func resource(t testing.TB, o slots.ResourceOptions) *slots.Resource {
	t.Helper()
	r, err := slots.NewResource(o)
	if err != nil {
		t.Fatalf("NewResource: %v", err)
	}
	return r
}

// fill takes all that TryReserve gives.
func fill(s slots.Supplier, r slots.Request) []slots.Permit {
	var permits []slots.Permit
	for {
		p, ok := s.TryReserve(r)
		if !ok {
			return permits
		}
		permits = append(permits, p)
	}
}

func TestTargetsAreFractions(t *testing.T) {
	for _, tt := range []struct {
		memory, cpu float64
		field, fix  string
	}{
		{80, 0.9, "Memory", "0.8"},
		{0.8, 90, "CPU", "0.9"},
		{0, 0.9, "Memory", "0.8"},
		{0.8, -1, "CPU", "fraction"},
		{1000, 0.9, "Memory", "fraction"},
		{math.NaN(), 0.9, "Memory", "fraction"},
		{0.8, math.Inf(1), "CPU", "fraction"},
	} {
		_, err := slots.NewController(slots.ControllerOptions{Memory: tt.memory, CPU: tt.cpu, Sampler: &machine{}})
		checkOptionError(t, err, tt.field)
		if !strings.Contains(err.Error(), tt.fix) {
			t.Errorf("error %q does not say %q", err, tt.fix)
		}
	}
}

func TestControllerOptionsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		field string
		spoil func(o *slots.ControllerOptions)
	}{
		{"Interval", func(o *slots.ControllerOptions) { o.Interval = -1 }},
		{"Interval", func(o *slots.ControllerOptions) { o.Interval = time.Microsecond }},
		{"MemoryLoop", func(o *slots.ControllerOptions) { o.MemoryLoop.P = -1 }},
		{"CPULoop", func(o *slots.ControllerOptions) { o.CPULoop.D = math.NaN() }},
		{"CPULoop", func(o *slots.ControllerOptions) { o.CPULoop = slots.Loop{D: 1} }},
		{"Observers[0]", func(o *slots.ControllerOptions) { o.Observers = []slots.UsageObserver{nil} }},
	} {
		o := slots.ControllerOptions{Memory: 1, CPU: 1, Sampler: &machine{}}
		tt.spoil(&o)
		_, err := slots.NewController(o)
		checkOptionError(t, err, tt.field)
	}
	bad := &machine{err: errBroken}
	if _, err := slots.NewController(slots.ControllerOptions{Memory: 1, CPU: 1, Sampler: bad}); !errors.Is(err, errBroken) {
		t.Errorf("NewController with a sampler that fails: error %v, want the sampler's", err)
	}
}

func TestReadingsAreChecked(t *testing.T) {
	for _, r := range []slots.Reading{
		{CPUs: 1}, {MemoryLimit: 1}, {MemoryLimit: 1, CPUs: math.NaN()}, {MemoryLimit: 1, CPUs: math.Inf(1)},
	} {
		_, err := slots.NewController(slots.ControllerOptions{Memory: 1, CPU: 1, Sampler: constant(r)})
		if err == nil {
			t.Errorf("a reading of %+v was accepted", r)
		}
	}
}

type constant slots.Reading

func (c constant) Read() (slots.Reading, error) { return slots.Reading(c), nil }

func TestResourceOptionsAreChecked(t *testing.T) {
	c := controller(t, &machine{})
	for _, tt := range []struct {
		field   string
		options slots.ResourceOptions
	}{
		{"Controller", slots.ResourceOptions{Limit: 1}},
		{"Limit", slots.ResourceOptions{Controller: c}},
		{"Min", slots.ResourceOptions{Controller: c, Limit: 1, Min: 2}},
		{"Min", slots.ResourceOptions{Controller: c, Limit: 1, Min: -1}},
		{"MinPerKind", slots.ResourceOptions{Controller: c, Limit: 1, MinPerKind: -1}},
		{"Ramp", slots.ResourceOptions{Controller: c, Limit: 1, Ramp: -1}},
		{"Observers[0]", slots.ResourceOptions{Controller: c, Limit: 1, Observers: []any{1}}},
	} {
		_, err := slots.NewResource(tt.options)
		checkOptionError(t, err, tt.field)
	}
}

func TestBusyMachineGivesTheMinimum(t *testing.T) {
	for _, tt := range []struct {
		name        string
		memory, cpu float64
		err         error
	}{
		{"memory full", 0.95, 0, nil},
		{"memory near its target", 0.77, 0, nil},
		{"CPU busy", 0.1, 1, nil},
		{"CPU near its target", 0.1, 0.895, nil},
		{"unreadable", 0.1, 0, errBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &machine{}
				c := controller(t, m)
				r := resource(t, slots.ResourceOptions{Controller: c, Limit: 10, Min: 3})
				time.Sleep(time.Second)
				take(t, r).Release()
				if !c.Usage().Open {
					t.Fatalf("an idle machine: usage %+v, want it open", c.Usage())
				}
				m.set(tt.memory, tt.cpu, tt.err)
				time.Sleep(time.Second)
				r.TryReserve(slots.Request{}) // makes a reading
				time.Sleep(time.Second)
				if n := len(fill(r, slots.Request{})); n != 2 {
					t.Errorf("a busy machine gave %d permits beside the first, want 2", n)
				}
				p := make(chan slots.Permit, 1)
				go func() {
					q, err := r.Reserve(t.Context(), slots.Request{})
					if err != nil {
						t.Errorf("Reserve: %v", err)
					}
					p <- q
				}()
				time.Sleep(time.Minute)
				synctest.Wait()
				wantReport(t, r, slots.Stats{Limit: 10, Issued: 3, Idle: 3, Waiting: 1})
				m.set(0.1, 0.1, nil)
				time.Sleep(300 * time.Millisecond)
				synctest.Wait()
				wantReport(t, r, slots.Stats{Limit: 10, Issued: 4, Idle: 4})
				(<-p).Release()
			})
		})
	}
}

func TestIdleMachineGivesTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.5, cpu: 0.5}
		r := resource(t, slots.ResourceOptions{Controller: controller(t, m), Limit: 50})
		if n := len(fill(r, slots.Request{})); n != 1 {
			t.Errorf("before the CPU was known %d permits were issued, want the minimum of 1", n)
		}
		time.Sleep(100 * time.Millisecond)
		if n := len(fill(r, slots.Request{})); n != 49 {
			t.Errorf("an idle machine gave %d permits, want 49 beside the first", n)
		}
		if err := r.Resize(51); err != nil {
			t.Fatal(err)
		}
		if n := len(fill(r, slots.Request{})); n != 1 {
			t.Errorf("after Resize from 50 to 51 there were %d permits, want 1", n)
		}
	})
}

// issues notes when permits were issued.
type issues struct {
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
}

func (i *issues) PermitIssued(slots.Issued) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.at = append(i.at, time.Since(i.start))
}

func TestRampSpacesPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := controller(t, &machine{})
		time.Sleep(time.Second)
		seen := &issues{start: time.Now()}
		r := resource(t, slots.ResourceOptions{
			Controller: c, Limit: 10, Min: 2, Ramp: 50 * time.Millisecond, Observers: []any{seen},
		})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := r.Reserve(t.Context(), slots.Request{}); err != nil {
					t.Errorf("Reserve: %v", err)
				}
			})
		}
		wg.Wait()
		const ms = time.Millisecond
		if want := []time.Duration{0, 0, 50 * ms, 100 * ms, 150 * ms}; !slices.Equal(seen.at, want) {
			t.Errorf("permits were issued after %v, want %v", seen.at, want)
		}
		if _, ok := r.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve overtook the ramp")
		}
		time.Sleep(50 * ms)
		if _, ok := r.TryReserve(slots.Request{}); !ok {
			t.Error("TryReserve found nothing after the ramp")
		}
	})
}

// However busy the machine, one permit for each queue: also when the last one was never used, and
// when others wait in front.
func TestEachKindHasItsMinimum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.99}
		r := resource(t, slots.ResourceOptions{Controller: controller(t, m), Limit: 10, Min: 1, MinPerKind: 1})
		normal := slots.Request{Kind: "workflow"}
		sticky := slots.Request{Kind: "workflow", Sticky: true}
		if n := len(fill(r, normal)); n != 1 {
			t.Fatalf("there were %d permits for the normal queue, want 1", n)
		}
		go func() { // waits in front for what the machine cannot give
			_, err := r.Reserve(t.Context(), normal)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Reserve: error %v, want context.Canceled", err)
			}
		}()
		synctest.Wait()
		for range 3 {
			p, err := r.Reserve(t.Context(), sticky)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := r.TryReserve(sticky); ok {
				t.Error("there were two permits for the sticky queue, want 1")
			}
			got := make(chan slots.Permit, 1)
			go func() {
				q, err := r.Reserve(t.Context(), sticky)
				if err != nil {
					t.Errorf("Reserve: %v", err)
				}
				got <- q
			}()
			synctest.Wait()
			p.Release() // unused
			(<-got).Release()
		}
	})
}

func TestResourceIsFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.99}
		r := resource(t, slots.ResourceOptions{
			Controller: controller(t, m), Limit: 10, Ramp: 10 * time.Millisecond,
		})
		take(t, r)
		order := make(chan int, 5)
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 5 {
			ctx := ctx
			if i != 0 && i != 3 {
				ctx = t.Context()
			}
			go func() {
				if _, err := r.Reserve(ctx, slots.Request{}); err == nil {
					order <- i
				}
			}()
			synctest.Wait()
		}
		cancel() // the first and one in the middle
		synctest.Wait()
		m.set(0.1, 0, nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		close(order)
		var got []int
		for i := range order {
			got = append(got, i)
		}
		if want := []int{1, 2, 4}; !slices.Equal(got, want) {
			t.Errorf("served %v, want %v", got, want)
		}
		wantReport(t, r, slots.Stats{Limit: 10, Issued: 4, Idle: 4})
	})
}

// A newcomer that finds the machine idle before the one in front has looked leaves it to that one.
func TestNewcomerDoesNotOvertakeOnAResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.99}
		r := resource(t, slots.ResourceOptions{Controller: controller(t, m), Limit: 10})
		take(t, r)
		time.Sleep(time.Second)
		fill(r, slots.Request{}) // makes a reading; the next is due in 100 ms
		time.Sleep(95 * time.Millisecond)
		got := reserving(t, r, slots.Request{}) // looks again in 10 ms
		m.set(0.1, 0, nil)
		time.Sleep(7 * time.Millisecond)
		if _, ok := r.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve overtook a caller that waits")
		}
		(<-got).Release()
	})
}

// Who waited for the limit waits for the machine next, and looks at it again by itself.
func TestReleaseOnABusyMachineIsNotTheLastLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		r := resource(t, slots.ResourceOptions{Controller: controller(t, m), Limit: 2})
		time.Sleep(time.Second)
		permits := fill(r, slots.Request{})
		got := reserving(t, r, slots.Request{})
		m.set(0.99, 0, nil)
		time.Sleep(time.Second)
		if _, ok := r.TryReserve(slots.Request{}); ok { // makes a reading
			t.Error("TryReserve gave a third permit of 2")
		}
		permits[0].Release()
		time.Sleep(time.Minute)
		wantReport(t, r, slots.Stats{Limit: 2, Issued: 1, Idle: 1, Waiting: 1})
		m.set(0.1, 0, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		wantReport(t, r, slots.Stats{Limit: 2, Issued: 2, Idle: 2})
		(<-got).Release()
	})
}

// Tasks that each take a part of the memory are let in until the target is near, and not beyond.
func TestLoadSettlesBelowTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{memory: 0.1}
		r := resource(t, slots.ResourceOptions{
			Controller: controller(t, m), Limit: 1000, Ramp: 50 * time.Millisecond,
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		top, used := 0.0, 0.1
		for ctx.Err() == nil {
			p, err := r.Reserve(ctx, slots.Request{})
			if err != nil {
				break
			}
			used += 0.01
			top = max(top, used)
			m.set(used, 0.1, nil)
			if used > 0.7 { // some tasks end
				p.Release()
			}
		}
		if top < 0.74 || top > 0.8 {
			t.Errorf("the load reached %v, want just below the target of 0.8", top)
		}
	})
}
