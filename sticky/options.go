package sticky

import "time"

// Options configure a Cache. The zero value keeps nothing.
type Options[K comparable, V any] struct {
	// MaxEntries is how many values are kept, pinned ones included. 0 keeps nothing: a value is
	// evicted with ReasonFull when its lease is released, even if another Acquire waits for the
	// key. Negative is an error.
	MaxEntries int

	// OnEvict is given every value that leaves, exactly once, and may take its time: it runs
	// without a lock, and until it returns only its own key waits. It runs on the goroutine that
	// caused the eviction (Release, Evict, Drop, Resize, SetMaxWeight), so that whoever makes a
	// surplus pays for it, with a Budget whoever releases in any of its caches; Purge, Close,
	// IdleTimeout and those who wait for room run up to 16 calls at a time on goroutines of their
	// own. It may be called concurrently for different keys. It may use the cache, but
	// must not acquire its own key. A panic in it is not recovered, and frees the key all the same.
	// Nil: values are dropped.
	OnEvict func(key K, value V, reason Reason)

	// Weigh says what a value weighs, in any unit (bytes, say); less than 0 counts as 0. It runs
	// at each Release of a key that holds a value, before anyone else can have the key, without a
	// lock. Give it together with MaxWeight or a Budget, or leave it out.
	Weigh func(key K, value V) int64

	// MaxWeight bounds the sum of the weights, in Weigh's unit. A pinned value counts with its
	// weight of the last Release. A value heavier than MaxWeight alone is evicted at its Release
	// and does not push others out. 0: no bound. Negative is an error.
	MaxWeight int64

	// IdleTimeout evicts a value that nobody acquired for this long. 0: never. Negative is an
	// error.
	IdleTimeout time.Duration

	// WaitForRoom makes Acquire of a new key wait for room instead of exceeding MaxEntries: a key
	// has a place while it is pinned, holds a value or is being evicted, and there are MaxEntries
	// places. Who waits has the least recently used idle value evicted, on a goroutine of its own,
	// and gets its place when OnEvict has returned. Free places go first come, first served; a key
	// that has a place already does not wait for one. MaxEntries 0 is then an error. Weights and
	// Budget make nobody wait.
	//
	// Beware of deadlock: when all places are pinned by callers who wait for another one, nobody
	// goes on. Who holds a lease should not acquire a second key, and OnEvict no new key, but with
	// a context that ends.
	WaitForRoom bool

	// Budget bounds the values of this cache together with those of others that are given the same
	// Budget; MaxEntries and MaxWeight still bound this cache alone, and math.MaxInt is a MaxEntries
	// that does not. Such a cache must be closed in the end. Nil: there are no others.
	Budget *Budget

	// AcquireObserver is told of every lease that is granted; nil costs nothing.
	AcquireObserver AcquireObserver[K]
	// EvictObserver is told of every eviction; nil costs nothing.
	EvictObserver EvictObserver[K]
}

// validate returns the first refused option.
func (o Options[K, V]) validate() error {
	if err := checkMaxEntries(o.MaxEntries, o.WaitForRoom); err != nil {
		return err
	}
	switch {
	case o.MaxWeight < 0:
		return maxWeightError(o.MaxWeight)
	case o.MaxWeight > 0 && o.Weigh == nil:
		return &OptionError{
			Field: "MaxWeight", Value: o.MaxWeight,
			Fix: "give Weigh as well, or leave MaxWeight 0",
		}
	case o.MaxWeight == 0 && o.Weigh != nil && o.Budget == nil:
		return &OptionError{
			Field: "MaxWeight", Value: o.MaxWeight,
			Fix: "give a bound for what Weigh returns, or a Budget, or leave Weigh nil",
		}
	case o.IdleTimeout < 0:
		return &OptionError{
			Field: "IdleTimeout", Value: o.IdleTimeout,
			Fix: "give 0 to keep idle values, or a positive duration",
		}
	}
	return nil
}

// checkMaxEntries returns why n is refused.
func checkMaxEntries(n int, waitForRoom bool) error {
	fix := "give 0 to keep nothing, or a positive number of entries"
	switch {
	case waitForRoom && n <= 0:
		fix = "give a positive number of entries: Acquire would wait for room for ever"
	case n >= 0:
		return nil
	}
	return &OptionError{Field: "MaxEntries", Value: n, Fix: fix}
}

func maxWeightError(w int64) error {
	return &OptionError{
		Field: "MaxWeight", Value: w,
		Fix: "give 0 for no bound, or a positive weight",
	}
}
