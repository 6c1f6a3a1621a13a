package shutdowntest_test

import (
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/testkit/shutdowntest"
)

// rejectedBy names, for each flaw, the clause that must find it.
var rejectedBy = map[flaw]string{
	allStagesAtOnce:  "StagesInOrder",
	backwards:        "StagesInOrder",
	oneByOne:         "MembersTogether",
	waitsForNobody:   "NothingToStop",
	omitsEmpty:       "ReportNamesAll",
	noDeadline:       "DeadlineEndsContext",
	oneDeadline:      "DeadlineEndsContext",
	zeroIsNone:       "NoTimeoutNoDeadline",
	waitsForIgnorer:  "IgnorerIsAbandoned",
	namesNobody:      "IgnorerIsAbandoned",
	noLinger:         "ObedientIsNotAbandoned",
	canceledDrained:  "CanceledIsNotDrained",
	canceledFailed:   "CanceledIsNotDrained",
	cutsOnce:         "EachImpatienceCuts",
	lateCounts:       "LateReturnIsHarmless",
	stopsAtFailure:   "FailureIsReported",
	losesError:       "FailureIsReported",
	swallowsPanic:    "PanicIsContained",
	waitsForExited:   "ExitIsContained",
	runsAgain:        "EveryCallerGetsTheReport",
	emptySecond:      "EveryCallerGetsTheReport",
	keepsImpatient:   "ImpatientCallerIsFreed",
	abortsImpatient:  "ImpatientCallerIsFreed",
	ignoresImpatient: "ImpatienceCutsOneStage",
	cutsAll:          "ImpatienceCutsOneStage",
	lastFatalWins:    "FirstFatalIsTheCause",
	forgetsFatals:    "FirstFatalIsTheCause",
	fatalStops:       "FatalStopsNothing",
	fatalIsSilent:    "FatalStopsNothing",
	shutdownIsSilent: "ShutdownTriggers",
	acceptsUnknown:   "BadMemberIsRefused",
	acceptsTwins:     "BadMemberIsRefused",
	acceptsLate:      "AddUntilTheStageBegins",
	refusesEarly:     "AddUntilTheStageBegins",
	doneTooEarly:     "DoneIsLast",
	losesCrowd:       "AllAtOnce",
}

func check(t *testing.T, c shutdowntest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func(stages ...shutdown.Stage) shutdowntest.Coordinator {
			return newBroken(f, stages)
		})
	})
	return err
}

func TestPlainCoordinatorPasses(t *testing.T) {
	for _, c := range shutdowntest.Clauses() {
		if err := check(t, c, none); err != nil {
			t.Errorf("%s rejects a coordinator without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for f, clause := range rejectedBy {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range shutdowntest.Clauses() {
				if c.Name != clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("a coordinator that %s passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", clause)
		})
	}
}

// A clause that no broken coordinator offends proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	rejecting := make(map[string]bool)
	for _, clause := range rejectedBy {
		rejecting[clause] = true
	}
	for _, c := range shutdowntest.Clauses() {
		if !rejecting[c.Name] {
			t.Errorf("no broken coordinator is rejected by %s", c.Name)
		}
	}
}

func newCoordinator(t *testing.T, stages ...shutdown.Stage) shutdowntest.Coordinator {
	t.Helper()
	c, err := shutdown.New(shutdown.Options{}, stages...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCoordinatorKeepsTheContract is the suite's purpose: our own coordinator.
func TestCoordinatorKeepsTheContract(t *testing.T) {
	shutdowntest.TestCoordinator(t, newCoordinator)
}

func TestCoordinatorUnderStress(t *testing.T) {
	shutdowntest.Stress(t, newCoordinator, 200)
}
