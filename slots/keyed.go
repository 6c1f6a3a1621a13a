package slots

import (
	"context"
	"fmt"
	"maps"
)

// KeyedOptions are the options of [NewKeyed].
type KeyedOptions struct {
	// Limit is how many permits may be out at once in all, from 1 to [MaxLimit]. There is no
	// default.
	Limit int
	// Key says what a task is counted for, such as its type, its group, or a request's queue.
	// Empty means nothing: then only Limit applies.
	//
	// It is asked twice: before the poll, when of the task no more is set than the Type that the
	// request may tell, and again when the task has come. With a key before the poll Reserve waits
	// for room for the key, and nobody is held later. A key that only the task shows is waited for
	// in [Permit.Use], with the task's clock running and one of Limit taken: a poll cannot choose
	// its task. If one key can bring tasks by the hundred, give it a queue of its own.
	//
	// It is required, may be called by many goroutines at once, and must be quick.
	Key func(r Request, t Task) string
	// PerKey is how many tasks of one key may run at once, from 1 to [MaxLimit]. There is no
	// default.
	PerKey int
	// Keys are the keys for which another number than PerKey holds.
	Keys map[string]int
	// Within is a supplier that must give a permit for each of this one's; nil means none.
	Within Supplier
	// Observers are told of events, as those of [FixedOptions].
	Observers []any
}

// Keyed is a [Supplier] that runs so many tasks of each key at once, inside a total. Tasks that are
// held for a key run first come, first served. It remembers only keys in use, and those it was told
// a number for. A Keyed is made by [NewKeyed] and must not be copied.
type Keyed struct {
	ledger ledger
	keys   keys
}

// KeyStats are the numbers of one key of a [Keyed].
type KeyStats struct {
	// Limit is how many tasks may run at once.
	Limit int
	// Used is how many permits count for the key.
	Used int
	// Held is how many tasks wait in [Permit.Use] for one of those to be released.
	Held int
}

// NewKeyed returns a supplier, or an [*OptionError].
func NewKeyed(o KeyedOptions) (*Keyed, error) {
	if o.Key == nil {
		return nil, &OptionError{Field: "Key", Value: nil, Fix: "give a function, or use NewFixed"}
	}
	if err := checkLimit("PerKey", o.PerKey); err != nil {
		return nil, err
	}
	for key, n := range o.Keys {
		if err := checkLimit(fmt.Sprintf("Keys[%q]", key), n); err != nil {
			return nil, err
		}
	}
	own := maps.Clone(o.Keys)
	if own == nil {
		own = map[string]int{}
	}
	k := &Keyed{keys: keys{of: o.Key, each: o.PerKey, own: own, used: map[string]*group{}}}
	if err := k.ledger.setUp(o.Limit, &k.keys, o.Within, o.Observers); err != nil {
		return nil, err
	}
	return k, nil
}

// Reserve implements [Supplier]. A caller whose key has no room does not stop those behind it.
func (k *Keyed) Reserve(ctx context.Context, r Request) (Permit, error) {
	return k.ledger.reserve(ctx, r)
}

// TryReserve implements [Supplier].
func (k *Keyed) TryReserve(r Request) (Permit, bool) { return k.ledger.tryReserve(r) }

// Resize implements [Resizer]: it sets the total. n is from 1 to [MaxLimit], else the error is an
// [*OptionError] and nothing changes.
func (k *Keyed) Resize(n int) error { return k.ledger.resize(n) }

// ResizeKey sets how many tasks of the key may run at once, from 1 to [MaxLimit], else the error is
// an [*OptionError] and nothing changes. Tasks that run go on; more room serves those who wait at
// once.
func (k *Keyed) ResizeKey(key string, n int) error {
	if err := checkLimit(fmt.Sprintf("Keys[%q]", key), n); err != nil {
		return err
	}
	l := &k.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	k.keys.own[key] = n
	l.serveLine(demand{weight: 1, key: key})
	l.serve()
	return nil
}

// Stats implements [Reporter].
func (k *Keyed) Stats() Stats { return k.ledger.stats() }

// KeyStats returns the numbers of one key. It does not block.
func (k *Keyed) KeyStats(key string) KeyStats {
	k.ledger.mu.Lock()
	defer k.ledger.mu.Unlock()
	s := KeyStats{Limit: k.keys.limit(key)}
	if g := k.keys.used[key]; g != nil {
		s.Used, s.Held = g.out, g.held.size
	}
	return s
}

// keys is the rule of Keyed.
type keys struct {
	of   func(Request, Task) string
	each int
	own  map[string]int
	used map[string]*group // those with permits out

	spare *group // the last that had none left, for reuse
}

// group is the permits of one key.
type group struct {
	out  int
	held queue
}

func (k *keys) limit(key string) int {
	if n, ok := k.own[key]; ok {
		return n
	}
	return k.each
}

// full says whether no more tasks of the key may run.
func (k *keys) full(key string) bool {
	g := k.used[key]
	return key != "" && g != nil && g.out >= k.limit(key)
}

func (k *keys) demand(r Request, t Task) demand { return demand{weight: 1, key: k.of(r, t)} }

func (k *keys) admit(l *ledger, d demand, _ bool) verdict {
	switch {
	case l.issued+l.promised >= l.limit:
		return no
	case k.full(d.key):
		return skip
	default:
		return yes
	}
}

func (k *keys) enter(d demand) {
	if d.key == "" {
		return
	}
	g := k.used[d.key]
	if g == nil {
		if g, k.spare = k.spare, nil; g == nil {
			g = &group{}
		}
		k.used[d.key] = g
	}
	g.out++
}

func (k *keys) leave(d demand) {
	g := k.used[d.key]
	if g == nil {
		return
	}
	g.out--
	if g.out == 0 && g.held.head == nil {
		delete(k.used, d.key)
		k.spare = g
	}
}

func (k *keys) hold() holdRule { return k }

func (k *keys) run(_ *ledger, d demand) bool { return !k.full(d.key) }

func (k *keys) line(d demand) *queue {
	if g := k.used[d.key]; g != nil {
		return &g.held
	}
	return nil
}

func (*keys) resized(*ledger, int) {}
