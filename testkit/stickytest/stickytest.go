package stickytest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// A Lease is a pin on a key, as sticky.Lease[string, string] is one.
type Lease interface {
	// Value returns the value held for the key.
	Value() (string, bool)
	// Put makes v the key's value.
	Put(v string)
	// Evict ends the lease and the value.
	Evict(reason sticky.Reason)
	// Release ends the lease.
	Release()
}

// A Dropper is a Lease that can evict its value and stay.
type Dropper interface {
	Lease
	// Drop evicts the value and keeps the pin.
	Drop(reason sticky.Reason)
}

// A Cache is what a cache can do, as functions, so that methods of any cache fit with no more than
// a conversion of the lease. Acquire and Close must be there, the others as far as Abilities say.
type Cache struct {
	// Acquire pins a key.
	Acquire func(ctx context.Context, key string) (Lease, error)
	// Close evicts everything and waits for pins.
	Close func(ctx context.Context) error
	// Purge evicts everything, and pinned values when they are released.
	Purge func(ctx context.Context, reason sticky.Reason) error
	// Resize changes the bound.
	Resize func(maxEntries int) error
	// Stats returns the numbers; the suite looks at Entries, Pinned, Waiting, Hits, Misses and
	// Evictions, and at WaitingForRoom of a cache that waits for room.
	Stats func() sticky.Stats
}

// Of returns c for the suite.
func Of(c *sticky.Cache[string, string]) Cache {
	return Cache{
		Acquire: func(ctx context.Context, key string) (Lease, error) {
			lease, err := c.Acquire(ctx, key)
			if err != nil {
				return nil, err
			}
			return lease, nil
		},
		Close:  c.Close,
		Purge:  c.Purge,
		Resize: c.Resize,
		Stats:  c.Stats,
	}
}

// A Config is what a clause wants of a new cache.
type Config struct {
	// MaxEntries bounds the values that are kept; 0 keeps none.
	MaxEntries int
	// OnEvict is to be told of every value that leaves.
	OnEvict func(key, value string, reason sticky.Reason)

	// MaxWeight and Weigh are set together, and only if Abilities.Weights; with a Budget of weight
	// Weigh is set alone.
	MaxWeight int64
	Weigh     func(key, value string) int64
	// IdleTimeout is set only if Abilities.IdleTimeout.
	IdleTimeout time.Duration
	// WaitForRoom is set only if Abilities.WaitForRoom.
	WaitForRoom bool
	// Budget is set only if Abilities.SharedBudget.
	Budget *Budget
}

// A Budget is what several caches are to share: those whose Config have the same one.
type Budget struct {
	// MaxEntries bounds the values of all caches together; 0 is no bound.
	MaxEntries int
	// MaxWeight bounds their weights together; 0 is no bound.
	MaxWeight int64
	// Made is for New, to keep what it made of the Budget for the first cache.
	Made any
}

// New makes an empty cache. It runs inside the clause's synctest bubble, so what it starts is on
// the bubble's clock; the clause closes the cache at its end.
type New func(Config) Cache

// Abilities says what a cache can do beside what all must. The zero value is the least.
type Abilities struct {
	// Drop says that the leases are Droppers.
	Drop bool
	// Purge says that Cache.Purge is set.
	Purge bool
	// Resize says that Cache.Resize is set.
	Resize bool
	// Stats says that Cache.Stats is set.
	Stats bool
	// Weights says that New heeds Config.MaxWeight and Weigh.
	Weights bool
	// IdleTimeout says that New heeds Config.IdleTimeout.
	IdleTimeout bool
	// WaitForRoom says that New heeds Config.WaitForRoom.
	WaitForRoom bool
	// SharedBudget says that New heeds Config.Budget; its weight only if Weights, too.
	SharedBudget bool
}

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on caches made by mk and says what was wrong. It must run inside a synctest
	// bubble.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract of a cache with these abilities, always in the same order.
