package slotstest_test

import (
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/testkit/slotstest"
)

// rejectedBy names, for each flaw, the clause that must find it.
var rejectedBy = map[flaw]string{
	undeclaredResize:    "AbilitiesAreDeclared",
	oneTooMany:          "LimitIsHard",
	tryIgnoresLimit:     "LimitIsHard",
	tryFindsNothing:     "TryReserveTakesWhatIsFree",
	barging:             "TryReserveNeverOvertakes",
	newcomerFirst:       "FirstComeFirstServed",
	lostWakeup:          "ReserveWaitsForRelease",
	lastComeFirstServed: "FirstComeFirstServed",
	ignoresContext:      "ReserveObeysContext",
	hidesCause:          "ReserveObeysContext",
	endedCtxTakes:       "EndedContextTakesNothing",
	ghostInQueue:        "CancelledWaiterTakesNothing",
	dropsGrant:          "GrantRacesWithCancel",
	freesTwice:          "ReleaseCountsOnce",
	reportsTwice:        "ReleaseCountsOnce",
	reusesIDs:           "OldPermitIsHarmless",
	useFrees:            "UseKeepsThePermit",
	useAfterRelease:     "UseKeepsThePermit",
	unusedLeaks:         "EveryPermitComesBack",
	idleUncounted:       "StatsAddUp",
	waitingUncounted:    "StatsAddUp",
	doublesUncounted:    "StatsAddUp",
	tornStats:           "StatsAreOneSnapshot",
	growthWakesNobody:   "GrowthServesWaiters",
	oneTooManyResized:   "ResizedLimitIsHard",
	shrinkRevokes:       "ShrinkRevokesNothing",
	shrinkHandsOver:     "ShrinkHoldsReleasesBack",
	acceptsAnySize:      "BadSizeIsRefused",
	resizeForgets:       "ResizeLosesNothing",
	neverHolds:          "SecondTaskIsHeld",
	heldForever:         "HoldEndsWithRelease",
	lastHeldFirst:       "HoldsAreServedInOrder",
	holdIgnoresContext:  "HoldObeysContext",
	ghostHold:           "CancelledHoldTakesNothing",
	heldAfterRelease:    "ReleaseEndsTheHold",
	holdsItself:         "NextTaskFollowsInPlace",
	loosensGate:         "HoldsLoseNothing",
}

func check(t *testing.T, c slotstest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func(limit int) slots.Supplier {
			return resizing{reporting{newBroken(f, limit)}}
		})
	})
	return err
}

func abilities(f flaw) slotstest.Abilities {
	return slotstest.Abilities{Stats: true, Resize: f != undeclaredResize, Exclusive: exclusive}
}

func TestPlainSupplierPasses(t *testing.T) {
	for _, c := range slotstest.Clauses(abilities(none)) {
		if err := check(t, c, none); err != nil {
			t.Errorf("%s rejects a supplier without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for f, clause := range rejectedBy {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range slotstest.Clauses(abilities(f)) {
				if c.Name != clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("a supplier with a flaw (%s) passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", clause)
		})
	}
}

// A clause that no broken supplier can fail proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	names := map[string]bool{}
	for _, clause := range rejectedBy {
		names[clause] = true
	}
	for _, c := range slotstest.Clauses(abilities(none)) {
		if !names[c.Name] {
			t.Errorf("no broken supplier is for clause %s", c.Name)
		}
	}
}
