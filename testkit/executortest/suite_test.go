package executortest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/testkit/executortest"
)

// rejectedBy says which clause must find a flaw.
var rejectedBy = map[flaw]string{
	tellsFree:        "CapacityIsTold",
	dropsResult:      "ResultPasses",
	keepsErrorText:   "ErrorPasses",
	hidesPending:     "PendingPasses",
	acceptsBadInput:  "BadInputFails",
	losesInfo:        "InfoReaches",
	losesDeadline:    "InfoReaches",
	dropsHeartbeats:  "HeartbeatsReach",
	losesDetails:     "DetailsReach",
	losesWorkerStop:  "WorkerStopReaches",
	losesEnd:         "CancellationReaches",
	losesCause:       "CancellationReaches",
	leavesEarly:      "ExecuteWaits",
	runsTwice:        "CallRunsOnce",
	oneTooFew:        "ManyAtOnce",
	mixesUp:          "CallsKeepApart",
	losesStack:       "PanicIsAnError",
	panicCostsPlace:  "PanicIsAnError",
	exitCostsPlace:   "GoexitCostsNoPlace",
	exitIsSuccess:    "GoexitIsAnError",
	healthWaits:      "NothingBlocks",
	alwaysIll:        "NothingBlocks",
	oneTooMany:       "CapacityIsHard",
	lastComeFirst:    "FirstComeFirstServed",
	waitsOn:          "WaitObeysContext",
	hidesCause:       "WaitObeysContext",
	ghost:            "WhoGivesUpTakesNothing",
	runsGivenUp:      "WhoGivesUpTakesNothing",
	hidesBreak:       "BrokenIsTold",
	recovers:         "BrokenIsTold",
	runsBroken:       "BrokenRunsNothing",
	strandsWaiters:   "BreakLeavesNobodyWaiting",
	reencodesErrors:  "ErrorKeepsItsIdentity",
	ownConverter:     "ConverterIsUsed",
	skipsMiddleware:  "MiddlewareRuns",
	losesHeader:      "MiddlewareRuns",
	ownLogger:        "LoggerAndMetricsReach",
	leavesGoroutines: "NothingIsLeft",
}

func check(t *testing.T, c executortest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func(n int) activity.Executor { return newBroken(f, n) })
		time.Sleep(100 * time.Hour) // what is left behind must end in the bubble
	})
	return err
}

func TestPlainExecutorPasses(t *testing.T) {
	for _, c := range executortest.Clauses(poolAbilities()) {
		if err := check(t, c, none); err != nil {
			t.Errorf("%s rejects an executor without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for f, clause := range rejectedBy {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range executortest.Clauses(poolAbilities()) {
				if c.Name != clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("an executor with a flaw (%s) passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", clause)
		})
	}
}

// A clause that no broken executor can fail proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	names := map[string]bool{}
	for _, clause := range rejectedBy {
		names[clause] = true
	}
	for _, c := range executortest.Clauses(poolAbilities()) {
		if !names[c.Name] {
			t.Errorf("no broken executor is for clause %s", c.Name)
		}
	}
}

// What an executor is not is left out, and nothing else.
func TestAbilitiesChooseClauses(t *testing.T) {
	all := len(executortest.Clauses(poolAbilities()))
	for name, tt := range map[string]struct {
		change func(*executortest.Abilities)
		less   int
	}{
		"unlimited": {func(a *executortest.Abilities) { a.Unlimited = true }, 4},
		"in place":  {func(a *executortest.Abilities) { a.InPlace = true }, 1},
		"remote":    {func(a *executortest.Abilities) { a.Remote = true }, 5},
		"no break":  {func(a *executortest.Abilities) { a.Break = nil }, 3},
		"no close":  {func(a *executortest.Abilities) { a.Close = nil }, 1},
	} {
		can := poolAbilities()
		tt.change(&can)
		if got := len(executortest.Clauses(can)); got != all-tt.less {
			t.Errorf("%s: %d clauses of %d, want %d less", name, got, all, tt.less)
		}
	}
}
