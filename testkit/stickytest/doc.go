// Package stickytest checks that a cache keeps the contract of package sticky: exclusive pins, a
// bound, and one goodbye for every value.
//
// The contract is a list of clauses, each one sentence and the check of it. Each runs on a fresh
// cache in a synctest bubble of its own, so that times are exact and a goroutine left behind is
// found. An implementor's whole test is
//
//	func TestMyCache(t *testing.T) {
//		stickytest.TestCache(t, func(t *testing.T, c stickytest.Config) stickytest.Cache {
//			mine, err := mycache.New(c.MaxEntries, c.OnEvict)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return stickytest.Cache{
//				Acquire: func(ctx context.Context, key string) (stickytest.Lease, error) {
//					return mine.Acquire(ctx, key)
//				},
//				Close: mine.Close,
//			}
//		}, stickytest.Abilities{})
//	}
//
// What it promises: clauses run in a fixed order, and none is skipped in silence: abilities beyond
// the least are declared. The suite is tested itself, on caches broken on purpose.
//
// What it will not do: it does not judge speed or memory, only promises; and a cache that hangs
// for good makes a clause panic with the stacks of its goroutines instead of failing politely.
package stickytest
