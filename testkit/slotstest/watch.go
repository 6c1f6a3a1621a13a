package slotstest

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/mainspring-go/mainspring/slots"
)

// Watch returns a supplier that hands out s's permits and keeps an eye on them: when the test ends
// it fails if a permit has not been released, and says where that was reserved; it fails at once
// when a permit is released twice, and says where that was first. Make it inside the synctest
// bubble if the test has one. The supplier is a slots.Reporter if s is; to resize it, resize s.
func Watch(tb testing.TB, s slots.Supplier) slots.Supplier {
	tb.Helper()
	w := &watched{tb: tb, inner: s, permits: map[uint64]*sighting{}}
	tb.Cleanup(w.report)
	if r, ok := s.(slots.Reporter); ok {
		return struct {
			*watched
			slots.Reporter
		}{w, r}
	}
	return w
}

// sighting is what is known of one permit.
type sighting struct {
	permit   slots.Permit
	request  slots.Request
	reserved string // where
	released string // where; empty while it is out
}

// watched is the supplier that Watch returns and the holder of its permits.
type watched struct {
	tb    testing.TB
	inner slots.Supplier

	mu      sync.Mutex
	last    uint64
	permits map[uint64]*sighting // kept after the release, to tell who released a permit first
}

func (w *watched) Reserve(ctx context.Context, r slots.Request) (slots.Permit, error) {
	p, err := w.inner.Reserve(ctx, r)
	if err != nil {
		return slots.Permit{}, err
	}
	return w.see(p, r), nil
}

func (w *watched) TryReserve(r slots.Request) (slots.Permit, bool) {
	p, ok := w.inner.TryReserve(r)
	if !ok {
		return slots.Permit{}, false
	}
	return w.see(p, r), true
}

func (w *watched) see(p slots.Permit, r slots.Request) slots.Permit {
	at := string(debug.Stack())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	w.permits[w.last] = &sighting{permit: p, request: r, reserved: at}
	return slots.NewPermit(w, w.last)
}

// Use implements slots.Holder.
func (w *watched) Use(ctx context.Context, id uint64, t slots.Task) error {
	w.mu.Lock()
	p := w.permits[id].permit
	w.mu.Unlock()
	return p.Use(ctx, t)
}

// Release implements slots.Holder.
func (w *watched) Release(id uint64) bool {
	at := string(debug.Stack())
	w.mu.Lock()
	seen := w.permits[id]
	before := seen.released
	if before == "" {
		seen.released = at
	}
	w.mu.Unlock()
	if before != "" {
		w.tb.Errorf("the permit for %+v is released again\n%s\nit was released at\n%s",
			seen.request, at, before)
	}
	return seen.permit.Release()
}

// report fails the test for each permit that is still out.
func (w *watched) report() {
	w.mu.Lock()
	var leaks []string
	for id := uint64(1); id <= w.last; id++ { // in the order of their reservation
		if seen := w.permits[id]; seen.released == "" {
			leaks = append(leaks, fmt.Sprintf("the permit for %+v was never released; it was reserved at\n%s",
				seen.request, seen.reserved))
		}
	}
	w.mu.Unlock()
	for _, leak := range leaks {
		w.tb.Error(leak)
	}
}
