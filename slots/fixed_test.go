package slots_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

var errStop = errors.New("stop asked for by the test")

func fixed(t testing.TB, limit int, observers ...any) *slots.Fixed {
	t.Helper()
	f, err := slots.NewFixed(slots.FixedOptions{Limit: limit, Observers: observers})
	if err != nil {
		t.Fatalf("NewFixed(%d): %v", limit, err)
	}
	return f
}

func take(t testing.TB, s slots.Supplier) slots.Permit {
	t.Helper()
	p, ok := s.TryReserve(slots.Request{})
	if !ok {
		t.Fatal("TryReserve found no permit where one had to be free")
	}
	return p
}

func wantStats(t testing.TB, f *slots.Fixed, want slots.Stats) {
	t.Helper()
	if got := f.Stats(); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	tests := []struct {
		name    string
		options slots.FixedOptions
		field   string // of the OptionError; empty when the options are good
	}{
		{"one", slots.FixedOptions{Limit: 1}, ""},
		{"most", slots.FixedOptions{Limit: slots.MaxLimit}, ""},
		{"zero", slots.FixedOptions{}, "Limit"},
		{"negative", slots.FixedOptions{Limit: -4}, "Limit"},
		{"too many", slots.FixedOptions{Limit: slots.MaxLimit + 1}, "Limit"},
		{"observer", slots.FixedOptions{Limit: 1, Observers: []any{&journal{}}}, ""},
		{"no observer", slots.FixedOptions{Limit: 1, Observers: []any{&journal{}, 3}}, "Observers[1]"},
		{"nil observer", slots.FixedOptions{Limit: 1, Observers: []any{nil}}, "Observers[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := slots.NewFixed(tt.options)
			if tt.field == "" {
				if err != nil || f == nil {
					t.Fatalf("NewFixed = %v, %v, want a supplier", f, err)
				}
				return
			}
			checkOptionError(t, err, tt.field)
			if f != nil {
				t.Errorf("NewFixed returned a supplier beside the error %v", err)
			}
		})
	}
}

func checkOptionError(t *testing.T, err error, field string) {
	t.Helper()
	var o *slots.OptionError
	if !errors.As(err, &o) {
		t.Fatalf("error %v is no *OptionError", err)
	}
	if o.Field != field || o.Fix == "" || !strings.Contains(o.Error(), field) {
		t.Errorf("error %#v (%v) does not name field %s and its fix", o, o, field)
	}
}

func TestLimitIsHard(t *testing.T) {
	f := fixed(t, 2)
	a, b := take(t, f), take(t, f)
	if _, ok := f.TryReserve(slots.Request{}); ok {
		t.Fatal("TryReserve gave a third permit of 2")
	}
	wantStats(t, f, slots.Stats{Limit: 2, Issued: 2, Idle: 2})
	if !a.Release() {
		t.Error("Release of a permit that is out = false")
	}
	c := take(t, f)
	b.Release()
	c.Release()
	wantStats(t, f, slots.Stats{Limit: 2})
}

func TestReserveWaitsForRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fixed(t, 1)
		p := take(t, f)
		time.AfterFunc(time.Second, func() { p.Release() })
		start := time.Now()
		q, err := f.Reserve(t.Context(), slots.Request{})
		if err != nil {
			t.Fatalf("Reserve: %v", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("Reserve returned after %v, want 1s, when the permit was released", d)
		}
		if !q.Release() {
			t.Error("the permit that Reserve returned was not out")
		}
		wantStats(t, f, slots.Stats{Limit: 1})
	})
}

func TestReserveIsFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fixed(t, 1)
		p := take(t, f)
		const callers = 20
		order := make(chan int, callers)
		for i := range callers {
			go func() {
				q, err := f.Reserve(t.Context(), slots.Request{})
				if err != nil {
					t.Errorf("Reserve %d: %v", i, err)
					return
				}
				order <- i
				q.Release()
			}()
			synctest.Wait() // caller i is in the queue
		}
		wantStats(t, f, slots.Stats{Limit: 1, Issued: 1, Idle: 1, Waiting: callers})
		p.Release()
		for i := range callers {
			if got := <-order; got != i {
				t.Fatalf("permit %d went to caller %d, want first come, first served", i, got)
			}
		}
		synctest.Wait()
		wantStats(t, f, slots.Stats{Limit: 1})
	})
}

