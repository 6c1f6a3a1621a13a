package sticky_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

func TestResize(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 3, OnEvict: out.add})
	for _, k := range []string{"a", "b", "c"} {
		keep(t, c, k, k)
	}
	pin := acquire(t, c, "a")
	if err := c.Resize(1); err != nil {
		t.Fatal(err)
	}
	out.expect(t, gone{"b", "b", sticky.ReasonFull}, gone{"c", "c", sticky.ReasonFull})
	pin.Release()
	out.expect(t)
	if err := c.Resize(0); err != nil {
		t.Fatal(err)
	}
	out.expect(t, gone{"a", "a", sticky.ReasonFull})
	if err := c.Resize(2); err != nil {
		t.Fatal(err)
	}
	keep(t, c, "d", "d")
	keep(t, c, "e", "e")
	out.expect(t)
	var refused *sticky.OptionError
	if err := c.Resize(-1); !errors.As(err, &refused) {
		t.Errorf("Resize(-1): %v", err)
	}
	if s := c.Stats(); s.MaxEntries != 2 || s.Entries != 2 {
		t.Errorf("stats: %+v", s)
	}
}

func TestWeights(t *testing.T) {
	var out attic
	c := newCache(t, sticky.Options[string, string]{
		MaxEntries: 100, OnEvict: out.add, MaxWeight: 10,
		Weigh: func(_, v string) int64 { return int64(len(v)) - 1 }, // "" weighs -1: counts as 0
	})
	keep(t, c, "a", "12345") // 4
	keep(t, c, "b", "12345") // 4
	keep(t, c, "empty", "")
	if s := c.Stats(); s.Weight != 8 || s.Entries != 3 {
		t.Errorf("stats: %+v", s)
	}
	out.expect(t)
	keep(t, c, "c", "1234") // 3: 11 in all
	out.expect(t, gone{"a", "12345", sticky.ReasonOverweight})

	l := acquire(t, c, "c")
	l.Put("12345678901") // grown while pinned: seen at Release
	if s := c.Stats(); s.Weight != 7 {
		t.Errorf("weight while pinned: %d, want the 7 of the last release", s.Weight)
	}
	l.Release()
	out.expect(t, gone{"b", "12345", sticky.ReasonOverweight})
	keep(t, c, "huge", strings.Repeat("x", 12)) // alone too heavy: goes alone
	out.expect(t, gone{"huge", strings.Repeat("x", 12), sticky.ReasonOverweight})
	if s := c.Stats(); s.Weight != 10 || s.Entries != 2 {
		t.Errorf("stats: %+v", s)
	}

	if err := c.SetMaxWeight(9); err != nil {
		t.Fatal(err)
	}
	out.expect(t, gone{"empty", "", sticky.ReasonOverweight},
		gone{"c", "12345678901", sticky.ReasonOverweight})
	if err := c.SetMaxWeight(-1); err == nil {
		t.Error("SetMaxWeight(-1) was accepted")
	}
	plain := newCache(t, sticky.Options[string, string]{MaxEntries: 1})
	if err := plain.SetMaxWeight(1); err == nil {
		t.Error("SetMaxWeight without Weigh was accepted")
	}
	if err := plain.SetMaxWeight(0); err != nil {
		t.Errorf("SetMaxWeight(0) without Weigh: %v", err)
	}
}

