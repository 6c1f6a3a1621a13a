package slots_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

func child(t testing.TB, limit int, parent slots.Supplier, observers ...any) *slots.Fixed {
	t.Helper()
	f, err := slots.NewFixed(slots.FixedOptions{Limit: limit, Within: parent, Observers: observers})
	if err != nil {
		t.Fatalf("NewFixed(%d): %v", limit, err)
	}
	return f
}

func TestChildrenShareABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := fixed(t, 3)
		a, b := child(t, 2, budget), child(t, 2, budget)
		p, q := take(t, a), take(t, a)
		if _, ok := a.TryReserve(slots.Request{}); ok {
			t.Error("a child gave more than its own limit")
		}
		r := take(t, b)
		if _, ok := b.TryReserve(slots.Request{}); ok {
			t.Error("a child gave more than the budget")
		}
		wantReport(t, budget, slots.Stats{Limit: 3, Issued: 3, Idle: 3})
		wantReport(t, b, slots.Stats{Limit: 2, Issued: 1, Idle: 1})
		mustRun(t, using(t.Context(), p, slots.Task{}), "a task")
		wantReport(t, budget, slots.Stats{Limit: 3, Issued: 3, Used: 1, Idle: 2})
		time.AfterFunc(time.Second, func() { p.Release() })
		start := time.Now()
		s, err := b.Reserve(t.Context(), slots.Request{})
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("Reserve: error %v after %v, want a permit when the other child's is released",
				err, time.Since(start))
		}
		for _, x := range []slots.Permit{q, r, s} {
			if !x.Release() || x.Release() {
				t.Error("a permit was not released exactly once")
			}
		}
		wantReport(t, budget, slots.Stats{Limit: 3}) // the double releases were the children's
		wantReport(t, a, slots.Stats{Limit: 2, DoubleReleases: 1})
		wantReport(t, b, slots.Stats{Limit: 2, DoubleReleases: 2})
	})
}

// A child with many callers that wait and one with a single caller take turns.
func TestBudgetServesItsChildrenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := fixed(t, 1)
		crowd, single := child(t, 10, budget), child(t, 10, budget)
		p := take(t, budget)
		var mu sync.Mutex
		var served []string
		wait := func(f *slots.Fixed, name string) {
			go func() {
				q, err := f.Reserve(t.Context(), slots.Request{})
				if err != nil {
					t.Errorf("Reserve: %v", err)
					return
				}
				mu.Lock()
				served = append(served, name)
				mu.Unlock()
				time.Sleep(time.Second)
				q.Release()
			}()
			synctest.Wait()
		}
		for _, name := range []string{"c1", "c2", "c3", "c4"} {
			wait(crowd, name)
		}
		wait(single, "s1")
		wantReport(t, budget, slots.Stats{Limit: 1, Issued: 1, Idle: 1, Waiting: 2})
		wantReport(t, crowd, slots.Stats{Limit: 10, Waiting: 4})
		p.Release()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []string{"c1", "s1", "c2", "c3", "c4"}; !slices.Equal(served, want) {
			t.Errorf("served %q, want %q", served, want)
		}
		wantReport(t, budget, slots.Stats{Limit: 1})
	})
}

// Whoever gives up waiting within lets the next of its queue wait there.
func TestNextWaitsWithinWhenOneGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := fixed(t, 1)
		f := child(t, 5, budget)
		p := take(t, budget)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := f.Reserve(ctx, slots.Request{}); !errors.Is(err, context.Canceled) {
				t.Errorf("Reserve: error %v, want context.Canceled", err)
			}
		}()
		synctest.Wait()
		got := make(chan slots.Permit, 1)
		go func() {
			q, err := f.Reserve(t.Context(), slots.Request{})
			if err != nil {
				t.Errorf("Reserve: %v", err)
			}
			got <- q
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		wantReport(t, budget, slots.Stats{Limit: 1, Issued: 1, Idle: 1, Waiting: 1})
		p.Release()
		(<-got).Release()
	})
}

func TestShrinkWhileWaitingWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := fixed(t, 2)
		f := child(t, 2, budget)
		own, other := take(t, f), take(t, budget)
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				p, err := f.Reserve(t.Context(), slots.Request{})
				if err != nil {
					t.Errorf("Reserve: %v", err)
				}
				order <- i
				p.Release()
			}()
			synctest.Wait()
		}
		if err := f.Resize(1); err != nil {
			t.Fatal(err)
		}
		other.Release()
		synctest.Wait()
		wantReport(t, f, slots.Stats{Limit: 1, Issued: 1, Idle: 1, Waiting: 2})
		wantReport(t, budget, slots.Stats{Limit: 2, Issued: 1, Idle: 1})
		own.Release()
		for want := range 2 {
			if got := <-order; got != want {
				t.Errorf("caller %d was served as number %d: the shrink cost it its turn", got, want)
			}
		}
		synctest.Wait()
		wantReport(t, f, slots.Stats{Limit: 1})
		wantReport(t, budget, slots.Stats{Limit: 2})
	})
}

