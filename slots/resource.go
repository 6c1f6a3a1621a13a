package slots

import (
	"context"
	"fmt"
	"time"
)

// ResourceOptions are the options of [NewResource].
type ResourceOptions struct {
	// Controller knows whether the machine has room. It is required; give all suppliers of a
	// process the same.
	Controller *Controller
	// Limit is how many permits may be out at once, however idle the machine, from 1 to
	// [MaxLimit]. There is no default.
	Limit int
	// Min is how many permits are issued however busy the machine, from 1 to Limit; 0 means 1.
	// They make sure that work never stops altogether.
	Min int
	// MinPerKind is how many permits each kind of request may have however busy the machine, also
	// beyond Min but within Limit. Sticky requests are a kind beside others of the same
	// [Request].Kind: a workflow worker with 1 here can always poll both of its queues. The
	// default is 0.
	MinPerKind int
	// Ramp is the least time between two permits beyond the minimum. A task's load shows only
	// after it has started: without a ramp an idle machine issues all at once. The default is 0;
	// 50 ms suits activities.
	Ramp time.Duration
	// Within is a supplier that must give a permit for each of this one's; nil means none.
	Within Supplier
	// Observers are told of events, as those of [FixedOptions].
	Observers []any
}

// Resource is a [Supplier] that issues permits while the machine has room for more, by the word of
// a [Controller]. Permits that are out stay valid when it has none left. Make one with
// [NewResource]; it must not be copied.
type Resource struct {
	ledger ledger
	load   load
}

// NewResource returns a supplier, or an [*OptionError].
func NewResource(o ResourceOptions) (*Resource, error) {
	if o.Controller == nil {
		return nil, &OptionError{Field: "Controller", Value: nil, Fix: "give what NewController returns"}
	}
	if o.Min < 0 || o.Min > max(o.Limit, 0) {
		return nil, &OptionError{Field: "Min", Value: o.Min, Fix: fmt.Sprintf(
			"give 1 to Limit, which is %d, or 0 for 1", o.Limit)}
	}
	if o.MinPerKind < 0 {
		return nil, &OptionError{Field: "MinPerKind", Value: o.MinPerKind, Fix: "give 0 or more"}
	}
	if o.Ramp < 0 {
		return nil, &OptionError{Field: "Ramp", Value: o.Ramp, Fix: "give 0 or more"}
	}
	s := &Resource{load: load{
		controller: o.Controller, least: max(1, o.Min), leastPerKind: o.MinPerKind, ramp: o.Ramp,
		kinds: map[kind]int{},
	}}
	if err := s.ledger.setUp(o.Limit, &s.load, o.Within, o.Observers); err != nil {
		return nil, err
	}
	s.ledger.pace = &s.load
	return s, nil
}

// Reserve implements [Supplier]. Callers wait in order; one that is entitled to a permit by
// MinPerKind gets it before those that are not.
func (s *Resource) Reserve(ctx context.Context, r Request) (Permit, error) {
	return s.ledger.reserve(ctx, r)
}

// TryReserve implements [Supplier].
func (s *Resource) TryReserve(r Request) (Permit, bool) { return s.ledger.tryReserve(r) }

// Resize implements [Resizer]: it sets Limit, below Min too. n is from 1 to [MaxLimit], else the
// error is an [*OptionError] and nothing changes.
func (s *Resource) Resize(n int) error { return s.ledger.resize(n) }

// Stats implements [Reporter]. Its Limit is that of the options or of the last Resize: how many
// permits the machine has room for shows only as they are issued.
func (s *Resource) Stats() Stats { return s.ledger.stats() }

// kind is what MinPerKind is counted by.
type kind struct {
	name   string
	sticky bool
}

// load is the rule of Resource.
type load struct {
	controller          *Controller
	least, leastPerKind int
	ramp                time.Duration

	kinds map[kind]int // permits out, used and idle alike; kept only for leastPerKind
	last  time.Time    // when the last one was issued
}

func (*load) demand(r Request, _ Task) demand {
	return demand{weight: 1, key: r.Kind, sticky: r.Sticky}
}

func (o *load) admit(l *ledger, d demand, behind bool) verdict {
	out := l.issued + l.promised
	switch {
	case out >= l.limit:
		return no
	case out < o.least, o.leastPerKind > 0 && o.kinds[kind{d.key, d.sticky}] < o.leastPerKind:
		return yes
	case !behind && o.rampLeft() <= 0 && o.controller.open():
		return yes
	case o.leastPerKind == 0:
		return no
	default:
		return skip
	}
}

// rampLeft is how long the ramp holds the next permit back.
func (o *load) rampLeft() time.Duration {
	if o.ramp == 0 || o.last.IsZero() {
		return 0
	}
	return time.Until(o.last.Add(o.ramp))
}

func (o *load) enter(d demand) {
	if o.leastPerKind > 0 {
		o.kinds[kind{d.key, d.sticky}]++
	}
	if o.ramp > 0 {
		o.last = time.Now()
	}
}

func (o *load) leave(d demand) {
	if o.leastPerKind == 0 {
		return
	}
	k := kind{d.key, d.sticky}
	if o.kinds[k]--; o.kinds[k] == 0 {
		delete(o.kinds, k)
	}
}

func (*load) hold() holdRule { return nil }

func (o *load) refresh() { o.controller.refresh() }

func (o *load) again(l *ledger) time.Duration {
	if l.away || l.issued+l.promised >= l.limit {
		return 0
	}
	left := o.rampLeft()
	if !o.controller.open() {
		left = max(left, o.controller.again())
	}
	return max(left, 1)
}
