package sticky_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// A gone is what OnEvict was told.
type gone struct {
	key, value string
	reason     sticky.Reason
}

// An attic collects what OnEvict was told.
type attic struct {
	mu   sync.Mutex
	gone []gone
}

func (a *attic) add(key, value string, reason sticky.Reason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = append(a.gone, gone{key, value, reason})
}

// expect compares what was evicted since the last call with want, in order.
func (a *attic) expect(t *testing.T, want ...gone) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.gone, want) {
		t.Errorf("evicted %v, want %v", a.gone, want)
	}
	a.gone = nil
}

func newCache[V any](t *testing.T, o sticky.Options[string, V]) *sticky.Cache[string, V] {
	t.Helper()
	c, err := sticky.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

func acquire[V any](t *testing.T, c *sticky.Cache[string, V], key string) sticky.Lease[string, V] {
	t.Helper()
	l, err := c.Acquire(t.Context(), key)
	if err != nil {
		t.Fatalf("Acquire(%q): %v", key, err)
	}
	return l
}

// keep puts value under key and releases it.
func keep[V any](t *testing.T, c *sticky.Cache[string, V], key string, value V) {
	t.Helper()
	l := acquire(t, c, key)
	l.Put(value)
	l.Release()
}

// holds checks what the cache has under key, which it touches.
func holds(t *testing.T, c *sticky.Cache[string, string], key, want string) {
	t.Helper()
	l := acquire(t, c, key)
	defer l.Release()
	if got, ok := l.Value(); got != want || ok != (want != "") {
		t.Errorf("value of %q: got %q, %t, want %q", key, got, ok, want)
	}
}

func TestNewRefuses(t *testing.T) {
	weigh := func(string, string) int64 { return 1 }
	for _, tt := range []struct {
		name, field string
		options     sticky.Options[string, string]
	}{
		{"negative entries", "MaxEntries", sticky.Options[string, string]{MaxEntries: -1}},
		{"negative weight", "MaxWeight", sticky.Options[string, string]{MaxWeight: -1, Weigh: weigh}},
		{"bound without scale", "MaxWeight", sticky.Options[string, string]{MaxWeight: 1}},
		{"scale without bound", "MaxWeight", sticky.Options[string, string]{Weigh: weigh}},
		{"negative idle", "IdleTimeout", sticky.Options[string, string]{IdleTimeout: -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sticky.New(tt.options)
			var refused *sticky.OptionError
			if !errors.As(err, &refused) || refused.Field != tt.field || refused.Fix == "" {
				t.Errorf("got %v, want an OptionError for %s with a fix", err, tt.field)
			}
		})
	}
}

func TestValueStaysBetweenLeases(t *testing.T) {
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 2})
	holds(t, c, "a", "")
	keep(t, c, "a", "one")
	holds(t, c, "a", "one")
	l := acquire(t, c, "a")
	l.Put("two")
	if v, ok := l.Value(); v != "two" || !ok {
		t.Errorf("value after Put: %q, %t", v, ok)
	}
	l.Release()
	holds(t, c, "a", "two")
	s := c.Stats()
	if s.Entries != 1 || s.Pinned != 0 || s.Hits != 3 || s.Misses != 2 || len(s.Evictions) != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 2, OnEvict: out.add})
	keep(t, c, "a", "A")
	keep(t, c, "b", "B")
	holds(t, c, "a", "A") // touched: now b is the oldest
	keep(t, c, "c", "C")
	out.expect(t, gone{"b", "B", sticky.ReasonFull})
	keep(t, c, "d", "D")
	out.expect(t, gone{"a", "A", sticky.ReasonFull})
	if s := c.Stats(); s.Entries != 2 || s.Evictions[sticky.ReasonFull] != 2 {
		t.Errorf("stats: %+v", s)
	}
}

func TestSurplusGoesAtRelease(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 1, OnEvict: out.add})
	var leases []sticky.Lease[string, string]
	for _, k := range []string{"a", "b", "c"} {
		l := acquire(t, c, k)
		l.Put(k)
		leases = append(leases, l)
	}
	out.expect(t)
	if s := c.Stats(); s.Entries != 3 || s.Pinned != 3 {
		t.Errorf("with three pins: %+v", s)
	}
	leases[1].Release()
	out.expect(t, gone{"b", "b", sticky.ReasonFull})
	leases[0].Release()
	out.expect(t, gone{"a", "a", sticky.ReasonFull})
	leases[2].Release()
	out.expect(t)
	holds(t, c, "c", "c")
}

func TestZeroKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := newCache(t, sticky.Options[string, string]{OnEvict: out.add})
		l := acquire(t, c, "a")
		l.Put("A")
		waited := make(chan bool)
		go func() {
			l, err := c.Acquire(t.Context(), "a")
			if err != nil {
				t.Error(err)
				close(waited)
				return
			}
			_, hit := l.Value()
			l.Release()
			waited <- hit
		}()
		synctest.Wait()
		l.Release()
		if hit := <-waited; hit {
			t.Error("who waited was given a value by a cache that keeps nothing")
		}
		out.expect(t, gone{"a", "A", sticky.ReasonFull})
		if s := c.Stats(); s.Entries != 0 || s.Pinned != 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestOneHolderFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 1})
		first := acquire(t, c, "a")
		first.Put("0")
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				l, err := c.Acquire(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				time.Sleep(time.Second)
				l.Release()
			})
			synctest.Wait()
		}
		if s := c.Stats(); s.Waiting != 5 || s.Pinned != 1 {
			t.Errorf("stats: %+v", s)
		}
		holds(t, c, "other", "") // another key does not wait
		began := time.Now()
		first.Release()
		wg.Wait()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("five holders of 1s each took %v, want 5s", took)
		}
		if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
			t.Errorf("order %v", order)
		}
	})
}

func TestContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 1})
		l := acquire(t, c, "a")
		why := errors.New("lost interest")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		began := time.Now()
		_, err := c.Acquire(ctx, "a")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) {
			t.Errorf("got %v, want a deadline with its cause", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("waited %v, want 1s", took)
		}
		if _, err := c.Acquire(ctx, "free"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Acquire with an ended context: %v", err)
		}
		l.Release()
		if s := c.Stats(); s.Waiting != 0 || s.Pinned != 0 {
			t.Errorf("stats: %+v", s)
		}
		holds(t, c, "a", "")
	})
}

// A waiter that gives up must not take its place in the queue along.
func TestGivingUpKeepsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 1})
		l := acquire(t, c, "a")
		impatient, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := c.Acquire(impatient, "a"); !errors.Is(err, context.Canceled) {
				t.Errorf("impatient: %v", err)
			}
		}()
		synctest.Wait()
		got := make(chan struct{})
		go func() {
			acquire(t, c, "a").Release()
			close(got)
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		l.Release()
		<-got
	})
}

func TestEvictGivesTheNextAMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, OnEvict: out.add})
		l := acquire(t, c, "a")
		l.Put("A")
		done := make(chan struct{})
		go func() {
			defer close(done)
			holds(t, c, "a", "")
		}()
		synctest.Wait()
		l.Evict("failed")
		<-done
		out.expect(t, gone{"a", "A", "failed"})

		acquire(t, c, "b").Evict("failed") // nothing there: no eviction
		out.expect(t)
		keep(t, c, "c", "C")
		acquire(t, c, "c").Evict("")
		out.expect(t, gone{"c", "C", sticky.ReasonUnspecified})
	})
}

func TestOnlyTheFirstEndCounts(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, OnEvict: out.add})
	old := acquire(t, c, "a")
	old.Put("A")
	old.Release()
	now := acquire(t, c, "a")
	old.Release()
	old.Evict("late")
	old.Drop("late")
	old.Put("late")
	if v, ok := old.Value(); ok || v != "" {
		t.Errorf("an ended lease has a value: %q", v)
	}
	if v, _ := now.Value(); v != "A" {
		t.Errorf("the new lease has %q", v)
	}
	s := c.Stats()
	if s.Pinned != 1 || s.LateCalls != 3 {
		t.Errorf("pinned %d, late calls %d, want 1 and 3", s.Pinned, s.LateCalls)
	}
	now.Release()
	out.expect(t)
}

