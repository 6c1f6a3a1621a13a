// Package sticky keeps live things in memory between the tasks that need them.
//
// A [Cache] hands out exclusive pins on keys. It promises:
//
//   - One lease per key at a time; further [Cache.Acquire] calls for the key queue up, first come
//     first served, and a context ends the wait. Other keys never wait.
//   - Acquire never waits for space. What is pinned is never evicted; a surplus goes when a lease
//     comes back, least recently used first. So at most max(MaxEntries, pins) values are held, and
//     whoever bounds the tasks in flight bounds the pins. Who would rather wait than exceed the
//     bound says so: see Options.WaitForRoom.
//   - Caches that are given one [Budget] keep to it together.
//   - Every value that was put reaches Options.OnEvict exactly once, with a [Reason], unless the
//     holder of the pin replaced it. While OnEvict runs, its key is locked and no other is.
//   - No goroutine of its own while idle, no finalizer, nothing global: after [Cache.Close] the
//     cache refers to no value any more.
//
// Usage:
//
//	runs, err := sticky.New(sticky.Options[string, *Run]{
//		MaxEntries: 1000,
//		OnEvict:    func(id string, run *Run, why sticky.Reason) { run.Stop() },
//	})
//	...
//	lease, err := runs.Acquire(ctx, id) // waits for the task that holds id, if any
//	...
//	defer lease.Release() // harmless after Evict
//	run, hit := lease.Value()
//	if !hit {
//		run = rebuild(id)
//		lease.Put(run)
//	}
//	if err := run.Step(); err != nil {
//		lease.Evict("failed")
//	}
//
// It does not load values itself, does not share a value between two holders, does not keep
// anything on disk, and does not guess the size of a value: Options.Weigh says it.
package sticky
