package sticky

import "time"

// An AcquireObserver is told of every Acquire that got its lease. It is called without a lock, on
// the acquiring goroutine, before Acquire returns; it may be called concurrently.
type AcquireObserver[K comparable] interface {
	ObserveAcquire(AcquireEvent[K])
}

// An AcquireEvent describes one granted lease.
type AcquireEvent[K comparable] struct {
	// Key is the key that was pinned.
	Key K
	// Hit says that the cache held a value for it.
	Hit bool
	// Waited is how long Acquire stood in the key's queue, and in that for room.
	Waited time.Duration
}

// An EvictObserver is told of every value that left, after its OnEvict returned. It is called
// without a lock, on the goroutine that ran OnEvict; it may be called concurrently.
type EvictObserver[K comparable] interface {
	ObserveEvict(EvictEvent[K])
}

// An EvictEvent describes one eviction.
type EvictEvent[K comparable] struct {
	// Key is the key whose value left.
	Key K
	// Reason says why.
	Reason Reason
	// Took is how long OnEvict ran.
	Took time.Duration
}