func TestReserveEndsWithContext(t *testing.T) {
	request := slots.Request{Kind: "activity", Queue: "orders"}
	t.Run("while waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := fixed(t, 1)
			p := take(t, f)
			defer p.Release()
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errStop)
			defer cancel()
			start := time.Now()
			_, err := f.Reserve(ctx, request)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errStop) {
				t.Errorf("error %v matches not both ctx.Err() and its cause", err)
			}
			if !strings.Contains(err.Error(), `"orders"`) {
				t.Errorf("error %q does not say for what", err)
			}
			if d := time.Since(start); d != time.Second {
				t.Errorf("Reserve returned after %v, want 1s", d)
			}
			wantStats(t, f, slots.Stats{Limit: 1, Issued: 1, Idle: 1})
		})
	})
	t.Run("before", func(t *testing.T) {
		f := fixed(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Reserve(ctx, request); !errors.Is(err, context.Canceled) {
			t.Errorf("Reserve with an ended ctx: error %v, want context.Canceled", err)
		}
		wantStats(t, f, slots.Stats{Limit: 1})
	})
	for gone := range 3 {
		t.Run(fmt.Sprintf("as number %d of 3 in the queue", gone+1), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testLeaveQueue(t, gone) })
		})
	}
}

// testLeaveQueue lets one of three that wait give up and a fourth come: the rest keep their order.
func testLeaveQueue(t *testing.T, gone int) {
	t.Helper()
	f := fixed(t, 1)
	p := take(t, f)
	served := make(chan int, 4)
	wait := func(ctx context.Context, i int) {
		go func() {
			if q, err := f.Reserve(ctx, slots.Request{}); err == nil {
				served <- i
				q.Release()
			}
		}()
		synctest.Wait()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 3 {
		if i == gone {
			wait(ctx, i)
		} else {
			wait(t.Context(), i)
		}
	}
	cancel()
	synctest.Wait()
	wait(t.Context(), 3)
	wantStats(t, f, slots.Stats{Limit: 1, Issued: 1, Idle: 1, Waiting: 3})
	p.Release()
	synctest.Wait()
	close(served)
	var got []int
	for i := range served {
		got = append(got, i)
	}
	want := slices.DeleteFunc([]int{0, 1, 2, 3}, func(i int) bool { return i == gone })
	if !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

// A grant and the end of the context at the same moment must leave no permit without an owner.
func TestGrantRacesWithCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fixed(t, 1)
		both := map[bool]int{}
		for range 2000 {
			p := take(t, f)
			ctx, cancel := context.WithCancel(t.Context())
			got := make(chan bool)
			go func() {
				q, err := f.Reserve(ctx, slots.Request{})
				if err == nil {
					q.Release()
				}
				got <- err == nil
			}()
			synctest.Wait()
			go cancel()
			go p.Release()
			both[<-got]++
			synctest.Wait()
			wantStats(t, f, slots.Stats{Limit: 1})
			if t.Failed() {
				t.FailNow()
			}
		}
		t.Logf("granted or not: %v", both)
	})
}

func TestReleaseCountsOnce(t *testing.T) {
	f := fixed(t, 2)
	p := take(t, f)
	other := take(t, f)
	copied := p
	if !copied.Release() {
		t.Fatal("first Release = false")
	}
	if p.Release() || copied.Release() {
		t.Error("second Release = true")
	}
	wantStats(t, f, slots.Stats{Limit: 2, Issued: 1, Idle: 1, DoubleReleases: 2})

	// The place of p goes to a new permit, which p must not touch.
	next := take(t, f)
	if p.Release() {
		t.Error("an old permit released the slot of a new one")
	}
	if err := p.Use(t.Context(), slots.Task{}); !errors.Is(err, slots.ErrReleased) {
		t.Errorf("Use of a released permit: error %v, want ErrReleased", err)
	}
	wantStats(t, f, slots.Stats{Limit: 2, Issued: 2, Idle: 2, DoubleReleases: 3})
	next.Release()
	other.Release()
}

func TestZeroPermitIsHarmless(t *testing.T) {
	var p slots.Permit
	if p.Release() {
		t.Error("Release of the zero Permit = true")
	}
	if err := p.Use(t.Context(), slots.Task{}); !errors.Is(err, slots.ErrReleased) {
		t.Errorf("Use of the zero Permit: error %v, want ErrReleased", err)
	}
}

func TestForeignIDsAreRefused(t *testing.T) {
	f := fixed(t, 1)
	holder := &recordingHolder{}
	if slots.NewPermit(holder, 7).Release(); holder.released != 7 {
		t.Errorf("NewPermit(h, 7).Release() released %d", holder.released)
	}
	if take(t, f) == slots.NewPermit(holder, 7) {
		t.Error("permits of two suppliers are equal")
	}
}

type recordingHolder struct{ released uint64 }

func (*recordingHolder) Use(context.Context, uint64, slots.Task) error { return nil }

func (h *recordingHolder) Release(id uint64) bool {
	h.released = id
	return true
}

func TestUse(t *testing.T) {
	f := fixed(t, 3)
	p := take(t, f)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	// There is no hold here, so a task in hand is not turned away for its context.
	if err := p.Use(ended, slots.Task{Type: "A"}); err != nil {
		t.Errorf("Use: %v", err)
	}
	if err := p.Use(t.Context(), slots.Task{Type: "B"}); err != nil {
		t.Errorf("second Use: %v", err)
	}
	idle := take(t, f)
	s := f.Stats()
	if want := (slots.Stats{Limit: 3, Issued: 2, Used: 1, Idle: 1}); s != want {
		t.Errorf("Stats() = %+v, want %+v", s, want)
	}
	if s.Free() != 1 || s.Available() != 2 {
		t.Errorf("Free, Available = %d, %d, want 1, 2", s.Free(), s.Available())
	}
	p.Release()
	idle.Release()
	wantStats(t, f, slots.Stats{Limit: 3})
}

