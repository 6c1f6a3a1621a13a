package runnertest

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// New makes a runner to which nothing has been made known. It runs inside the
// clause's synctest bubble.
type New func() runner.Runner

// Abilities says what a runner can do beside what all must. The zero value is
// the least.
type Abilities struct {
	// GoFunctions says that the runner runs Go functions: the suite gives it those
	// of Workflows. Without it, definitions have a Type and no Func, and the runner
	// has workflows of these types itself.
	GoFunctions bool
}

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on runners made by mk and says what was wrong. It must run
	// inside a synctest bubble.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract of a runner with these abilities, always in the
// same order.
func Clauses(can Abilities) []Clause {
	c := func(name, contract string, check func(*rig) error) Clause {
		return Clause{name, contract, func(ctx context.Context, mk New) error {
			r := &rig{ctx: ctx, can: can, mk: mk}
			if err := r.prepare(); err != nil {
				return err
			}
			err := check(r)
			r.closeAll()
			return err
		}}
	}
	return []Clause{
		c("UnknownTypeIsRefused", "NewInstance of a type that was not prepared is an UnknownTypeError", unknownType),
		c("BadDefinitionIsRefused", "Prepare refuses what the runner cannot run", badDefinition),
		c("StartComesFirst", "an activation of a run that was not started fails its task", startComesFirst),
		c("StartComesOnce", "a second start fails the task", startComesOnce),
		c("ResultCloses", "a result ends the run with the last command, and Closed", resultCloses),
		c("ErrorCloses", "an error ends the run as failed; the task has not failed", errorCloses),
		c("NextRunCloses", "a continue-as-new ends the run with the next one's type and input", nextRunCloses),
		c("DefectFailsTheTask", "a defect of the code fails the task and ends nothing", defect),
		c("FailedIsOver", "after a failed task every activation fails", failedIsOver),
		c("IDsArePredicted", "the first command of a task has the id started+2, each further one more", ids),
		c("EarlyCommandsComeFirst", "what an item made the code cancel comes first and shifts the ids", early),
		c("ItemsBeforeCode", "all items of an activation have happened before code runs", itemsFirst),
		c("ResolutionsReachTheirs", "a resolution is for the id that it names", resolutions),
		c("FailureIsSeen", "a failed activity is an error of the code, with its cause", failureIsSeen),
		c("ClockIsTheTasks", "the workflow's clock is the activation's time", clock),
		c("ClockNeverGoesBack", "an earlier time does not set the clock back", clockForward),
		c("ReplayIsTheSame", "a replayed task makes the commands that it made live", replayIsTheSame),
		c("InstancesAreApart", "instances do not see each other, nor the end of one", apart),
		c("InfoIsOfTheRun", "code sees the ids and the type that its instance was made with", info),
		c("QueriesAreAnsweredInOrder", "each query has its answer or error, and changes nothing", queries),
		c("QueriesSeeTheTask", "queries of an activation are answered after its code has run", queriesAfter),
		c("QueriesOutliveTheRun", "queries are answered after the run has ended", queriesAtEnd),
		c("UpdateIsAnswered", "an update is accepted and completed, each with a command at its place", updateAnswered),
		c("UpdateIsRejected", "what a validator refuses leaves a message and no command", updateRejected),
		c("ReplaySkipsValidators", "an update that history has accepted is not validated again", replaySkips),
		c("UnknownFlagFails", "a flag that the runner does not know fails the task", unknownFlag),
		c("FlagsAreToldOnce", "a flag is told when it is first used live, and never again", flagsOnce),
		c("SideEffectIsRecorded", "a side effect leaves a marker with its value", sideEffect),
		c("SideEffectIsReplayed", "in replay a side effect has the value of its marker", sideEffectReplayed),
		c("VersionIsRecorded", "a version leaves a marker, and the attribute that lists it", version),
		c("VersionIsReplayed", "in replay a version is that of its marker, whose ids are skipped", versionReplayed),
		c("NoVersionIsDefault", "in replay code without a marker is from before the change", versionMissing),
		c("ChildIsNamed", "a child without an id has that of the original run and its command", child),
		c("ResetNamesChildren", "after a reset children are named by the run that it began", resetChild),
		c("ChildEnds", "a child starts and then ends, each with a resolution of its own", childEnds),
		c("LocalIsAskedFor", "a local activity is a request with a number, and no command", localRequest),
		c("LocalEndsInAStep", "its result goes on in the same task and leaves a marker", localStep),
		c("LocalIsReplayed", "in replay its marker is its result", localReplayed),
		c("LocalIsCanceled", "one whose context is canceled is asked to stop, and waited for", localCanceled),
		c("CloseIsIdempotent", "Close may be called again; then every activation fails", closeAgain),
		c("CloseFreesABlockedRun", "Close ends a run that waits, and leaves no goroutine", closeBlocked),
		c("InputIsNotChanged", "the runner changes no message that it was given", inputUnchanged),
		c("OutputIsNotChanged", "the runner changes no message that it has given out", outputUnchanged),
		c("SafeForConcurrentUse", "many goroutines may use one runner", concurrent),
	}
}

// TestRunner runs every clause against the runners that mk makes.
func TestRunner(t *testing.T, mk func(t *testing.T) runner.Runner, can Abilities) {
	t.Helper()
	for _, c := range Clauses(can) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(t.Context(), func() runner.Runner { return mk(t) }); err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}
