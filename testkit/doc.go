// Package testkit is the root of the test kit: a contract, and the check of it, for every part of
// a worker that can be swapped. It holds no code itself; its packages do:
//
//   - slotstest checks a slots.Supplier, and that users of one give every permit back.
//   - ratelimittest checks a ratelimit.Limiter.
//   - pollertest checks the parts that a poller is made of.
//   - stickytest checks a cache of live values: exclusive pins, a bound, one goodbye for each.
//   - shutdowntest checks a coordinator: ordered stages, deadlines that hold, a complete report.
//   - executortest checks an activity.Executor, also one that runs calls in other processes.
//   - sharedstatetest checks an activity.SharedStateManager, which carries what those share.
//   - runnertest checks a runner of workflow code: the same commands, live and in replay.
//
// They have one shape. A suite is a list of clauses, each a sentence of the contract and a check
// that returns an error; each runs on a fresh object in a synctest bubble, so that times are exact
// and a goroutine left behind is found. What an implementation can do beyond the least is declared,
// and no clause is skipped in silence. An implementor's whole test is one call:
//
//	func TestMyCache(t *testing.T) {
//		stickytest.TestCache(t, func(t *testing.T, c stickytest.Config) stickytest.Cache {
//			cache, err := mine.New(c.MaxEntries, c.OnEvict)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return stickytest.Cache{Acquire: cache.Acquire, Close: cache.Close}
//		}, stickytest.Abilities{})
//	}
//
// Every suite is tested on implementations broken on purpose: each clause rejects at least one.
//
// What the kit will not do: it judges promises, not speed or policy, and it needs a go command that
// has testing/synctest.
package testkit
