package ratelimittest

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// New makes a rested limiter of perSecond tokens a second that keeps at most burst of them. It runs
// inside the clause's synctest bubble, so what it starts is on the bubble's clock and must have
// ended when the test has.
type New func(perSecond float64, burst int) ratelimit.Limiter

// Abilities says what a limiter can do beside what all must. The zero value is the least.
type Abilities struct {
	// Try says that it is a ratelimit.TryLimiter.
	Try bool
	// SetLimit says that it is a ratelimit.Adjuster.
	SetLimit bool
	// Lift says that it is a ratelimit.Lifter.
	Lift bool
	// Stats says that it is a ratelimit.Reporter.
	Stats bool
}

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on limiters made by mk and says what was wrong. It must run inside a synctest
	// bubble.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract of a limiter with these abilities, always in the same order.
func Clauses(can Abilities) []Clause {
	clauses := []Clause{
		{
			"AbilitiesAreDeclared", "what a limiter can do is what it says it can",
			func(_ context.Context, mk New) error { return abilitiesAreDeclared(can, mk) },
		},
		{"BurstIsThere", "a rested limiter gives its burst at once and no more", burstIsThere},
		{"PaceIsKept", "after the burst tokens come 1/rate apart", paceIsKept},
		{"RestSavesOnlyTheBurst", "a long rest saves no more than the burst", restSavesBurst},
		{"HeldTokensSaveNothingUp", "tokens that are held count as kept", heldSaveNothing},
		{"SpendingMakesRoom", "with a held token spent the next is earned", spendMakesRoom},
		{"RefundIsThereAtOnce", "a refunded token can be taken without waiting", refundIsThere},
		{"RefundAddsNothing", "refunds never make more than the burst", refundAddsNothing},
		{"TokenIsSettledOnce", "the first Spend or Refund counts, no other does", settledOnce},
		{"OldTokenIsHarmless", "a settled token cannot touch a later one", oldToken},
		{"ReserveObeysContext", "Reserve returns ctx's error by the time ctx ends", obeysContext},
		{"EndedContextTakesNothing", "a ctx that has ended gets no token", endedContext},
		{"CancelledWaiterTakesNothing", "who gives up waiting takes no token along", cancelledWaiter},
		{"FirstComeFirstServed", "callers that wait get tokens in order of arrival", isFIFO},
		{"NoWindowExceedsItsShare", "no window has more spent than length * rate + burst", windows},
		{"NothingIsLost", "callers that spend all they get are given the full rate", nothingIsLost},
	}
	if can.Try {
		clauses = append(clauses, []Clause{
			{"TryReserveTakesWhatIsThere", "TryReserve gives a token that is there", tryReserve},
			{"TryReserveNeverOvertakes", "TryReserve takes no token somebody waits for", tryOvertakes},
		}...)
	}
	if can.SetLimit {
		clauses = append(clauses, []Clause{
			{"NewLimitIsFelt", "callers that wait feel a new limit at once", newLimitIsFelt},
			{"NewLimitGivesNothingAway", "a new limit leaves what was earned", newLimitGivesNothing},
			{"BadLimitIsRefused", "SetLimit refuses what is no rate and changes nothing", badLimit},
		}...)
	}
	if can.Lift {
		clauses = append(clauses,
			Clause{"LiftedLimitHoldsNobody", "without its limit it has a token for all who ask and all who wait", liftHoldsNobody})
	}
	if can.Lift && can.SetLimit {
		clauses = append(clauses,
			Clause{"LiftedLimitIsPutBack", "SetLimit puts a lifted limit back, beside tokens that stay good", liftIsPutBack})
	}
	if can.Stats {
		clauses = append(clauses,
			Clause{"StatsAddUp", "Stats say what is there, held, awaited and settled", statsAddUp})
	}
	return clauses
}

// TestLimiter runs every clause against the limiters that mk makes.
func TestLimiter(
	t *testing.T, mk func(t *testing.T, perSecond float64, burst int) ratelimit.Limiter, can Abilities,
) {
	t.Helper()
	for _, c := range Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := c.Check(t.Context(), func(perSecond float64, burst int) ratelimit.Limiter {
					return mk(t, perSecond, burst)
				})
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}
