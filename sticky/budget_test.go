package sticky_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

const unbounded = 1 << 30

func newBudget(t *testing.T, entries int, weight int64) *sticky.Budget {
	t.Helper()
	b, err := sticky.NewBudget(sticky.BudgetOptions{MaxEntries: entries, MaxWeight: weight})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBudgetRefuses(t *testing.T) {
	var refused *sticky.OptionError
	for _, o := range []sticky.BudgetOptions{{MaxEntries: -1}, {MaxWeight: -1}} {
		if _, err := sticky.NewBudget(o); !errors.As(err, &refused) || refused.Fix == "" {
			t.Errorf("%+v: %v", o, err)
		}
	}
	b := newBudget(t, 1, 1)
	_, err := sticky.New(sticky.Options[string, string]{MaxEntries: 1, Budget: b})
	if !errors.As(err, &refused) || refused.Field != "Weigh" {
		t.Errorf("a cache that cannot weigh: %v", err)
	}
	if err := b.SetMaxWeight(0); err != nil {
		t.Error(err)
	}
	newCache(t, sticky.Options[string, string]{MaxEntries: 1, Budget: b})
	if err := b.SetMaxWeight(1); !errors.As(err, &refused) || refused.Field != "MaxWeight" {
		t.Errorf("a bound for a cache that cannot weigh: %v", err)
	}
	if err := b.SetMaxWeight(0); err != nil {
		t.Error(err)
	}
	if s := b.Stats(); s.MaxWeight != 0 || s.MaxEntries != 1 || s.Caches != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestBudgetEvictsTheOldestOfAll(t *testing.T) {
	var out attic
	b := newBudget(t, 3, 0)
	texts := newCache(t, sticky.Options[string, string]{
		MaxEntries: unbounded, OnEvict: out.add, Budget: b,
	})
	numbers, err := sticky.New(sticky.Options[int, int]{ // of other types
		MaxEntries: unbounded, Budget: b,
		OnEvict: func(k, v int, r sticky.Reason) { out.add(fmt.Sprint(k), fmt.Sprint(v), r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	keepNumber := func(n int) {
		l, err := numbers.Acquire(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		l.Put(n)
		l.Release()
	}
	keep(t, texts, "a", "A")
	keepNumber(1)
	keep(t, texts, "b", "B")
	holds(t, texts, "a", "A") // used: 1 is the oldest now
	out.expect(t)
	keepNumber(2)
	out.expect(t, gone{"1", "1", sticky.ReasonBudget})
	pin := acquire(t, texts, "b")
	keepNumber(3)
	keepNumber(4)
	out.expect(t, gone{"a", "A", sticky.ReasonBudget}, gone{"2", "2", sticky.ReasonBudget})
	want := sticky.BudgetStats{MaxEntries: 3, Entries: 3, Caches: 2, Evictions: 3}
	if s := b.Stats(); s != want {
		t.Errorf("stats: %+v, want %+v", s, want)
	}
	if s := texts.Stats(); s.Entries != 1 || s.Evictions[sticky.ReasonBudget] != 1 {
		t.Errorf("stats: %+v", s)
	}
	if err := b.Resize(1); err != nil {
		t.Fatal(err)
	}
	out.expect(t, gone{"3", "3", sticky.ReasonBudget}, gone{"4", "4", sticky.ReasonBudget})
	pin.Release()
	out.expect(t)
}

func TestBudgetWeighs(t *testing.T) {
	var out attic
	b := newBudget(t, 0, 10)
	var caches []*sticky.Cache[string, string]
	for range 2 {
		caches = append(caches, newCache(t, sticky.Options[string, string]{
			MaxEntries: unbounded, OnEvict: out.add, Budget: b,
			Weigh: func(_, v string) int64 { return int64(len(v)) },
		}))
	}
	keep(t, caches[0], "a", "12345")
	keep(t, caches[1], "b", "1234")
	keep(t, caches[0], "c", "1")
	out.expect(t)
	keep(t, caches[1], "d", "12")
	out.expect(t, gone{"a", "12345", sticky.ReasonBudget})
	keep(t, caches[0], "huge", "12345678901") // alone too heavy: goes alone
	out.expect(t, gone{"huge", "12345678901", sticky.ReasonBudget})
	if s := b.Stats(); s.Weight != 7 || s.Entries != 3 || s.Evictions != 2 {
		t.Errorf("stats: %+v", s)
	}
	if err := b.SetMaxWeight(3); err != nil {
		t.Fatal(err)
	}
	out.expect(t, gone{"b", "1234", sticky.ReasonBudget})
	if err := b.SetMaxWeight(-1); err == nil {
		t.Error("SetMaxWeight(-1) was accepted")
	}
}

func TestCloseGivesTheShareBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		b := newBudget(t, 2, 0)
		one := newCache(t, sticky.Options[string, string]{
			MaxEntries: unbounded, OnEvict: out.add, Budget: b,
		})
		other := newCache(t, sticky.Options[string, string]{
			MaxEntries: unbounded, OnEvict: out.add, Budget: b,
		})
		keep(t, one, "a", "A")
		pin := acquire(t, one, "b")
		pin.Put("B")
		if err := one.Close(expired(t)); err == nil {
			t.Error("Close did not wait")
		}
		synctest.Wait()
		out.expect(t, gone{"a", "A", sticky.ReasonClosed})
		keep(t, other, "c", "C")
		keep(t, other, "d", "D") // b still counts
		out.expect(t, gone{"c", "C", sticky.ReasonBudget})
		if s := b.Stats(); s.Caches != 2 || s.Entries != 2 {
			t.Errorf("stats: %+v", s)
		}
		pin.Release()
		for range 2 {
			if err := one.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if s := b.Stats(); s.Caches != 1 || s.Entries != 1 {
			t.Errorf("stats: %+v", s)
		}
		keep(t, other, "e", "E")
		out.expect(t, gone{"b", "B", sticky.ReasonClosed})
	})
}

// OnEvict of one cache uses the other one, both ways at once: there is no order of locks to get
// wrong.
func TestOnEvictUsesTheOtherCache(t *testing.T) {
	b := newBudget(t, 3, 0)
	caches := make([]*sticky.Cache[string, string], 2)
	for i := range caches {
		caches[i] = newCache(t, sticky.Options[string, string]{
			MaxEntries: unbounded, Budget: b,
			OnEvict: func(_, _ string, r sticky.Reason) {
				if r != sticky.ReasonBudget {
					return
				}
				l, err := caches[1-i].Acquire(t.Context(), "log")
				if err != nil {
					t.Error(err)
					return
				}
				l.Release()
				if s := b.Stats(); s.Caches != 2 {
					t.Errorf("stats: %+v", s)
				}
			},
		})
	}
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(g, 7))
			for range 1000 {
				keep(t, caches[rng.IntN(2)], fmt.Sprint(rng.IntN(5)), "value")
			}
		})
	}
	wg.Wait()
	for i, c := range caches {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := b.Stats(); s.Caches != 1-i {
			t.Errorf("stats: %+v", s)
		}
	}
	if s := b.Stats(); s.Entries != 0 || s.Weight != 0 {
		t.Errorf("something is left: %+v", s)
	}
}

// A cache that waits for room is in a budget: what the other one takes away makes room.
func TestBudgetMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(t, 2, 0)
		waits := newCache(t, sticky.Options[string, string]{MaxEntries: 2, WaitForRoom: true, Budget: b})
		other := newCache(t, sticky.Options[string, string]{MaxEntries: 2, Budget: b})
		keep(t, waits, "a", "A")
		pin := acquire(t, waits, "b")
		keep(t, other, "x", "X")
		keep(t, other, "y", "Y") // a goes
		if s := waits.Stats(); s.Entries != 0 || s.Evictions[sticky.ReasonBudget] != 1 {
			t.Errorf("stats: %+v", s)
		}
		began := time.Now()
		c := acquire(t, waits, "c")
		d := visit(t, waits, "d")
		expectIn(t, []bool{false}, d)
		pin.Release()
		expectIn(t, []bool{true}, d)
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		c.Release()
		d.lease.Release()
	})
}

