package sticky_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// A guest is one Acquire on a goroutine of its own.
type guest struct {
	leave context.CancelFunc
	lease sticky.Lease[string, string]
	err   error
	done  atomic.Bool
}

// visit calls Acquire on a goroutine of its own and returns when it has returned or waits.
func visit(t *testing.T, c *sticky.Cache[string, string], key string) *guest {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g := &guest{leave: cancel}
	go func() {
		g.lease, g.err = c.Acquire(ctx, key)
		g.done.Store(true)
	}()
	synctest.Wait()
	return g
}

// in says which of the guests have got their lease.
func in(guests ...*guest) []bool {
	synctest.Wait()
	var got []bool
	for _, g := range guests {
		got = append(got, g.done.Load() && g.err == nil)
	}
	return got
}

func expectIn(t *testing.T, want []bool, guests ...*guest) {
	t.Helper()
	if got := in(guests...); !slices.Equal(got, want) {
		t.Errorf("got leases: %v, want %v", got, want)
	}
}

func roomCache(t *testing.T, places int, out *attic) *sticky.Cache[string, string] {
	t.Helper()
	return newCache(t, sticky.Options[string, string]{
		MaxEntries: places, WaitForRoom: true, OnEvict: out.add,
	})
}

func TestWaitForRoomRefusesZero(t *testing.T) {
	_, err := sticky.New(sticky.Options[string, string]{WaitForRoom: true})
	var refused *sticky.OptionError
	if !errors.As(err, &refused) || refused.Field != "MaxEntries" {
		t.Errorf("New: %v", err)
	}
	c := roomCache(t, 1, &attic{})
	if err := c.Resize(0); !errors.As(err, &refused) {
		t.Errorf("Resize(0): %v", err)
	}
	if s := c.Stats(); s.MaxEntries != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestWaitForRoomFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := roomCache(t, 2, &out)
		a, b := acquire(t, c, "a"), acquire(t, c, "b") // a pin without a value takes a place, too
		a.Put("A")
		b.Put("B")
		x, y, x2, z := visit(t, c, "x"), visit(t, c, "y"), visit(t, c, "x"), visit(t, c, "z")
		expectIn(t, []bool{false, false, false, false}, x, y, x2, z)
		s := c.Stats()
		if s.Waiting != 4 || s.WaitingForRoom != 4 || s.Entries != 2 || s.Pinned != 2 {
			t.Errorf("stats: %+v", s)
		}
		a.Release() // idle at last: it goes for x
		expectIn(t, []bool{true, false, false, false}, x, y, x2, z)
		out.expect(t, gone{"a", "A", sticky.ReasonFull})
		if s := c.Stats(); s.Waiting != 3 || s.WaitingForRoom != 2 { // x2 waits for x alone
			t.Errorf("stats: %+v", s)
		}
		x.lease.Put("X")
		x.lease.Release() // to x2, who needs no room
		expectIn(t, []bool{true, false, true, false}, x, y, x2, z)
		if v, _ := x2.lease.Value(); v != "X" {
			t.Errorf("x2 has %q", v)
		}
		x2.lease.Evict("failed")
		b.Release()
		expectIn(t, []bool{true, true, true, true}, x, y, x2, z)
		out.expect(t, gone{"x", "X", "failed"}, gone{"b", "B", sticky.ReasonFull})
		y.lease.Release() // without values nothing stays
		z.lease.Release()
		if s := c.Stats(); s.Entries+s.Pinned+s.Waiting+s.WaitingForRoom+s.Evicting != 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

// A lease that ends without a value frees its place for who has waited longest, even if someone
// waits for the very key.
func TestPlaceGoesToWhoWaitedLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := roomCache(t, 1, &attic{})
		a := acquire(t, c, "a")
		first := visit(t, c, "a")
		b := visit(t, c, "b")
		last := visit(t, c, "a")
		a.Release()
		expectIn(t, []bool{true, false, false}, first, b, last)
		first.lease.Release()
		expectIn(t, []bool{true, true, false}, first, b, last)
		if s := c.Stats(); s.WaitingForRoom != 1 {
			t.Errorf("who waited for the key does not wait for room: %+v", s)
		}
		b.lease.Release()
		expectIn(t, []bool{true, true, true}, first, b, last)
		last.lease.Release()
	})
}

func TestIdleValueMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		var most atomic.Int64
		var live atomic.Int64
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 2, WaitForRoom: true,
			OnEvict: func(k, v string, r sticky.Reason) {
				time.Sleep(time.Minute)
				live.Add(-1)
				out.add(k, v, r)
			},
		})
		enter := func(key string) {
			l := acquire(t, c, key)
			l.Put(key)
			most.Store(max(most.Load(), live.Add(1)))
			l.Release()
		}
		enter("a")
		enter("b")
		began := time.Now()
		enter("c")
		if took := time.Since(began); took != time.Minute || most.Load() != 2 {
			t.Errorf("waited %v with %d values, want 1m until OnEvict returned, and 2", took, most.Load())
		}
		out.expect(t, gone{"a", "a", sticky.ReasonFull})
		holds(t, c, "b", "b")
		if took := time.Since(began); took != time.Minute {
			t.Error("a key that has its place waited")
		}
		// Who gives up does not wait for OnEvict, and the place is not lost.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Acquire(ctx, "d"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Acquire: %v", err)
		}
		time.Sleep(time.Hour)
		out.expect(t, gone{"c", "c", sticky.ReasonFull})
		began = time.Now()
		enter("e")
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %v though a place was free", took)
		}
	})
}

// Who waits for a key that is being evicted claims its place again, so another value must go for
// who waited for that place.
func TestWantedWhileEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 2, WaitForRoom: true,
			OnEvict: func(string, string, sticky.Reason) { time.Sleep(time.Minute) },
		})
		evicted := func() uint64 { return c.Stats().Evictions[sticky.ReasonFull] }
		keep(t, c, "a", "A")
		keep(t, c, "b", "B")
		x := visit(t, c, "x") // a goes
		a := visit(t, c, "a") // so b must go, too
		if s := c.Stats(); s.Evicting != 2 {
			t.Errorf("stats: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		expectIn(t, []bool{true, true}, x, a)
		x.lease.Release()
		a.lease.Release()

		// And if he gives up, no more than needed goes.
		keep(t, c, "a", "A")
		keep(t, c, "b", "B")
		x, a = visit(t, c, "x"), visit(t, c, "a")
		a.leave()
		synctest.Wait()
		y := visit(t, c, "y")
		if s := c.Stats(); s.Evicting != 2 || s.WaitingForRoom != 2 {
			t.Errorf("stats: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		expectIn(t, []bool{true, true}, x, y)
		before := evicted()
		for _, g := range []*guest{x, y} {
			g.lease.Put("value")
			g.lease.Release()
		}
		synctest.Wait()
		if now := evicted(); now != before {
			t.Errorf("%d values too many went", now-before)
		}
	})
}

// An Evict with waiters for its key takes no place away, and the next new key finds the idle value
// to evict.
func TestEvictedWhileWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := roomCache(t, 1, &out)
		a := acquire(t, c, "a")
		a.Put("A1")
		next := visit(t, c, "a")
		a.Evict("failed")
		expectIn(t, []bool{true}, next)
		next.lease.Put("A2")
		next.lease.Release()
		acquire(t, c, "b").Release()
		out.expect(t, gone{"a", "A1", "failed"}, gone{"a", "A2", sticky.ReasonFull})
	})
}

// A purge does not wait for those who had nothing when it began.
func TestPurgeSparesWhoWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := roomCache(t, 1, &attic{})
		a := acquire(t, c, "a")
		x := visit(t, c, "x")
		purged := make(chan error, 1)
		go func() { purged <- c.Purge(t.Context(), "purged") }()
		synctest.Wait()
		a.Release()
		expectIn(t, []bool{true}, x)
		if len(purged) != 1 {
			t.Error("Purge waits for a lease that came later")
		}
		x.lease.Release()
	})
}

func TestGivingUpRoomLeavesNoHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := roomCache(t, 1, &attic{})
		a := acquire(t, c, "a")
		x, y, y2, z := visit(t, c, "x"), visit(t, c, "y"), visit(t, c, "y"), visit(t, c, "z")
		x.leave()
		y.leave()
		synctest.Wait()
		if !errors.Is(x.err, context.Canceled) || !errors.Is(y.err, context.Canceled) {
			t.Errorf("who gave up: %v, %v", x.err, y.err)
		}
		if s := c.Stats(); s.WaitingForRoom != 2 || s.Waiting != 2 {
			t.Errorf("stats: %+v", s)
		}
		a.Release()
		expectIn(t, []bool{true, false}, y2, z)
		y2.lease.Release()
		expectIn(t, []bool{true, true}, y2, z)
		z.lease.Release()
		acquire(t, c, "x").Release()
	})
}

func TestResizeAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out attic
		c := roomCache(t, 1, &out)
		a := acquire(t, c, "a")
		a.Put("A")
		x, y, z := visit(t, c, "x"), visit(t, c, "y"), visit(t, c, "z")
		if err := c.Resize(3); err != nil {
			t.Fatal(err)
		}
		expectIn(t, []bool{true, true, false}, x, y, z)
		if err := c.Resize(1); err != nil { // three are out: two must end before there is room
			t.Fatal(err)
		}
		x.lease.Put("X")
		x.lease.Release()
		a.Release()
		expectIn(t, []bool{false}, z)
		out.expect(t, gone{"x", "X", sticky.ReasonFull}, gone{"a", "A", sticky.ReasonFull})
		again := visit(t, c, "y")
		y.lease.Release() // its key has waiters, and no claim before z
		expectIn(t, []bool{true, false}, z, again)
		z.lease.Release()
		expectIn(t, []bool{true}, again)
		again.lease.Release()
	})
}

func TestCloseEndsTheWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var budget sticky.Budget
		c := newCache(t, sticky.Options[string, string]{
			MaxEntries: 1, WaitForRoom: true, Budget: &budget,
		})
		a := acquire(t, c, "a")
		a.Put("A")
		x := visit(t, c, "x")
		if err := c.Purge(expired(t), "purged"); err == nil {
			t.Error("Purge did not wait for the pin")
		} else if held := (*sticky.HeldError)(nil); !errors.As(err, &held) || len(held.Keys) != 1 {
			t.Errorf("who waits for room was taken for a holder: %v", err)
		}
		closed := make(chan error)
		go func() { closed <- c.Close(t.Context()) }()
		synctest.Wait()
		if !errors.Is(x.err, sticky.ErrClosed) {
			t.Errorf("who waited: %v", x.err)
		}
		a.Release()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if s := c.Stats(); s.Waiting+s.WaitingForRoom+s.Entries+s.Pinned != 0 {
			t.Errorf("stats: %+v", s)
		}
		if s := budget.Stats(); s.Caches != 0 {
			t.Errorf("budget: %+v", s)
		}
	})
}

func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestRoomUnderLoad checks with many goroutines, some of them impatient, that there are never more
// keys in use or in memory than places, and that no place is lost.
func TestRoomUnderLoad(t *testing.T) {
	const places = 3
	var live atomic.Int64
	c := newCache(t, sticky.Options[string, string]{
		MaxEntries: places, WaitForRoom: true, IdleTimeout: 50 * time.Microsecond,
		OnEvict: func(string, string, sticky.Reason) { live.Add(-1) },
	})
	var wg sync.WaitGroup
	for g := range uint64(8) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(g, 6))
			for range 1000 {
				ctx, cancel := context.WithTimeout(t.Context(),
					time.Duration(rng.IntN(200))*time.Microsecond)
				l, err := c.Acquire(ctx, fmt.Sprint(rng.IntN(9)))
				cancel()
				if err != nil {
					continue
				}
				if _, ok := l.Value(); !ok && rng.IntN(4) > 0 {
					if n := live.Add(1); n > places {
						t.Errorf("%d values, want at most %d", n, places)
					}
					l.Put("value")
				}
				switch rng.IntN(8) {
				case 0:
					l.Evict("failed")
				case 1:
					l.Drop("stale")
				case 2:
					_ = c.Purge(ctx, "purged")
				}
				l.Release()
			}
		})
	}
	wg.Wait()
	for i := range places { // all places are there
		if _, err := c.Acquire(t.Context(), fmt.Sprint("last ", i)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.Acquire(ctx, "one more"); err == nil {
		t.Errorf("more leases than places: %+v", c.Stats())
	}
	if s := c.Stats(); s.WaitingForRoom != 0 || s.Waiting != 0 || s.Pinned != places {
		t.Errorf("stats: %+v", s)
	}
}
