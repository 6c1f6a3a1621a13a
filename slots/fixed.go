package slots

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// FixedOptions are the options of [NewFixed].
type FixedOptions struct {
	// Limit is how many permits may be out at once, from 1 to [MaxLimit]. There is no default.
	Limit int
	// Observers are told of events; each implements one or more of [IssueObserver], [UseObserver]
	// and [ReleaseObserver]. They are called in this order by the goroutine that caused the event,
	// outside all locks: they must be quick and safe for concurrent use, must not panic, and may
	// call the supplier. The events of one permit come in order. A release is told before its slot
	// is issued again, so issued minus released never counts more than the limit.
	Observers []any
}

// Fixed is a [Supplier] with a set number of permits, which [Fixed.Resize] can change at any time.
// The zero Fixed has none to give until it is resized. A Fixed must not be copied after first use.
type Fixed struct {
	watch watch

	mu             sync.Mutex
	limit          int
	issued, used   int
	doubleReleases uint64
	table          table
	waiting        queue // not empty only while issued >= limit
}

// NewFixed returns a supplier of o.Limit permits, or an [*OptionError].
func NewFixed(o FixedOptions) (*Fixed, error) {
	if err := checkLimit(o.Limit); err != nil {
		return nil, err
	}
	w, err := newWatch(o.Observers)
	if err != nil {
		return nil, err
	}
	return &Fixed{watch: w, limit: o.Limit, table: table{keep: w.anyone()}}, nil
}

func checkLimit(n int) error {
	if n < 1 || n > MaxLimit {
		return &OptionError{Field: "Limit", Value: n, Fix: fmt.Sprintf("give 1 to %d", MaxLimit)}
	}
	return nil
}

// Reserve implements [Supplier]. When the permit and the end of ctx come at the same time the
// permit may win: then there is no error and the caller has it to release.
func (f *Fixed) Reserve(ctx context.Context, r Request) (Permit, error) {
	if ctx.Err() != nil {
		return Permit{}, ended(ctx, r)
	}
	f.mu.Lock()
	if f.issued < f.limit {
		id := f.issue(r)
		f.mu.Unlock()
		return f.handOver(id, r, 0), nil
	}
	w := &waiter{request: r, granted: make(chan struct{})}
	f.waiting.push(w)
	f.mu.Unlock()

	var since time.Time
	if len(f.watch.issued) > 0 {
		since = time.Now()
	}
	select {
	case <-w.granted:
	case <-ctx.Done():
		f.mu.Lock()
		gaveUp := f.waiting.remove(w)
		f.mu.Unlock()
		if gaveUp {
			return Permit{}, ended(ctx, r)
		}
		// The grant came first: w.id is ours, and dropping it would lose a permit for good.
	}
	var waited time.Duration
	if !since.IsZero() {
		waited = time.Since(since)
	}
	return f.handOver(w.id, r, waited), nil
}

// TryReserve implements [Supplier].
func (f *Fixed) TryReserve(r Request) (Permit, bool) {
	f.mu.Lock()
	if f.issued >= f.limit {
		f.mu.Unlock()
		return Permit{}, false
	}
	id := f.issue(r)
	f.mu.Unlock()
	return f.handOver(id, r, 0), true
}

// Resize implements [Resizer]; n is from 1 to [MaxLimit], else the error is an [*OptionError] and
// nothing changes.
func (f *Fixed) Resize(n int) error {
	if err := checkLimit(n); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = n
	f.serve()
	return nil
}

// Stats implements [Reporter].
func (f *Fixed) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Stats{
		Limit:          f.limit,
		Issued:         f.issued,
		Used:           f.used,
		Idle:           f.issued - f.used,
		Waiting:        f.waiting.size,
		DoubleReleases: f.doubleReleases,
	}
}

// issue gives out a permit. The caller holds f.mu and has seen that there is room.
func (f *Fixed) issue(r Request) uint64 {
	f.issued++
	return f.table.issue(r)
}

// serve gives free permits to those who wait, in order. The caller holds f.mu.
func (f *Fixed) serve() {
	for f.issued < f.limit && f.waiting.head != nil {
		w := f.waiting.head
		f.waiting.remove(w)
		w.id = f.issue(w.request)
		close(w.granted)
	}
}

// free makes the slot at the place available again. The caller holds f.mu.
func (f *Fixed) free(at uint32) {
	f.issued--
	if f.table.places[at].used {
		f.used--
	}
	f.table.clear(at)
	f.serve()
}

// handOver makes the permit for its new owner and tells the observers.
func (f *Fixed) handOver(id uint64, r Request, waited time.Duration) Permit {
	if len(f.watch.issued) > 0 {
		f.watch.tellIssued(Issued{ID: id, Request: r, Waited: waited})
	}
	return NewPermit((*fixedHolder)(f), id)
}

// fixedHolder is Fixed as its permits see it, which keeps Use and Release by number out of the
// methods that users see.
type fixedHolder Fixed

// Use implements Holder. It never holds: all tasks are alike to Fixed.
func (h *fixedHolder) Use(_ context.Context, id uint64, t Task) error {
	f := (*Fixed)(h)
	f.mu.Lock()
	at, ok := f.table.find(id)
	if !ok {
		f.mu.Unlock()
		return ErrReleased
	}
	if p := &f.table.places[at]; !p.used {
		p.used = true
		f.used++
	}
	if f.table.keep {
		f.table.notes[at].task = t
	}
	n := f.table.note(at)
	f.mu.Unlock()
	if len(f.watch.used) > 0 {
		f.watch.tellUsed(Used{ID: id, Request: n.request, Task: t})
	}
	return nil
}

// Release implements Holder.
func (h *fixedHolder) Release(id uint64) bool {
	f := (*Fixed)(h)
	f.mu.Lock()
	at, ok := f.table.find(id)
	if !ok {
		f.doubleReleases++
		f.mu.Unlock()
		return false
	}
	if len(f.watch.released) == 0 {
		f.free(at)
		f.mu.Unlock()
		return true
	}
	p := &f.table.places[at]
	p.state = stateLeaving
	used, n := p.used, f.table.note(at)
	f.mu.Unlock()
	defer func() { // deferred, so that an observer's panic does not cost a slot
		f.mu.Lock()
		f.free(at)
		f.mu.Unlock()
	}()
	f.watch.tellReleased(Released{ID: id, Request: n.request, Task: n.task, Used: used})
	return true
}
