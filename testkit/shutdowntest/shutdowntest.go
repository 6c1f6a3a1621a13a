package shutdowntest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// Slack is how long after the end of its context a coordinator may wait for a member before it
// abandons it.
const Slack = time.Second

// A Coordinator is what the suite tests; *shutdown.Coordinator is one.
type Coordinator interface {
	// Add adds a member to a stage.
	Add(stage, name string, stop func(context.Context) error) error
	// Shutdown runs the stages, once, and waits until ctx ends.
	Shutdown(ctx context.Context, cause error) (shutdown.Report, error)
	// Fatal records a cause and closes Triggered.
	Fatal(err error)
	// Triggered is closed by the first Fatal or Shutdown.
	Triggered() <-chan struct{}
	// Done is closed when the shutdown is done.
	Done() <-chan struct{}
}

// New makes a coordinator of these stages. It runs inside the clause's synctest bubble.
type New func(stages ...shutdown.Stage) Coordinator

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on coordinators made by mk and says what was wrong. It must run inside a
	// synctest bubble.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the whole contract, always in the same order.
func Clauses() []Clause {
	return []Clause{
		{"StagesInOrder", "a stage begins when the one before it has ended", stagesInOrder},
		{"MembersTogether", "the members of a stage stop concurrently", membersTogether},
		{"NothingToStop", "stages without members take no time", nothingToStop},
		{"ReportNamesAll", "the report has every stage and member, with outcome and time", reportNamesAll},
		{"DeadlineEndsContext", "a member's ctx ends at its stage's deadline", deadlineEndsContext},
		{"NoTimeoutNoDeadline", "a stage without a timeout waits", noTimeout},
		{"IgnorerIsAbandoned", "who ignores the deadline is abandoned and named", ignorerIsAbandoned},
		{"ObedientIsNotAbandoned", "who returns when its ctx ends is not abandoned", obedient},
		{"CanceledIsNotDrained", "who returns only after its ctx has ended was canceled", canceled},
		{"LateReturnIsHarmless", "an abandoned member that returns changes nothing", lateReturn},
		{"FailureIsReported", "a member's error is in the report and stops no stage", failure},
		{"PanicIsContained", "a member's panic is its failure", panicIsContained},
		{"ExitIsContained", "a member that ends its goroutine has failed", exitIsContained},
		{"EveryCallerGetsTheReport", "all callers get one report, of one shutdown", everyCaller},
		{"ImpatientCallerIsFreed", "a caller whose ctx ends returns at once", impatientIsFreed},
		{"ImpatienceCutsOneStage", "it ends the stage in progress and no other", impatienceCuts},
		{"EachImpatienceCuts", "a second caller that leaves ends the stage in progress then", secondImpatience},
		{"FirstFatalIsTheCause", "the first error is the cause, others are kept", firstFatal},
		{"FatalStopsNothing", "Fatal closes Triggered and stops nothing", fatalStopsNothing},
		{"ShutdownTriggers", "Shutdown closes Triggered and gives the cause", shutdownTriggers},
		{"BadMemberIsRefused", "Add refuses what it cannot stop", badMember},
		{"AddUntilTheStageBegins", "Add works until the stage begins, then it refuses", addUntil},
		{"DoneIsLast", "Done is closed when all is over, not before", doneIsLast},
		{"AllAtOnce", "callers, failures and late members may all meet", allAtOnce},
	}
}

// Make makes a coordinator for a test.
type Make func(t *testing.T, stages ...shutdown.Stage) Coordinator

// TestCoordinator runs every clause against the coordinators that mk makes.
func TestCoordinator(t *testing.T, mk Make) {
	t.Helper()
	for _, c := range Clauses() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := c.Check(t.Context(), func(stages ...shutdown.Stage) Coordinator {
					return mk(t, stages...)
				})
				if err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}

// Stress lets random members, callers of every patience and late additions meet, seeds times, and
// checks that every member that was accepted was stopped once and is in the report, and that the
// whole ended in time. A seed fails or passes always.
func Stress(t *testing.T, mk Make, seeds int) {
	t.Helper()
	for seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := meet(t.Context(), func(stages ...shutdown.Stage) Coordinator {
					return mk(t, stages...)
				}, uint64(seed))
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}