func TestStatsOfShrunkAndUnknownLimits(t *testing.T) {
	for _, s := range []slots.Stats{{Limit: 1, Issued: 3, Used: 3}, {Issued: 5, Used: 2, Idle: 3}} {
		if s.Free() != 0 || s.Available() != 0 {
			t.Errorf("%+v: Free, Available = %d, %d, want 0, 0", s, s.Free(), s.Available())
		}
	}
}

func TestResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fixed(t, 1)
		out := []slots.Permit{take(t, f)}
		got := make(chan slots.Permit, 4)
		for range 4 {
			go func() {
				p, err := f.Reserve(t.Context(), slots.Request{})
				if err != nil {
					t.Errorf("Reserve: %v", err)
				}
				got <- p
			}()
		}
		synctest.Wait()
		if err := f.Resize(3); err != nil {
			t.Fatalf("Resize: %v", err)
		}
		synctest.Wait()
		wantStats(t, f, slots.Stats{Limit: 3, Issued: 3, Idle: 3, Waiting: 2})
		if err := f.Resize(1); err != nil {
			t.Fatalf("Resize: %v", err)
		}
		wantStats(t, f, slots.Stats{Limit: 1, Issued: 3, Idle: 3, Waiting: 2})
		out = append(out, <-got, <-got)
		for i, p := range out {
			if err := p.Use(t.Context(), slots.Task{}); err != nil {
				t.Errorf("a shrink took permit %d: %v", i, err)
			}
		}
		out[0].Release()
		out[1].Release()
		synctest.Wait()
		wantStats(t, f, slots.Stats{Limit: 1, Issued: 1, Used: 1, Waiting: 2})
		out[2].Release()
		(<-got).Release()
		(<-got).Release()
		wantStats(t, f, slots.Stats{Limit: 1})
		for _, n := range []int{0, -1, slots.MaxLimit + 1} {
			checkOptionError(t, f.Resize(n), "Limit")
		}
		wantStats(t, f, slots.Stats{Limit: 1})
	})
}

func TestZeroFixedGivesWhenResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f slots.Fixed
		if _, ok := f.TryReserve(slots.Request{}); ok {
			t.Fatal("the zero Fixed gave a permit")
		}
		time.AfterFunc(time.Second, func() {
			if err := f.Resize(1); err != nil {
				t.Errorf("Resize: %v", err)
			}
		})
		p, err := f.Reserve(t.Context(), slots.Request{})
		if err != nil || !p.Release() {
			t.Errorf("Reserve after Resize = %v, %v", p, err)
		}
	})
}

// Many callers with short patience, a changing limit and readers of the snapshot: whatever they
// do, no snapshot may be wrong and nothing may be left over.
func TestAccountsUnderStress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5
		f := fixed(t, most)
		var out atomic.Int64
		var wg sync.WaitGroup
		for seed := range uint64(16) {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 1))
				for range 300 {
					stressOnce(t, f, rng, &out, most)
				}
			})
		}
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(99, 1))
			for range 300 {
				time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
				if err := f.Resize(1 + rng.IntN(most)); err != nil {
					t.Errorf("Resize: %v", err)
				}
			}
		})
		wg.Wait()
		s := f.Stats()
		if want := (slots.Stats{Limit: s.Limit, DoubleReleases: s.DoubleReleases}); s != want {
			t.Errorf("Stats() at the end = %+v, want %+v", s, want)
		}
		if s.DoubleReleases == 0 {
			t.Error("the stress released nothing twice: it proves less than it says")
		}
	})
}

func stressOnce(t *testing.T, f *slots.Fixed, rng *rand.Rand, out *atomic.Int64, most int64) {
	patience := time.Duration(1+rng.IntN(10)) * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := f.Reserve(ctx, slots.Request{})
	if err != nil {
		return
	}
	if n := out.Add(1); n > most {
		t.Errorf("%d permits are out, the limit was never above %d", n, most)
	}
	if rng.IntN(2) == 0 {
		if err := p.Use(ctx, slots.Task{Type: "T"}); err != nil {
			t.Errorf("Use: %v", err)
		}
	}
	time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
	if s := f.Stats(); s.Issued != s.Used+s.Idle || s.Issued > int(most) || s.Used > s.Issued {
		t.Errorf("Stats() = %+v: issued is not used + idle within %d", s, most)
	}
	out.Add(-1)
	p.Release()
	if rng.IntN(8) == 0 && p.Release() {
		t.Error("second Release = true")
	}
}
