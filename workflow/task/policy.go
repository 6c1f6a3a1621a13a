package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A PanicPolicy says what becomes of a workflow whose code panics, does not let
// go, or does not fit its history.
type PanicPolicy uint8

const (
	// Block fails the task, again and again, until better code goes on from there.
	Block PanicPolicy = iota
	// Fail fails the workflow for good.
	Fail
)

// codeFailed is the error of a completion that has a failure.
func (w *work) codeFailed(c *runner.Completion, task int64) *taskError {
	err := &taskError{cause: c.Failure.Cause, failure: c.Failure.Failure}
	if c.Failure.Panicked {
		err.panicked = c
		err.err = w.FailureConverter.FailureToError(c.Failure.Failure)
	}
	if err.cause == enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR {
		err.err = &machine.NondeterminismError{
			Detail: strings.TrimPrefix(err.failure.GetMessage(), "[TMPRL1100] "),
			Task:   task,
			Stack:  err.failure.GetStackTrace(),
		}
	}
	return err
}

// closes returns the answer that fails the workflow for err, if that is what is
// to become of it.
func (w *work) closes(ctx context.Context, t *polled, run *Run, err error) (machine.Answer, bool) {
	failed, ok := errors.AsType[*taskError](err)
	if !ok || run == nil {
		return machine.Answer{}, false
	}
	_, mismatch := errors.AsType[*machine.NondeterminismError](err)
	failure := failed.failure
	switch {
	case !mismatch && failed.panicked == nil:
		return machine.Answer{}, false
	case w.FailWorkflow != nil && w.FailWorkflow(t.GetWorkflowType().GetName(), failed.err):
	case w.PanicPolicy == Fail:
		failure = w.FailureConverter.ErrorToFailure(temporal.NewApplicationError(
			"Workflow failed on panic due to FailWorkflow workflow panic policy", ""))
		failure.Cause = failed.failure
	default:
		return machine.Answer{}, false
	}
	w.Logger.ErrorContext(ctx, "Workflow failed by its code",
		slog.String("WorkflowType", t.GetWorkflowType().GetName()),
		slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
		slog.String("RunID", t.GetWorkflowExecution().GetRunId()),
		slog.Any("Error", err))
	a := run.machine.Answer() // what came before in this task
	if c := failed.panicked; c != nil {
		a.Commands = slices.Concat(a.Commands, c.Commands)
		a.Messages = slices.Concat(a.Messages, c.Messages)
		a.Flags = slices.Concat(a.Flags, c.Flags)
	}
	a.Closed, a.Heartbeat = true, false
	a.Commands = append(a.Commands, &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_FailWorkflowExecutionCommandAttributes{
			FailWorkflowExecutionCommandAttributes: &commandpb.FailWorkflowExecutionCommandAttributes{
				Failure: failure,
			},
		},
	})
	w.kept = err
	return a, true
}

// slowTask is how long a task may take before people should know.
const slowTask = 5 * time.Second

// slow logs tasks that take long: their server may have given up waiting.
func (w *work) slow(ctx context.Context, t *polled, took time.Duration) {
	level, limit := slog.LevelInfo, slowTask
	switch {
	case took <= slowTask:
		return
	case took > 2*slowTask:
		level, limit = slog.LevelWarn, 2*slowTask
	}
	text := fmt.Sprintf("[TMPRL1104] %s:%d:%d Workflow task duration exceeded %d seconds.",
		t.GetWorkflowExecution().GetRunId(), t.GetStartedEventId()+1, t.GetAttempt(), limit/time.Second)
	w.Logger.Log(ctx, level, text, //nolint:sloglint // people and tools look for it in this form
		slog.String("WorkflowType", t.GetWorkflowType().GetName()),
		slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
		slog.String("RunID", t.GetWorkflowExecution().GetRunId()),
		slog.Int("Attempt", int(t.GetAttempt())),
		slog.Duration("WorkflowTaskDuration", took))
}