func TestPanicInWeighFreesTheKey(t *testing.T) {
	c := newCache(t, sticky.Options[string, string]{
		MaxEntries: 5, MaxWeight: 5,
		Weigh: func(string, string) int64 { panic("boom") },
	})
	l := acquire(t, c, "a")
	l.Put("A")
	func() {
		defer func() { _ = recover() }()
		l.Release()
	}()
	l = acquire(t, c, "a")
	l.Evict("done")
	if s := c.Stats(); s.Pinned != 0 || s.Entries != 0 || s.Weight != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		out := make(map[string]time.Duration)
		soFar := func() map[string]time.Duration {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(out)
		}
		began := time.Now()
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 100, IdleTimeout: time.Minute,
			OnEvict: func(k, _ string, r sticky.Reason) {
				if r != sticky.ReasonIdle {
					t.Errorf("%s evicted as %s", k, r)
				}
				mu.Lock()
				defer mu.Unlock()
				out[k] = time.Since(began)
			},
		})
		keep(t, c, "a", "A") // 0s
		time.Sleep(20 * time.Second)
		keep(t, c, "b", "B") // 20s
		time.Sleep(20 * time.Second)
		holds(t, c, "a", "A") // touched at 40s
		pinned := acquire(t, c, "pinned")
		pinned.Put("P")
		time.Sleep(time.Hour)
		want := map[string]time.Duration{"a": 100 * time.Second, "b": 80 * time.Second}
		if got := soFar(); !maps.Equal(got, want) {
			t.Errorf("evicted %v, want %v", got, want)
		}
		pinned.Release() // idle only from now on
		time.Sleep(59 * time.Second)
		if got := soFar(); len(got) != 2 {
			t.Errorf("evicted too early: %v", got)
		}
		time.Sleep(2 * time.Second)
		if got := soFar(); len(got) != 3 {
			t.Errorf("not evicted: %v", got)
		}
		if s := c.Stats(); s.Entries != 0 || s.Evictions[sticky.ReasonIdle] != 3 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, OnEvict: out.add})
		keep(t, c, "a", "A")
		l := acquire(t, c, "b")
		l.Put("B")
		next := make(chan sticky.Lease[string, string])
		go func() { next <- acquire(t, c, "b") }()
		synctest.Wait()
		time.AfterFunc(time.Minute, l.Release)

		began := time.Now()
		if err := c.Purge(t.Context(), "redeployed"); err != nil {
			t.Errorf("Purge: %v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("Purge took %v, want until the pin came back", took)
		}
		out.expect(t, gone{"a", "A", "redeployed"}, gone{"b", "B", "redeployed"})
		l = <-next
		if _, hit := l.Value(); hit {
			t.Error("who waited got a purged value")
		}
		l.Put("B2")
		l.Release()
		holds(t, c, "b", "B2") // put after the purge: stays
	})
}

func TestPurgeWaitsForEvictionsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 5,
			OnEvict:    func(string, string, sticky.Reason) { time.Sleep(time.Second) },
		})
		l := acquire(t, c, "a")
		l.Put("A")
		go l.Evict("x")
		synctest.Wait()
		began := time.Now()
		if err := c.Purge(t.Context(), ""); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestExplicitReasonWinsOverPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, OnEvict: out.add})
		l := acquire(t, c, "a")
		l.Put("A")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := c.Purge(ctx, "purged")
		var held *sticky.HeldError
		if !errors.As(err, &held) || held.Pinned != 1 || held.Keys[0] != "a" ||
			!errors.Is(err, context.Canceled) {
			t.Errorf("Purge: %v", err)
		}
		l.Evict("failed")
		out.expect(t, gone{"a", "A", "failed"})
	})
}

// One OnEvict that hangs must stop neither the other evictions nor Close.
func TestCloseWithHangingOnEvict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var out attic
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 100,
			OnEvict: func(k, v string, r sticky.Reason) {
				if k == "stuck" {
					<-release
				}
				out.add(k, v, r)
			},
		})
		keep(t, c, "stuck", "S")
		for i := range 50 {
			keep(t, c, fmt.Sprint(i), "x")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Close(ctx)
		var held *sticky.HeldError
		if !errors.As(err, &held) || held.Pinned != 0 || held.Evicting != 1 {
			t.Fatalf("Close: %v", err)
		}
		if !strings.Contains(err.Error(), "stuck") {
			t.Errorf("the error does not name the key: %v", err)
		}
		close(release)
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if len(out.gone) != 51 {
			t.Errorf("%d values evicted, want 51", len(out.gone))
		}
		if s := c.Stats(); s.Entries+s.Evicting+s.Pinned != 0 || s.Evictions[sticky.ReasonClosed] != 51 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 5, OnEvict: out.add, IdleTimeout: time.Hour,
		})
		keep(t, c, "a", "A")
		l := acquire(t, c, "b")
		waiter := make(chan error)
		go func() {
			_, err := c.Acquire(t.Context(), "b")
			waiter <- err
		}()
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- c.Close(t.Context()) }()
		if err := <-waiter; !errors.Is(err, sticky.ErrClosed) {
			t.Errorf("waiter: %v", err)
		}
		if _, err := c.Acquire(t.Context(), "c"); !errors.Is(err, sticky.ErrClosed) {
			t.Errorf("Acquire: %v", err)
		}
		synctest.Wait()
		select {
		case err := <-closed:
			t.Fatalf("Close did not wait for the pin: %v", err)
		default:
		}
		l.Put("B") // a lease stays valid
		l.Release()
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		out.expect(t, gone{"a", "A", sticky.ReasonClosed}, gone{"b", "B", sticky.ReasonClosed})
		if s := c.Stats(); s.Waiting != 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestCloseOfAnEmptyCache(t *testing.T) {
	var budget sticky.Budget
	c := newCache(t, sticky.Options[string, string]{MaxEntries: 5, Budget: &budget})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if err := c.Close(ctx); err != nil {
			t.Errorf("nothing to wait for, but: %v", err)
		}
	}
	if s := budget.Stats(); s.Caches != 0 {
		t.Errorf("budget: %+v", s)
	}
}
