package executortest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

// New makes an executor of so many calls at once, all places free; one without a limit leaves the
// number alone. Unless the executor is remote it runs inside the clause's synctest bubble.
type New func(capacity int) activity.Executor

// Abilities says what an executor is like. The zero value is one with a limit that runs calls on
// goroutines of its own, needs no closing and cannot be broken.
type Abilities struct {
	// Unlimited says that there is no limit of calls at once: Capacity is 0.
	Unlimited bool
	// InPlace says that a call runs on the goroutine that asks for it, so that runtime.Goexit in an
	// activity ends that one.
	InPlace bool
	// Remote says that calls run in other processes, where Go values do not get: middleware, the
	// data converter, the logger and metrics of a call, and the identity of errors. The clauses run
	// in real time.
	Remote bool
	// Settle is how long a remote executor may take to do what it will do by then; 0 means 200 ms.
	Settle time.Duration
	// Close ends an executor that all calls have left; nil if there is nothing to close.
	Close func(e activity.Executor)
	// Break makes an executor that no call will ever run on again, such as by closing it; it may
	// block while calls run. nil if that cannot be.
	Break func(e activity.Executor)
}

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on executors made by mk and says what was wrong. It must run inside a synctest
	// bubble unless the executor is remote.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract of an executor with these abilities, always in the same order.
func Clauses(can Abilities) []Clause {
	s := suite{can: can}
	on := s.onRig
	clauses := []Clause{
		{"CapacityIsTold", "Capacity is how many calls can run at once, 0 without a limit", on((*rig).capacityIsTold)},
		{"ResultPasses", "the encoded result comes back as the activity made it", on((*rig).resultPasses)},
		{"ErrorPasses", "the activity's error comes back as it is", on((*rig).errorPasses)},
		{"PendingPasses", "activity.ErrResultPending is still recognized", on((*rig).pendingPasses)},
		{"BadInputFails", "input that does not decode is an error of the call", on((*rig).badInputFails)},
		{"InfoReaches", "GetInfo and the deadline reach the activity", on((*rig).infoReaches)},
		{"HeartbeatsReach", "heartbeats come in order, before Execute returns", on((*rig).heartbeatsReach)},
		{"DetailsReach", "heartbeat details of the attempt before reach the activity", on((*rig).detailsReach)},
		{"WorkerStopReaches", "the worker's stop channel reaches the activity", on((*rig).workerStopReaches)},
		{"CancellationReaches", "the end of ctx reaches the activity with its cause", on((*rig).cancellationReaches)},
		{"ExecuteWaits", "Execute returns when the call is over, not when ctx is", on((*rig).executeWaits)},
		{"CallRunsOnce", "a call runs once, and not on after Execute has returned", on((*rig).callRunsOnce)},
		{"ManyAtOnce", "as many calls run at once as there are places", on((*rig).manyAtOnce)},
		{"CallsKeepApart", "many calls at once each get their own result", on((*rig).callsKeepApart)},
		{"PanicIsAnError", "a panic is a *temporal.PanicError with its stack, and costs no place", on((*rig).panicIsAnError)},
		{"GoexitCostsNoPlace", "an activity that ends its goroutine costs no place", on((*rig).goexitCostsNoPlace)},
		{"NothingBlocks", "Capacity and Health never block, and a healthy executor says so", on((*rig).nothingBlocks)},
	}
	if !can.InPlace {
		clauses = append(clauses, Clause{
			"GoexitIsAnError", "an activity that ends its goroutine is an error of the call", on((*rig).goexitIsAnError),
		})
	}
	if !can.Unlimited {
		clauses = append(clauses, []Clause{
			{"CapacityIsHard", "no more calls than Capacity run at once", on((*rig).capacityIsHard)},
			{"FirstComeFirstServed", "calls that wait begin in order of arrival", on((*rig).isFIFO)},
			{"WaitObeysContext", "a call that waits gives up with ctx's cause when ctx ends", on((*rig).waitObeysContext)},
			{"WhoGivesUpTakesNothing", "a call that gave up waiting never begins and takes no place", on((*rig).gaveUp)},
		}...)
	}
	if can.Break != nil {
		clauses = append(clauses, []Clause{
			{"BrokenIsTold", "Health of a broken executor is an error, for good", on((*rig).brokenIsTold)},
			{"BrokenRunsNothing", "a broken executor refuses calls at once", on((*rig).brokenRunsNothing)},
			{"BreakLeavesNobodyWaiting", "a call that waits when the executor breaks returns", on((*rig).breakLeavesNobody)},
		}...)
	}
	if !can.Remote {
		clauses = append(clauses, []Clause{
			{"ErrorKeepsItsIdentity", "errors.Is finds the activity's error", on((*rig).errorIdentity)},
			{"ConverterIsUsed", "the call's data converter decodes and encodes", on((*rig).converterIsUsed)},
			{"MiddlewareRuns", "the call's Invoke and Header are used", on((*rig).middlewareRuns)},
			{"LoggerAndMetricsReach", "GetLogger and GetMetricsHandler are those of ctx", on((*rig).loggerAndMetrics)},
		}...)
	}
	if can.Close != nil && !can.Remote {
		clauses = append(clauses, Clause{
			"NothingIsLeft", "no goroutine is left when it was closed", s.nothingIsLeft,
		})
	}
	return clauses
}

// TestExecutor runs every clause against the executors that mk makes.
func TestExecutor(t *testing.T, mk func(t *testing.T, capacity int) activity.Executor, can Abilities) {
	t.Helper()
	for _, c := range Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			check := func(t *testing.T) {
				t.Helper()
				err := c.Check(t.Context(), func(n int) activity.Executor { return mk(t, n) })
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			}
			if can.Remote {
				check(t)
				return
			}
			synctest.Test(t, check)
		})
	}
}
