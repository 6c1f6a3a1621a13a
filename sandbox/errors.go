package sandbox

import (
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Types of the failures of tasks whose code was stopped. A FailWorkflowOn of the worker sees an
// application error of such a type and may end the workflow with it; else the task fails and is
// tried again.
const (
	// Forbidden is code that reached for what a sandbox has not.
	Forbidden = "SandboxForbidden"
	// Memory is code that wanted more memory than a run may have.
	Memory = "SandboxMemory"
	// Exit is code that ended its program.
	Exit = "SandboxExit"
	// Deadlock is code that waits, by means that are not the workflow API's, for what never comes.
	Deadlock = "SandboxDeadlock"
	// Trap is code that crashed in a way that its guest could not tell.
	Trap = "SandboxTrap"
)

// answerError says that a guest does not do as package guest does.
type answerError struct{ problem string }

func (e *answerError) Error() string {
	return "the guest's answer cannot be used: " + e.problem
}

// fail makes the completion of a task that failed with err.
func (r *Runner) fail(err error) *runner.Completion {
	return &runner.Completion{Failure: &runner.TaskFailure{
		Cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
		Failure: r.options.FailureConverter.ErrorToFailure(err),
	}}
}

// stopped makes the completion of a task that err has ended in the middle.
func (r *Runner) stopped(err error) *runner.Completion {
	var known error
	stack := ""
	var (
		forbidden *engine.ForbiddenError
		stuck     *engine.StuckError
		memory    *engine.MemoryError
		exit      *engine.ExitError
		deadlock  *engine.DeadlockError
		trap      *engine.TrapError
	)
	switch {
	case errors.As(err, &forbidden):
		known, stack = violation(err, Forbidden), strings.Join(forbidden.Stack, "\n")
	case errors.As(err, &memory):
		known = violation(err, Memory)
	case errors.As(err, &exit):
		known = violation(err, Exit)
	case errors.As(err, &deadlock):
		known, stack = violation(err, Deadlock), deadlock.Stderr
	case errors.As(err, &trap):
		known, stack = violation(err, Trap), trap.Stderr
	case errors.As(err, &stuck):
		stack = strings.Join(stuck.Stack, "\n")
		known = temporal.NewWorkflowPanicError(fmt.Sprintf("[TMPRL1101] Potential deadlock detected: "+
			"workflow goroutine %q didn't yield for over %s", innermost(stuck.Stack), stuck.After), stack)
	default:
		return r.fail(err)
	}
	c := r.fail(known)
	c.Failure.Panicked = true
	if f := c.Failure.Failure; f.GetStackTrace() == "" && f.GetEncodedAttributes() == nil {
		f.StackTrace = stack
	}
	return c
}

func violation(err error, failureType string) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), failureType, nil)
}

// innermost is the function that was stopped. It may be one of the standard library: the stack says
// who called it.
func innermost(stack []string) string {
	if len(stack) == 0 {
		return "unknown"
	}
	return stack[0]
}
