package slotstest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/testkit/slotstest"
)

// must fails the test if there is an error beside the value.
func must[T any](v T, err error) func(tb testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// exclusive is the type of the tasks of which all suppliers here run one at a time, if they hold
// tasks at all.
const exclusive = "Exclusive"

func newWeighted(tb testing.TB, limit int, within slots.Supplier, observers ...any) slots.Supplier {
	tb.Helper()
	return must(slots.NewWeighted(slots.WeightedOptions{
		Limit: limit,
		Weight: func(_ slots.Request, t slots.Task) int {
			if t.Type == exclusive {
				return limit
			}
			return 1
		},
		Within: within, Observers: observers,
	}))(tb)
}

func newKeyed(tb testing.TB, limit int, within slots.Supplier, observers ...any) slots.Supplier {
	tb.Helper()
	return must(slots.NewKeyed(slots.KeyedOptions{
		Limit:  limit,
		Key:    func(_ slots.Request, t slots.Task) string { return t.Type },
		PerKey: limit + 1,
		Keys:   map[string]int{exclusive: 1},
		Within: within, Observers: observers,
	}))(tb)
}

// newByQueue counts by what the request says.
func newByQueue(tb testing.TB, limit int) slots.Supplier {
	tb.Helper()
	return must(slots.NewKeyed(slots.KeyedOptions{
		Limit:  slots.MaxLimit,
		Key:    func(r slots.Request, _ slots.Task) string { return r.Queue },
		PerKey: limit,
	}))(tb)
}

// idle is a machine with nothing to do.
type idle struct {
	mu   sync.Mutex
	busy time.Duration
}

func (m *idle) Read() (slots.Reading, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy += time.Millisecond
	return slots.Reading{MemoryUsed: 1, MemoryLimit: 10, CPUTime: m.busy, CPUs: 4}, nil
}

func newController(tb testing.TB) *slots.Controller {
	tb.Helper()
	return must(slots.NewController(slots.ControllerOptions{Memory: 0.8, CPU: 0.9, Sampler: &idle{}}))(tb)
}

// ramp is what a Resource of these tests may delay a permit by, and readBy by when its controller
// knows the CPU.
const (
	ramp   = time.Millisecond
	readBy = 100 * time.Millisecond
)

func newResource(tb testing.TB, limit int, within slots.Supplier) slots.Supplier {
	tb.Helper()
	return must(slots.NewResource(slots.ResourceOptions{
		Controller: newController(tb), Limit: limit, Ramp: ramp, Within: within,
	}))(tb)
}

func newWithin(tb testing.TB, limit int, within slots.Supplier) slots.Supplier {
	tb.Helper()
	return must(slots.NewFixed(slots.FixedOptions{Limit: limit, Within: within}))(tb)
}

// plainly is a supplier that can do no more than it must.
type plainly struct{ slots.Supplier }

// reporting is a supplier that also reports, but cannot be resized.
type reported struct {
	slots.Supplier
	slots.Reporter
}

// unresizable hides Resize, where the limit that counts is another's.
func unresizable(tb testing.TB, s slots.Supplier) slots.Supplier {
	tb.Helper()
	r, ok := s.(slots.Reporter)
	if !ok {
		tb.Fatalf("%T is no slots.Reporter", s)
	}
	return reported{s, r}
}

func TestSuppliers(t *testing.T) {
	all := slotstest.Abilities{Stats: true, Resize: true}
	holding := slotstest.Abilities{Stats: true, Resize: true, Exclusive: exclusive}
	slow := slotstest.Abilities{Stats: true, Resize: true, Delay: readBy}
	const plenty = 100
	for _, tt := range []struct {
		name string
		can  slotstest.Abilities
		mk   func(tb testing.TB, limit int) slots.Supplier
	}{
		{"Fixed", all, func(tb testing.TB, n int) slots.Supplier { tb.Helper(); return newFixed(tb, n) }},
		{"Weighted", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newWeighted(tb, n, nil)
		}},
		{"WeightedObserved", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newWeighted(tb, n, nil, observer{})
		}},
		{"WeightedInThrees", slotstest.Abilities{}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			three := func(slots.Request, slots.Task) int { return 3 }
			return plainly{must(slots.NewWeighted(slots.WeightedOptions{Limit: 3*n + 2, Weight: three}))(tb)}
		}},
		{"Keyed", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newKeyed(tb, n, nil)
		}},
		{"KeyedObserved", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newKeyed(tb, n, nil, observer{})
		}},
		{"KeyedByQueue", slotstest.Abilities{}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return plainly{newByQueue(tb, n)}
		}},
		{"Resource", slow, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newResource(tb, n, nil)
		}},
		{"FixedWithinMore", all, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newWithin(tb, n, newFixed(tb, plenty))
		}},
		{"FixedWithinFewer", slotstest.Abilities{}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return plainly{newWithin(tb, plenty, newFixed(tb, n))}
		}},
		{"FixedWithinAsMany", slotstest.Abilities{Stats: true}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return unresizable(tb, newWithin(tb, n, newFixed(tb, n)))
		}},
		{"KeyedWithinShared", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newKeyed(tb, n, newFixed(tb, plenty))
		}},
		{"KeyedWithinWeighted", holding, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newKeyed(tb, n, newWeighted(tb, plenty, nil))
		}},
		{"FixedWithinKeyed", slotstest.Abilities{Exclusive: exclusive}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return plainly{newWithin(tb, plenty, newKeyed(tb, n, nil))}
		}},
		{"WeightedWithinResource", slotstest.Abilities{
			Stats: true, Resize: true, Exclusive: exclusive, Delay: readBy,
		}, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newWeighted(tb, n, newResource(tb, plenty, nil))
		}},
		{"ResourceWithinShared", slow, func(tb testing.TB, n int) slots.Supplier {
			tb.Helper()
			return newResource(tb, n, newFixed(tb, plenty))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			slotstest.TestSupplier(t, func(t *testing.T, limit int) slots.Supplier {
				t.Helper()
				return tt.mk(t, limit)
			}, tt.can)
		})
	}
}