func TestDropKeepsThePin(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, OnEvict: out.add})
	keep(t, c, "a", "old")
	l := acquire(t, c, "a")
	l.Drop("stale")
	l.Drop("stale") // nothing left to drop
	out.expect(t, gone{"a", "old", "stale"})
	if _, ok := l.Value(); ok {
		t.Error("a value after Drop")
	}
	if s := c.Stats(); s.Pinned != 1 || s.Entries != 0 || s.Evicting != 0 {
		t.Errorf("stats: %+v", s)
	}
	l.Put("new")
	l.Release()
	holds(t, c, "a", "new")
}

func TestEvictionLocksItsKeyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 5,
			OnEvict:    func(string, string, sticky.Reason) { time.Sleep(time.Minute) },
		})
		l := acquire(t, c, "a")
		l.Put("A")
		began := time.Now()
		go l.Evict("slow")
		synctest.Wait()
		if s := c.Stats(); s.Evicting != 1 || s.Entries != 0 {
			t.Errorf("stats: %+v", s)
		}
		keep(t, c, "b", "B")
		if took := time.Since(began); took != 0 {
			t.Errorf("another key waited %v", took)
		}
		holds(t, c, "a", "")
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the key was free after %v, want 1m", took)
		}
	})
}

// The released key must be free while Release still evicts another one.
func TestReleaseFreesItsKeyBeforeEvictingOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 1,
			OnEvict:    func(string, string, sticky.Reason) { time.Sleep(time.Minute) },
		})
		keep(t, c, "a", "A")
		began := time.Now()
		l := acquire(t, c, "b")
		l.Put("B")
		var wg sync.WaitGroup
		wg.Go(l.Release)
		synctest.Wait()
		b := acquire(t, c, "b")
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %v for the released key", took)
		}
		if v, _ := b.Value(); v != "B" {
			t.Errorf("value %q", v)
		}
		b.Release()
		wg.Wait()
	})
}

func TestPanicInOnEvictFreesTheKey(t *testing.T) {
	c := newCache(t, sticky.Options[string, string]{
		MaxEntries: 5,
		OnEvict:    func(string, string, sticky.Reason) { panic("boom") },
	})
	for _, end := range []func(sticky.Lease[string, string]){
		func(l sticky.Lease[string, string]) { l.Evict("x") },
		func(l sticky.Lease[string, string]) { defer l.Release(); l.Drop("x") },
	} {
		l := acquire(t, c, "a")
		l.Put("A")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			end(l)
		}()
		holds(t, c, "a", "")
		if s := c.Stats(); s.Evicting != 0 || s.Pinned != 0 {
			t.Errorf("stats: %+v", s)
		}
	}
}

func TestOnEvictMayUseTheCache(t *testing.T) {
	var c *sticky.Cache[string, string]
	c = newCache(t, sticky.Options[string, string]{
		MaxEntries: 1,
		OnEvict: func(key, _ string, _ sticky.Reason) {
			if key == "a" {
				l, err := c.Acquire(t.Context(), "log")
				if err != nil {
					t.Error(err)
					return
				}
				l.Release()
			}
		},
	})
	keep(t, c, "a", "A")
	keep(t, c, "b", "B")
	if s := c.Stats(); s.Entries != 1 || s.Misses != 3 {
		t.Errorf("stats: %+v", s)
	}
}

type recorder struct{ events []string }

func (r *recorder) ObserveAcquire(e sticky.AcquireEvent[string]) {
	r.events = append(r.events, fmt.Sprint("acquire ", e.Key, " ", e.Hit, " ", e.Waited))
}

func (r *recorder) ObserveEvict(e sticky.EvictEvent[string]) {
	r.events = append(r.events, fmt.Sprint("evict ", e.Key, " ", e.Reason, " ", e.Took))
}

func TestObservers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries:      1,
			OnEvict:         func(string, string, sticky.Reason) { time.Sleep(2 * time.Second) },
			AcquireObserver: &r,
			EvictObserver:   &r,
		})
		l := acquire(t, c, "a")
		l.Put("A")
		time.AfterFunc(time.Second, l.Release)
		acquire(t, c, "a").Release()
		keep(t, c, "b", "B")
		want := []string{"acquire a false 0s", "acquire a true 1s", "acquire b false 0s", "evict a full 2s"}
		if !slices.Equal(r.events, want) {
			t.Errorf("got %q, want %q", r.events, want)
		}
	})
}