func TestBothFloorsHearOfAPermit(t *testing.T) {
	upper, lower := &journal{}, &journal{}
	budget := fixed(t, 1, lower)
	f := child(t, 1, budget, upper)
	p, err := f.Reserve(t.Context(), slots.Request{Kind: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Use(t.Context(), slots.Task{Type: "T", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	p.Release()
	want := []string{"issued k after 0s", "used k for T 1", `released k used true for "T"`}
	if !slices.Equal(upper.lines, want) || !slices.Equal(lower.lines, want) {
		t.Errorf("events %q and %q, want %q of both", upper.lines, lower.lines, want)
	}
}

func TestPanickingObserverCostsNothingWithin(t *testing.T) {
	budget := fixed(t, 1)
	o := &onlyReleases{then: func() { panic("observer") }}
	f := child(t, 1, budget, o)
	o.supplier = f
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the observer's panic was swallowed")
			}
		}()
		take(t, f).Release()
	}()
	wantReport(t, f, slots.Stats{Limit: 1})
	wantReport(t, budget, slots.Stats{Limit: 1})
}

var errBroken = errors.New("this budget is broken")

// broke is a supplier of a user's own, with errors of its own.
type broke struct{ slots.Supplier }

func (broke) TryReserve(slots.Request) (slots.Permit, bool) { return slots.Permit{}, false }

func (broke) Reserve(context.Context, slots.Request) (slots.Permit, error) {
	return slots.Permit{}, errBroken
}

func TestErrorsFromWithinComeThrough(t *testing.T) {
	f := child(t, 1, broke{})
	for range 2 {
		if _, err := f.Reserve(t.Context(), slots.Request{}); !errors.Is(err, errBroken) {
			t.Errorf("Reserve: error %v, want that of the other", err)
		}
	}
	wantReport(t, f, slots.Stats{Limit: 1})
}

// Children of all kinds in a changing budget: nobody gets more than there is and nothing is left
// over, on either floor.
func TestBudgetUnderStress(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			budget := fixed(t, 4)
			children := []slots.Supplier{
				child(t, 3, budget), child(t, 10, budget), keyed(t, 5, 1, budget),
				resource(t, slots.ResourceOptions{Controller: controller(t, &machine{}), Limit: 5, Within: budget}),
			}
			w, err := slots.NewWeighted(slots.WeightedOptions{Limit: 6, Weight: byType(1), Within: budget})
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, w)
			var wg sync.WaitGroup
			for i, c := range children {
				for caller := range uint64(4) {
					wg.Go(func() {
						rng := rand.New(rand.NewPCG(seed, caller+10*uint64(i)))
						for range 60 {
							shareOnce(t, c, budget, rng)
						}
					})
				}
			}
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 99))
				for range 60 {
					time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
					if err := budget.Resize(1 + rng.IntN(4)); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Wait()
			wantReport(t, budget, slots.Stats{Limit: budget.Stats().Limit})
			for _, c := range children {
				r, ok := c.(slots.Reporter)
				if !ok {
					t.Fatalf("%T is no Reporter", c)
				}
				wantReport(t, r, slots.Stats{Limit: r.Stats().Limit})
			}
		})
	}
}

func shareOnce(t *testing.T, s slots.Supplier, budget *slots.Fixed, rng *rand.Rand) {
	ms := func(n int) time.Duration { return time.Duration(1+rng.IntN(n)) * time.Millisecond }
	patience, cancel := context.WithTimeout(t.Context(), ms(40))
	defer cancel()
	p, err := s.Reserve(patience, slots.Request{Kind: "k"})
	if err != nil {
		return
	}
	defer p.Release()
	if rng.IntN(2) == 0 && p.Use(patience, slots.Task{Type: []string{"1", "2", "3"}[rng.IntN(3)]}) == nil {
		time.Sleep(ms(5))
	}
	if st := budget.Stats(); st.Issued > 4 || st.Issued != st.Used+st.Idle {
		t.Errorf("Stats() of the budget = %+v: issued is not used + idle within 4", st)
	}
}
