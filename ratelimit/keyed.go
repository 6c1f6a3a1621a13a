package ratelimit

import (
	"context"
	"fmt"
	"maps"
)

// KeyedOptions are the options of [NewKeyed].
type KeyedOptions struct {
	// PerSecond and Burst are those of every key's [Bucket], as in [Options].
	PerSecond float64
	// Burst is how many tokens of one key may be spent at once; 0 means 1.
	Burst int
	// Keys are the keys for which other numbers hold.
	Keys map[string]Options
}

// Keyed is a bucket for each key: so many tasks a second for each tenant, type or whatever a key
// stands for.
//
// A [Limiter] is asked before the poll, when nobody knows whose task will come. So a key's token is
// reserved after it, when the task is in hand with its clock running: with [Keyed.Reserve] and a
// ctx that ends in time to hand the task back, or with [Keyed.TryReserve] by those who can decline.
// Keep the rate over all keys in a [Bucket] before the poll, and let the keys' be the rare
// exception. Who polls for each key by itself has the key before the poll: [Keyed.Of] makes a
// Limiter of it.
//
// A bucket that is full and idle is as good as none, and is dropped: memory is taken by the keys in
// use, not by all that ever were. Keyed is safe for concurrent use and starts no goroutine. Make
// one with [NewKeyed]; it must not be copied.
type Keyed struct {
	mu      lock
	usual   Options
	own     map[string]Options // of the keys that have numbers of their own
	entries map[string]*entry
	round   *entry // a ring of all entries; where to look next for one to drop
}

// entry is the bucket of one key.
type entry struct {
	key        string
	bucket     *Bucket
	callers    int // in Reserve: they have the entry in hand without holding Keyed's lock
	prev, next *entry
}

// NewKeyed returns a limiter for all keys, or an [*OptionError].
func NewKeyed(o KeyedOptions) (*Keyed, error) {
	usual := Options{PerSecond: o.PerSecond, Burst: o.Burst}
	if _, err := NewBucket(usual); err != nil {
		return nil, err
	}
	for key, own := range o.Keys {
		if _, err := NewBucket(own); err != nil {
			return nil, fmt.Errorf("ratelimit: Keys[%q]: %w", key, err)
		}
	}
	k := &Keyed{usual: usual, own: maps.Clone(o.Keys), entries: map[string]*entry{}}
	if k.own == nil {
		k.own = map[string]Options{}
	}
	return k, nil
}

// Reserve waits for a token of the key, as [Bucket.Reserve] does.
func (k *Keyed) Reserve(ctx context.Context, key string) (Token, error) {
	if ctx.Err() != nil {
		return Token{}, ended(ctx)
	}
	k.mu.Lock()
	e, err := k.entry(key)
	if err != nil {
		k.mu.Unlock()
		return Token{}, err
	}
	if token, ok := e.bucket.TryReserve(); ok {
		k.mu.Unlock()
		return token, nil
	}
	e.callers++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		e.callers--
		k.mu.Unlock()
	}()
	return e.bucket.Reserve(ctx)
}

// TryReserve returns a token of the key if one is there. It never blocks and never overtakes a
// caller that waits in Reserve for the same key.
func (k *Keyed) TryReserve(key string) (Token, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, err := k.entry(key)
	if err != nil {
		return Token{}, false
	}
	return e.bucket.TryReserve()
}

// SetLimit sets the rate of all keys that have none of their own; perSecond is a finite number above
// 0, else the error is an [*OptionError] and nothing changes.
func (k *Keyed) SetLimit(perSecond float64) error {
	if err := checkRate(perSecond); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.usual.PerSecond = perSecond
	for key, e := range k.entries {
		if _, ok := k.own[key]; ok {
			continue
		}
		if err := e.bucket.SetLimit(perSecond); err != nil {
			return err
		}
	}
	return nil
}

// SetKeyLimit sets the rate of one key, which from now on is its own: it is remembered for good.
// perSecond is a finite number above 0, else the error is an [*OptionError] and nothing changes.
func (k *Keyed) SetKeyLimit(key string, perSecond float64) error {
	if err := checkRate(perSecond); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	o := k.options(key)
	o.PerSecond = perSecond
	k.own[key] = o
	if e := k.entries[key]; e != nil {
		return e.bucket.SetLimit(perSecond)
	}
	return nil
}

// Stats returns the numbers of one key. Those of a key whose bucket has been dropped are those of a
// new one: full, with nothing counted.
func (k *Keyed) Stats(key string) Stats {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.entries[key]; e != nil {
		return e.bucket.Stats()
	}
	o := k.options(key)
	burst := o.burst(o.PerSecond)
	return Stats{PerSecond: o.PerSecond, Burst: burst, Available: float64(burst)}
}

// Keys returns for how many keys there is a bucket.
func (k *Keyed) Keys() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.entries)
}

// Of returns the limiter of one key, for those who know the key before they poll. Any number of
// them for the same key share its tokens.
func (k *Keyed) Of(key string) *Key { return &Key{keyed: k, key: key} }

// options are the key's. The caller holds k.mu.
func (k *Keyed) options(key string) Options {
	if o, ok := k.own[key]; ok {
		return o
	}
	return k.usual
}

// entry returns the key's, which it makes if need be. The caller holds k.mu.
func (k *Keyed) entry(key string) (*entry, error) {
	if e := k.entries[key]; e != nil {
		return e, nil
	}
	// Each new key has two others looked at. So keys that are never seen again are dropped faster
	// than new ones come, and nobody pays for looking at all of them.
	k.dropOne()
	k.dropOne()
	b, err := NewBucket(k.options(key))
	if err != nil {
		return nil, err
	}
	e := &entry{key: key, bucket: b}
	k.entries[key] = e
	if k.round == nil {
		e.prev, e.next = e, e
		k.round = e
	} else { // last in the round
		e.next, e.prev = k.round, k.round.prev
		e.prev.next, e.next.prev = e, e
	}
	return e, nil
}

// dropOne looks at the next entry of the round and drops it if it is as good as new. The caller
// holds k.mu.
func (k *Keyed) dropOne() {
	e := k.round
	if e == nil {
		return
	}
	k.round = e.next
	if e.callers > 0 || !e.bucket.rested() {
		return
	}
	delete(k.entries, e.key)
	if e.next == e {
		k.round = nil
		return
	}
	e.prev.next, e.next.prev = e.next, e.prev
}

// Key is the limiter of one key of a [Keyed].
type Key struct {
	keyed *Keyed
	key   string
}

// Reserve implements [Limiter].
func (k *Key) Reserve(ctx context.Context) (Token, error) { return k.keyed.Reserve(ctx, k.key) }

// TryReserve implements [TryLimiter].
func (k *Key) TryReserve() (Token, bool) { return k.keyed.TryReserve(k.key) }

// SetLimit implements [Adjuster]: it sets the rate of this key, as [Keyed.SetKeyLimit] does.
func (k *Key) SetLimit(perSecond float64) error { return k.keyed.SetKeyLimit(k.key, perSecond) }

// Stats implements [Reporter].
func (k *Key) Stats() Stats { return k.keyed.Stats(k.key) }
