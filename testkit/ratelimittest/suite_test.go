package ratelimittest_test

import (
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/testkit/ratelimittest"
)

// rejectedBy names, for each flaw, the clause that must find it.
var rejectedBy = map[flaw]string{
	undeclaredLimit:   "AbilitiesAreDeclared",
	oneTooMany:        "BurstIsThere",
	startsEmpty:       "BurstIsThere",
	tooFast:           "PaceIsKept",
	tooSlow:           "PaceIsKept",
	savesUp:           "RestSavesOnlyTheBurst",
	savesUpHeld:       "HeldTokensSaveNothingUp",
	earnsWhileHeld:    "HeldTokensSaveNothingUp",
	burnsRefund:       "RefundIsThereAtOnce",
	refundWakesNobody: "RefundIsThereAtOnce",
	spendWakesNobody:  "SpendingMakesRoom",
	newcomerFirst:     "FirstComeFirstServed",
	refundPaysDouble:  "RefundAddsNothing",
	settlesTwice:      "TokenIsSettledOnce",
	reportsTwice:      "TokenIsSettledOnce",
	reusesIDs:         "OldTokenIsHarmless",
	ignoresDeadline:   "ReserveObeysContext",
	ignoresCancel:     "ReserveObeysContext",
	hidesCause:        "ReserveObeysContext",
	endedCtxTakes:     "EndedContextTakesNothing",
	ghostInQueue:      "CancelledWaiterTakesNothing",
	cancelBurns:       "CancelledWaiterTakesNothing",
	lastComeFirst:     "FirstComeFirstServed",
	refundFills:       "NoWindowExceedsItsShare",
	spendBurns:        "NothingIsLost",
	tryFindsNothing:   "TryReserveTakesWhatIsThere",
	tryIgnoresBucket:  "TryReserveTakesWhatIsThere",
	barging:           "TryReserveNeverOvertakes",
	limitUnfelt:       "NewLimitIsFelt",
	limitFills:        "NewLimitGivesNothingAway",
	acceptsAnyLimit:   "BadLimitIsRefused",
	liftUnfelt:        "LiftedLimitHoldsNobody",
	liftKeepsTheBurst: "LiftedLimitHoldsNobody",
	liftIsForEver:     "LiftedLimitIsPutBack",
	liftForgetsHeld:   "LiftedLimitIsPutBack",
	heldUncounted:     "StatsAddUp",
	waitingUncounted:  "StatsAddUp",
}

func check(t *testing.T, c ratelimittest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func(perSecond float64, burst int) ratelimit.Limiter {
			return full{newBroken(f, perSecond, burst)}
		})
	})
	return err
}

func abilities(f flaw) ratelimittest.Abilities {
	return ratelimittest.Abilities{Try: true, SetLimit: f != undeclaredLimit, Lift: true, Stats: true}
}

func TestPlainLimiterPasses(t *testing.T) {
	for _, c := range ratelimittest.Clauses(abilities(none)) {
		if err := check(t, c, none); err != nil {
			t.Errorf("%s rejects a limiter without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for f, clause := range rejectedBy {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range ratelimittest.Clauses(abilities(f)) {
				if c.Name != clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("a limiter with a flaw (%s) passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", clause)
		})
	}
}

// A clause that no broken limiter can fail proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	names := map[string]bool{}
	for _, clause := range rejectedBy {
		names[clause] = true
	}
	for _, c := range ratelimittest.Clauses(abilities(none)) {
		if !names[c.Name] {
			t.Errorf("no broken limiter is for clause %s", c.Name)
		}
	}
}