// TestBudgetAgainstTwin does the same random things to three caches of a budget and to a list.
func TestBudgetAgainstTwin(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 8))
		limit := 1 + rng.IntN(5)
		b := newBudget(t, limit, 0)
		var got, want, order []string // order: idle ones, least recently used first
		var caches []*sticky.Cache[string, string]
		for range 3 {
			caches = append(caches, newCache(t, sticky.Options[string, string]{
				MaxEntries: unbounded, Budget: b,
				OnEvict: func(_, v string, r sticky.Reason) { got = append(got, v+" "+string(r)) },
			}))
		}
		leases := make(map[string]sticky.Lease[string, string])
		trim := func() {
			for len(leases)+len(order) > limit && len(order) > 0 {
				want = append(want, order[0]+" budget")
				order = order[1:]
			}
		}
		for step := range 200 {
			i, key := rng.IntN(3), string(rune('a'+rng.IntN(4)))
			name := fmt.Sprint(i, key)
			l, held := leases[name]
			switch {
			case rng.IntN(20) == 0:
				limit = 1 + rng.IntN(5)
				trim()
				if err := b.Resize(limit); err != nil {
					t.Fatal(err)
				}
			case held:
				l.Release()
				delete(leases, name)
				order = append(order, name)
				trim()
			default:
				l := acquire(t, caches[i], key)
				l.Put(name)
				leases[name] = l
				order = slices.DeleteFunc(order, func(n string) bool { return n == name })
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d step %d: evicted %q, want %q", seed, step, got, want)
			}
			if s := b.Stats(); s.Entries != len(leases)+len(order) || s.Evictions != uint64(len(want)) {
				t.Fatalf("seed %d step %d: %+v", seed, step, s)
			}
		}
	}
}

func TestZeroBudgetBoundsNothing(t *testing.T) {
	var b sticky.Budget
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 10, Budget: &b})
	for i := range 10 {
		keep(t, c, fmt.Sprint(i), "x")
	}
	if s := b.Stats(); s.Entries != 10 || s.Evictions != 0 {
		t.Errorf("stats: %+v", s)
	}
	if err := b.Resize(4); err != nil {
		t.Fatal(err)
	}
	if s := c.Stats(); s.Entries != 4 {
		t.Errorf("stats: %+v", s)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
