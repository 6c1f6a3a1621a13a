package slots_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// journal writes down every event.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) write(format string, a ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, a...))
}

func (j *journal) PermitIssued(e slots.Issued) {
	j.write("issued %s after %v", e.Request.Kind, e.Waited)
}

func (j *journal) PermitUsed(e slots.Used) {
	j.write("used %s for %s %s", e.Request.Kind, e.Task.Type, e.Task.ID)
}

func (j *journal) PermitReleased(e slots.Released) {
	j.write("released %s used %t for %q", e.Request.Kind, e.Used, e.Task.Type)
}

func TestObserversHearEachEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		f := fixed(t, 1, j)
		p, err := f.Reserve(t.Context(), slots.Request{Kind: "first"})
		if err != nil {
			t.Fatalf("Reserve: %v", err)
		}
		time.AfterFunc(time.Second, func() {
			if err := p.Use(t.Context(), slots.Task{Type: "T", ID: "7"}); err != nil {
				t.Errorf("Use: %v", err)
			}
			p.Release()
			p.Release()
		})
		q, err := f.Reserve(t.Context(), slots.Request{Kind: "second"})
		if err != nil {
			t.Fatalf("Reserve: %v", err)
		}
		q.Release()
		third, ok := f.TryReserve(slots.Request{Kind: "third"})
		if !ok {
			t.Fatal("TryReserve found nothing")
		}
		third.Release()
		want := []string{
			"issued first after 0s",
			"used first for T 7",
			`released first used true for "T"`,
			"issued second after 1s",
			`released second used false for ""`,
			"issued third after 0s",
			`released third used false for ""`,
		}
		synctest.Wait()
		if !slices.Equal(j.lines, want) {
			t.Errorf("events:\n%q\nwant:\n%q", j.lines, want)
		}
	})
}

// onlyReleases watches one kind of event, as most observers do.
type onlyReleases struct {
	supplier *slots.Fixed
	seen     []slots.Stats
	then     func()
}

func (o *onlyReleases) PermitReleased(slots.Released) {
	o.seen = append(o.seen, o.supplier.Stats())
	if o.then != nil {
		o.then()
	}
}

func TestReleaseIsToldBeforeTheSlotIsFree(t *testing.T) {
	o := &onlyReleases{}
	f := fixed(t, 1, o)
	o.supplier = f
	p := take(t, f)
	o.then = func() {
		if p.Release() {
			t.Error("Release within the observer = true")
		}
		if _, ok := f.TryReserve(slots.Request{}); ok {
			t.Error("the slot was free before its release had been told")
		}
	}
	p.Release()
	want := slots.Stats{Limit: 1, Issued: 1, Idle: 1}
	if len(o.seen) != 1 || o.seen[0] != want {
		t.Errorf("the observer saw %+v, want %+v once", o.seen, want)
	}
	wantStats(t, f, slots.Stats{Limit: 1, DoubleReleases: 1})
}

func TestPanickingObserverCostsNoSlot(t *testing.T) {
	o := &onlyReleases{then: func() { panic("observer") }}
	f := fixed(t, 1, o)
	o.supplier = f
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the observer's panic was swallowed")
			}
		}()
		take(t, f).Release()
	}()
	wantStats(t, f, slots.Stats{Limit: 1})
}

// gauge counts what is out, as a metric would.
type gauge struct {
	mu       sync.Mutex
	now, top int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.top = max(g.top, g.now)
}

func (g *gauge) PermitIssued(slots.Issued) { g.add(1) }

func (g *gauge) PermitReleased(slots.Released) { g.add(-1) }

func TestGaugeFromEventsNeverExceedsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		f := fixed(t, 2, g)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 500 {
					p, err := f.Reserve(t.Context(), slots.Request{})
					if err != nil {
						t.Errorf("Reserve: %v", err)
						return
					}
					p.Release()
				}
			})
		}
		wg.Wait()
		if g.now != 0 || g.top > 2 || g.top < 1 {
			t.Errorf("gauge ended at %d with a top of %d, want 0 and at most 2", g.now, g.top)
		}
	})
}
