package stickytest_test

import (
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/testkit/stickytest"
)

// rejectedBy names, for each flaw, the clause that must find it.
var rejectedBy = map[flaw]string{
	undeclaredPurge:    "AbilitiesAreDeclared",
	sharesPins:         "PinIsExclusive",
	oneBigPin:          "OtherKeysDoNotWait",
	lastComeFirst:      "FirstComeFirstServed",
	ignoresContext:     "AcquireObeysContext",
	hidesCause:         "AcquireObeysContext",
	endedCtxPins:       "EndedContextPinsNothing",
	ghostInQueue:       "WhoGivesUpPinsNothing",
	freesTwice:         "FirstEndCounts",
	latePut:            "EndedLeaseHoldsNothing",
	lateValue:          "EndedLeaseHoldsNothing",
	forgetsValue:       "ValueStays",
	evictsReplaced:     "PutReplacesSilently",
	keepsEvicted:       "EvictEmptiesTheKey",
	losesReason:        "EvictEmptiesTheKey",
	evictsNothing:      "EvictEmptiesTheKey",
	oneTooMany:         "BoundHolds",
	firstInFirstOut:    "LeastRecentlyUsedGoesFirst",
	lastUsedGoes:       "LeastRecentlyUsedGoesFirst",
	waitsForSpace:      "PinsAreNeverRefused",
	evictsPinned:       "PinnedStays",
	zeroKeepsOne:       "ZeroKeepsNothing",
	freeTooEarly:       "EvictionLocksItsKey",
	holdsMutex:         "EvictionLocksNoOther",
	evictsTwice:        "EveryValueLeavesOnce",
	dropsSilently:      "EveryValueLeavesOnce",
	closeForgets:       "CloseEvictsAll",
	closeLeaves:        "CloseWaitsForPins",
	closeIgnoresCtx:    "CloseObeysContext",
	closedAccepts:      "ClosedRefuses",
	strandsWaiters:     "ClosedRefuses",
	dropEndsLease:      "DropKeepsThePin",
	purgeSparesPinned:  "PurgeEvictsAll",
	purgeNeverEnds:     "PurgeSparesLaterValues",
	resizeLater:        "ResizeEvictsTheSurplus",
	acceptsAnySize:     "BadSizeIsRefused",
	countsPinsAsValues: "StatsAddUp",
	ignoresWeight:      "WeightsAreBounded",
	heaviestGoes:       "WeightsAreBounded",
	weighsOnce:         "WeightIsTakenAtRelease",
	heavyPushesOut:     "TooHeavyGoesAlone",
	neverIdle:          "IdleValueLeaves",
	idleTooEarly:       "IdleValueLeaves",
	useNotCounted:      "UseIsNotIdle",
	idlesPinned:        "UseIsNotIdle",
	roomExceeds:        "FullWaits",
	roomNoEvict:        "IdleValueMakesRoom",
	roomTooEarly:       "IdleValueMakesRoom",
	roomLastFirst:      "RoomIsFirstComeFirstServed",
	roomGhost:          "WhoGivesUpRoomLeavesNoHole",
	roomIgnoresContext: "WhoGivesUpRoomLeavesNoHole",
	roomForKnown:       "KnownKeyNeedsNoRoom",
	roomStranded:       "ClosedEndsTheWaitForRoom",
	roomUncounted:      "StatsCountTheWaitForRoom",
	budgetEach:         "BudgetIsShared",
	budgetOwnFirst:     "BudgetTakesTheOldestOfAll",
	budgetLosesReason:  "BudgetTakesTheOldestOfAll",
	budgetTakesPinned:  "BudgetSparesPinned",
	budgetHoldsLock:    "BudgetLocksNoOtherCache",
	budgetKeepsShare:   "ClosedGivesItsShareBack",
	budgetIgnoresWeigh: "BudgetWeighs",
}

func check(t *testing.T, c stickytest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func(config stickytest.Config) stickytest.Cache {
			return newBroken(f, config).cache()
		})
	})
	return err
}

func abilities(f flaw) stickytest.Abilities {
	can := all
	can.Purge = f != undeclaredPurge
	return can
}

// all is what our own cache can do.
var all = stickytest.Abilities{
	Drop: true, Purge: true, Resize: true, Stats: true,
	Weights: true, IdleTimeout: true, WaitForRoom: true, SharedBudget: true,
}

func TestPlainCachePasses(t *testing.T) {
	for _, c := range stickytest.Clauses(abilities(none)) {
		if err := check(t, c, none); err != nil {
			t.Errorf("%s rejects a cache without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for f, clause := range rejectedBy {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range stickytest.Clauses(abilities(f)) {
				if c.Name != clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("a cache that %s passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", clause)
		})
	}
}

// A clause that no broken cache offends proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	rejecting := make(map[string]bool)
	for _, clause := range rejectedBy {
		rejecting[clause] = true
	}
	for _, c := range stickytest.Clauses(abilities(none)) {
		if !rejecting[c.Name] {
			t.Errorf("no broken cache is rejected by %s", c.Name)
		}
	}
}

// TestCacheKeepsTheContract is the suite's purpose: our own cache, with every bound in use.
func TestCacheKeepsTheContract(t *testing.T) {
	for name, options := range map[string]sticky.Options[string, string]{
		"plain": {},
		"weighed": {
			MaxWeight: 1 << 40,
			Weigh:     func(_, v string) int64 { return int64(len(v)) },
		},
		"idle timeout": {IdleTimeout: 1 << 60},
		"in a budget":  {Budget: &sticky.Budget{}},
	} {
		t.Run(name, func(t *testing.T) {
			stickytest.TestCache(t, func(t *testing.T, c stickytest.Config) stickytest.Cache {
				t.Helper()
				cache, err := sticky.New(apply(t, c, options))
				if err != nil {
					t.Fatal(err)
				}
				return stickytest.Of(cache)
			}, all)
		})
	}
}

// apply gives o what a clause wants.
func apply(
	t *testing.T, c stickytest.Config, o sticky.Options[string, string],
) sticky.Options[string, string] {
	t.Helper()
	o.MaxEntries, o.OnEvict, o.WaitForRoom = c.MaxEntries, c.OnEvict, c.WaitForRoom
	if c.Weigh != nil {
		o.MaxWeight, o.Weigh = c.MaxWeight, c.Weigh
	}
	if c.IdleTimeout > 0 {
		o.IdleTimeout = c.IdleTimeout
	}
	if c.Budget == nil {
		return o
	}
	if c.Budget.Made == nil {
		budget, err := sticky.NewBudget(sticky.BudgetOptions{
			MaxEntries: c.Budget.MaxEntries, MaxWeight: c.Budget.MaxWeight,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Budget.Made = budget
	}
	o.Budget = c.Budget.Made.(*sticky.Budget) //nolint:errcheck // made above
	return o
}
