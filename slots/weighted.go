package slots

import "context"

// WeightedOptions are the options of [NewWeighted].
type WeightedOptions struct {
	// Limit is how much may be out at once, in units, from 1 to [MaxLimit]. There is no default.
	Limit int
	// Weight is how many units the task takes, such as its megabytes. Less than 1 counts as 1.
	//
	// It is asked twice: before the poll, when of the task no more is set than the Type that the
	// request may tell, and again when the task has come. A task that turns out heavier than its
	// reservation is held in [Permit.Use] until there is room for it, with its clock running; one
	// that turns out lighter gives the rest back. So an answer before the poll of the heaviest
	// weight means that no task is ever held, and one of 1 that most polls are in flight.
	//
	// It is required, may be called by many goroutines at once, and must be quick.
	Weight func(r Request, t Task) int
	// Within is a supplier that must give a permit for each of this one's, whatever the weight;
	// nil means none.
	Within Supplier
	// Observers are told of events, as those of [FixedOptions].
	Observers []any
}

// Weighted is a [Supplier] of which a task takes as much as it weighs. What runs never weighs more
// than the limit, but that a task heavier than all of it runs alone.
//
// Tasks take precedence over reservations: one that has come does not wait for polls to give theirs
// back. So [Stats].Issued, in units as all of them but Held and Waiting, may be above the limit for
// as long as polls are in flight. Tasks that are held are served first come, first served, and
// before any Reserve. A Weighted is made by [NewWeighted] and must not be copied.
type Weighted struct{ ledger ledger }

// NewWeighted returns a supplier of o.Limit units, or an [*OptionError].
func NewWeighted(o WeightedOptions) (*Weighted, error) {
	if o.Weight == nil {
		return nil, &OptionError{Field: "Weight", Value: nil, Fix: "give a function, or use NewFixed"}
	}
	w := &Weighted{}
	if err := w.ledger.setUp(o.Limit, &weights{weigh: o.Weight}, o.Within, o.Observers); err != nil {
		return nil, err
	}
	return w, nil
}

// Reserve implements [Supplier].
func (w *Weighted) Reserve(ctx context.Context, r Request) (Permit, error) {
	return w.ledger.reserve(ctx, r)
}

// TryReserve implements [Supplier].
func (w *Weighted) TryReserve(r Request) (Permit, bool) { return w.ledger.tryReserve(r) }

// Resize implements [Resizer]; n is in units, from 1 to [MaxLimit], else the error is an
// [*OptionError] and nothing changes.
func (w *Weighted) Resize(n int) error { return w.ledger.resize(n) }

// Stats implements [Reporter].
func (w *Weighted) Stats() Stats { return w.ledger.stats() }

// weights is the rule of Weighted.
type weights struct {
	weigh func(Request, Task) int
	held  queue
	// over is by how much the permits that were out at a Resize to fewer exceed the limit still:
	// they may run nevertheless.
	over int
}

func (w *weights) demand(r Request, t Task) demand {
	return demand{weight: min(max(1, w.weigh(r, t)), MaxLimit)}
}

func (w *weights) admit(l *ledger, d demand, behind bool) verdict {
	if behind || w.held.head != nil || l.issued+l.promised+min(d.weight, l.limit) > l.limit {
		return no
	}
	w.over = 0
	return yes
}

func (*weights) enter(demand) {}

func (*weights) leave(demand) {}

func (w *weights) hold() holdRule { return w }

func (w *weights) run(l *ledger, d demand) bool {
	w.over = min(w.over, max(0, l.issued-l.limit))
	return l.used+min(d.weight, l.limit) <= l.limit+w.over
}

func (w *weights) line(demand) *queue { return &w.held }

func (w *weights) resized(l *ledger, n int) {
	w.over = max(0, min(l.limit+w.over, l.issued)-n)
}
