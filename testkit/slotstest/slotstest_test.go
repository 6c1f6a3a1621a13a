package slotstest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/testkit/slotstest"
)

func newFixed(tb testing.TB, limit int) slots.Supplier {
	tb.Helper()
	f, err := slots.NewFixed(slots.FixedOptions{Limit: limit})
	if err != nil {
		tb.Fatalf("NewFixed(%d): %v", limit, err)
	}
	return f
}

// observer makes Fixed take its longer ways.
type observer struct{}

func (observer) PermitIssued(slots.Issued) {}

func (observer) PermitUsed(slots.Used) {}

func (observer) PermitReleased(slots.Released) {}

func TestFixedAlone(t *testing.T) {
	slotstest.TestSupplier(t, func(t *testing.T, limit int) slots.Supplier {
		t.Helper()
		return newFixed(t, limit)
	}, slotstest.Abilities{Stats: true, Resize: true})
}

func TestFixedObserved(t *testing.T) {
	slotstest.TestSupplier(t, func(t *testing.T, limit int) slots.Supplier {
		t.Helper()
		f, err := slots.NewFixed(slots.FixedOptions{Limit: limit, Observers: []any{observer{}}})
		if err != nil {
			t.Fatalf("NewFixed(%d): %v", limit, err)
		}
		return f
	}, slotstest.Abilities{Stats: true, Resize: true})
}

func BenchmarkFixed(b *testing.B) {
	slotstest.BenchmarkSupplier(b, func(b *testing.B, limit int) slots.Supplier {
		b.Helper()
		return newFixed(b, limit)
	})
}

// witness is a testing.TB that notes failures instead of failing.
type witness struct {
	testing.TB
	mu       sync.Mutex
	errors   []string
	cleanups []func()
}

func (*witness) Helper() {}

func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }

func (w *witness) Error(args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errors = append(w.errors, fmt.Sprint(args...))
}

func (w *witness) Errorf(format string, args ...any) { w.Error(fmt.Sprintf(format, args...)) }

func TestWatch(t *testing.T) {
	tests := []struct {
		name string
		use  func(p slots.Permit)
		want string // part of the one error; empty for none
	}{
		{"released once", func(p slots.Permit) { p.Release() }, ""},
		{"never released", func(slots.Permit) {}, "was never released"},
		{"released twice", func(p slots.Permit) {
			p.Release()
			p.Release()
		}, "is released again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := &witness{TB: t}
			s := slotstest.Watch(w, newFixed(t, 1))
			p, err := s.Reserve(t.Context(), slots.Request{Kind: "activity"})
			if err != nil {
				t.Fatalf("Reserve: %v", err)
			}
			if err := p.Use(t.Context(), slots.Task{Type: "T"}); err != nil {
				t.Fatalf("Use: %v", err)
			}
			if r, ok := s.(slots.Reporter); !ok || r.Stats().Used != 1 {
				t.Error("a watched Fixed has lost its Stats")
			}
			tt.use(p)
			for _, f := range w.cleanups {
				f()
			}
			switch {
			case tt.want == "" && len(w.errors) == 0:
			case tt.want == "" || len(w.errors) != 1 || !strings.Contains(w.errors[0], tt.want):
				t.Errorf("errors %q, want one with %q", w.errors, tt.want)
			case !strings.Contains(w.errors[0], "TestWatch"):
				t.Errorf("error %q does not say where", w.errors[0])
			}
		})
	}
}

// A supplier keeps its contract when it is watched.
func TestWatchedFixed(t *testing.T) {
	can := slotstest.Abilities{Stats: true}
	for _, c := range slotstest.Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &witness{TB: t} // the clauses release twice on purpose
				err := c.Check(t.Context(), func(limit int) slots.Supplier {
					return slotstest.Watch(w, newFixed(t, limit))
				})
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}
