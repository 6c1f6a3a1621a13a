package slots

import "context"

// FixedOptions are the options of [NewFixed].
type FixedOptions struct {
	// Limit is how many permits may be out at once, from 1 to [MaxLimit]. There is no default.
	Limit int
	// Within is a supplier that must give a permit for each of this one's, such as a budget that
	// several workers share. Nil means none.
	Within Supplier
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
	counter counter
	ledger  *ledger // instead of counter, when there is more to do than to count
}

// NewFixed returns a supplier of o.Limit permits, or an [*OptionError].
func NewFixed(o FixedOptions) (*Fixed, error) {
	f := &Fixed{}
	var err error
	if o.Within == nil && len(o.Observers) == 0 {
		err = f.counter.resize(o.Limit)
	} else {
		f.ledger = &ledger{}
		err = f.ledger.setUp(o.Limit, nil, o.Within, o.Observers)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Reserve implements [Supplier]. When the permit and the end of ctx come at the same time the
// permit may win: then there is no error and the caller has it to release.
func (f *Fixed) Reserve(ctx context.Context, r Request) (Permit, error) {
	if f.ledger == nil {
		return f.counter.reserve(ctx, &r)
	}
	return f.ledger.reserve(ctx, r)
}

// TryReserve implements [Supplier].
func (f *Fixed) TryReserve(r Request) (Permit, bool) {
	if f.ledger == nil {
		return f.counter.tryReserve()
	}
	return f.ledger.tryReserve(r)
}

// Resize implements [Resizer]; n is from 1 to [MaxLimit], else the error is an [*OptionError] and
// nothing changes.
func (f *Fixed) Resize(n int) error {
	if f.ledger == nil {
		return f.counter.resize(n)
	}
	return f.ledger.resize(n)
}

// Stats implements [Reporter].
func (f *Fixed) Stats() Stats {
	if f.ledger == nil {
		return f.counter.stats()
	}
	return f.ledger.stats()
}