func Clauses(can Abilities) []Clause {
	clauses := []Clause{
		{"AbilitiesAreDeclared", "what a cache can do is what it says it can", can.areDeclared},
		{"PinIsExclusive", "a key has one lease at a time", pinIsExclusive},
		{"OtherKeysDoNotWait", "a lease keeps nobody from another key", otherKeysDoNotWait},
		{"FirstComeFirstServed", "a key goes to who waited longest", isFIFO},
		{"AcquireObeysContext", "Acquire returns ctx's error when ctx ends", acquireObeysContext},
		{"EndedContextPinsNothing", "a ctx that has ended gets no lease", endedContext},
		{"WhoGivesUpPinsNothing", "who gives up waiting leaves the queue to others", givesUp},
		{"FirstEndCounts", "Release and Evict do nothing on a lease that is over", firstEndCounts},
		{"EndedLeaseHoldsNothing", "a lease that is over gives and takes no value", endedLease},
		{"ValueStays", "the next lease finds the value that was put last", valueStays},
		{"PutReplacesSilently", "a replaced value is not evicted", putReplaces},
		{"EvictEmptiesTheKey", "Evict gives value and reason to OnEvict, and leaves none", evictEmpties},
		{"BoundHolds", "with nothing pinned no more than MaxEntries values are kept", boundHolds},
		{"LeastRecentlyUsedGoesFirst", "a surplus goes by its last use, as full", leastRecentlyUsed},
		{"PinsAreNeverRefused", "Acquire does not wait for space", pinsAreNeverRefused},
		{"PinnedStays", "what is pinned is not evicted", pinnedStays},
		{"ZeroKeepsNothing", "with MaxEntries 0 Release evicts at once, as full", zeroKeepsNothing},
		{"EvictionLocksItsKey", "a key waits until its OnEvict has returned", locksItsKey},
		{"EvictionLocksNoOther", "other keys do not wait for an OnEvict", locksNoOther},
		{"EveryValueLeavesOnce", "every value is evicted once, and never in use", leavesOnce},
		{"CloseEvictsAll", "Close evicts every value, as closed", closeEvictsAll},
		{"CloseWaitsForPins", "Close returns when the last lease is over", closeWaits},
		{"CloseObeysContext", "Close returns ctx's error when ctx ends first", closeObeysContext},
		{"ClosedRefuses", "after Close, Acquire returns ErrClosed, also in the queue", closedRefuses},
	}
	if can.Drop {
		clauses = append(clauses, []Clause{
			{"DropKeepsThePin", "Drop evicts the value and not the lease", dropKeepsPin},
		}...)
	}
	if can.Purge {
		clauses = append(clauses, []Clause{
			{"PurgeEvictsAll", "Purge evicts what is idle, and what is pinned at its release", purgeAll},
			{"PurgeSparesLaterValues", "what is put after a purge stays", purgeSpares},
		}...)
	}
	if can.Resize {
		clauses = append(clauses, []Clause{
			{"ResizeEvictsTheSurplus", "a lower bound holds at once, a higher one too", resizeEvicts},
			{"BadSizeIsRefused", "Resize refuses a negative bound and changes nothing", badSize},
		}...)
	}
	if can.Stats {
		clauses = append(clauses, []Clause{
			{"StatsAddUp", "Stats say what is held, pinned, waited for, hit and evicted", statsAddUp},
		}...)
	}
	return append(clauses, can.boundClauses()...)
}

// boundClauses are those about bounds beside MaxEntries, and other ways to keep it.
func (can Abilities) boundClauses() []Clause {
	var clauses []Clause
	if can.Weights {
		clauses = append(clauses, []Clause{
			{"WeightsAreBounded", "a surplus of weight goes by its last use, as overweight", weightBound},
			{"WeightIsTakenAtRelease", "a value is weighed at each Release", weighedAgain},
			{"TooHeavyGoesAlone", "what alone exceeds the bound pushes nobody out", tooHeavy},
		}...)
	}
	if can.IdleTimeout {
		clauses = append(clauses, []Clause{
			{"IdleValueLeaves", "what nobody acquires leaves, as idle, before twice its time", idleLeaves},
			{"UseIsNotIdle", "a use begins the idle time anew, and a pin stops it", useIsNotIdle},
		}...)
	}
	if can.WaitForRoom {
		clauses = append(clauses, []Clause{
			{"FullWaits", "a new key waits while all places are pinned", fullWaits},
			{
				"IdleValueMakesRoom", "an idle value goes for who waits; its place is free after OnEvict",
				idleMakesRoom,
			},
			{"RoomIsFirstComeFirstServed", "a place goes to who waited longest", roomIsFIFO},
			{
				"WhoGivesUpRoomLeavesNoHole", "a wait for room ends with ctx and takes no place along",
				roomGivesUp,
			},
			{"KnownKeyNeedsNoRoom", "who waits for a key that has a value needs no room", knownKey},
			{"ClosedEndsTheWaitForRoom", "Close sends away who waits for room", closedEndsWait},
		}...)
		if can.Stats {
			clauses = append(clauses, Clause{
				"StatsCountTheWaitForRoom", "Stats say who waits for room", statsCountRoom,
			})
		}
	}
	if can.SharedBudget {
		clauses = append(clauses, []Clause{
			{"BudgetIsShared", "with nothing pinned all caches together keep to it", budgetIsShared},
			{
				"BudgetTakesTheOldestOfAll", "a surplus goes by its last use in any cache, as budget",
				budgetTakesOldest,
			},
			{"BudgetSparesPinned", "what is pinned in another cache is not evicted", budgetSparesPinned},
			{"BudgetLocksNoOtherCache", "no cache waits for an OnEvict of another", budgetLocksNoOther},
			{"ClosedGivesItsShareBack", "what a closed cache held is for the others", closedGivesBack},
		}...)
		if can.Weights {
			clauses = append(clauses, Clause{
				"BudgetWeighs", "weights of all caches together keep to it", budgetWeighs,
			})
		}
	}
	return clauses
}

// TestCache runs every clause against the caches that mk makes.
func TestCache(t *testing.T, mk func(t *testing.T, c Config) Cache, can Abilities) {
	t.Helper()
	for _, c := range Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := c.Check(t.Context(), func(config Config) Cache { return mk(t, config) })
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}
