package slotstest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// New makes a supplier of limit permits, all free. It runs inside the clause's synctest bubble, so
// what it starts is on the bubble's clock and must have ended when the test has.
type New func(limit int) slots.Supplier

// Abilities says what a supplier can do beside what all must. The zero value is the least.
type Abilities struct {
	// Stats says that it is a slots.Reporter.
	Stats bool
	// Resize says that it is a slots.Resizer.
	Resize bool
	// Exclusive is a type of task of which only one runs at once, the second being held in
	// Permit.Use meanwhile; a supplier of more than one permit runs it beside nothing or beside
	// tasks of other types. Empty means that the supplier never holds a task, or that the test is
	// not to look at it.
	Exclusive string
	// Delay is how long after a permit has become free a caller may still have to wait for it. 0
	// means no time at all.
	Delay time.Duration
}

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on suppliers made by mk and says what was wrong. It must run inside a
	// synctest bubble.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract of a supplier with these abilities, always in the same order.
func Clauses(can Abilities) []Clause {
	s := suite{can: can}
	clauses := []Clause{
		{"AbilitiesAreDeclared", "what a supplier can do is what it says it can", s.abilitiesAreDeclared},
		{"LimitIsHard", "no more than limit permits are out at once", s.limitIsHard},
		{"TryReserveTakesWhatIsFree", "TryReserve gives a free permit and never waits", s.tryReserve},
		{"TryReserveNeverOvertakes", "TryReserve takes no permit somebody waits for", s.tryOvertakes},
		{"ReserveWaitsForRelease", "Reserve returns once a permit is released", s.reserveWaits},
		{"FirstComeFirstServed", "callers that wait get permits in order of arrival", s.isFIFO},
		{"ReserveObeysContext", "Reserve returns ctx's error when ctx ends", s.reserveObeysContext},
		{"EndedContextTakesNothing", "a ctx that has ended gets no permit", s.endedContext},
		{"CancelledWaiterTakesNothing", "who gives up waiting takes no permit along", s.cancelledWaiter},
		{"GrantRacesWithCancel", "a permit granted as ctx ends has an owner", s.grantRacesWithCancel},
		{"ReleaseCountsOnce", "releasing a permit again frees nothing", s.releaseCountsOnce},
		{"OldPermitIsHarmless", "a released permit cannot touch a later one", s.oldPermit},
		{"UseKeepsThePermit", "a permit that is used stays out until it is released", s.useKeeps},
		{"EveryPermitComesBack", "many callers at once lose and invent no permit", s.everyPermit},
	}
	if can.Stats {
		clauses = append(clauses, []Clause{
			{"StatsAddUp", "Stats say what is out, for what, and who waits", s.statsAddUp},
			{"StatsAreOneSnapshot", "issued = used + idle, also in the midst of things", s.oneSnapshot},
		}...)
	}
	if can.Resize {
		clauses = append(clauses, []Clause{
			{"GrowthServesWaiters", "a higher limit serves callers that wait at once", s.growthServes},
			{"ResizedLimitIsHard", "no more permits than the new limit are out", s.resizedLimit},
			{"ShrinkRevokesNothing", "permits that are out survive a lower limit", s.shrinkRevokes},
			{"ShrinkHoldsReleasesBack", "a lower limit absorbs releases first", s.shrinkHoldsBack},
			{"BadSizeIsRefused", "Resize refuses a negative limit and changes nothing", s.badSize},
			{"ResizeLosesNothing", "resizing amid traffic loses and invents no permit", s.resizeLoses},
		}...)
	}
	if can.Exclusive != "" {
		clauses = append(clauses, []Clause{
			{"SecondTaskIsHeld", "a task that may not run yet is held, its permit out", s.secondIsHeld},
			{"HoldEndsWithRelease", "a task is held no longer than what it waits for is taken", s.holdEnds},
			{"HoldsAreServedInOrder", "tasks that are held run in order of arrival", s.holdsAreFIFO},
			{"HoldObeysContext", "Use returns ctx's error when ctx ends during a hold", s.holdObeysContext},
			{"CancelledHoldTakesNothing", "a task that gave up waiting leaves nothing taken", s.cancelledHold},
			{"ReleaseEndsTheHold", "a permit released during its hold is free at once", s.releaseEndsHold},
			{"NextTaskFollowsInPlace", "a task like the one before takes its place unheld", s.followsInPlace},
			{"HoldsLoseNothing", "holding amid traffic loses no permit and runs one at a time", s.holdsLose},
		}...)
	}
	return clauses
}

// TestSupplier runs every clause against the suppliers that mk makes.
func TestSupplier(t *testing.T, mk func(t *testing.T, limit int) slots.Supplier, can Abilities) {
	t.Helper()
	for _, c := range Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := c.Check(t.Context(), func(limit int) slots.Supplier { return mk(t, limit) })
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}
