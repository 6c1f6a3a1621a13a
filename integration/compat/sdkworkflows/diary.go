// Code generated from ../workflows/diary.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// A diary is what a workflow has seen, line by line.
type diary struct{ lines []string }

// open begins the diary of a workflow and lets it be queried.
func open(ctx workflow.Context) (*diary, error) {
	d := &diary{lines: []string{}}
	err := workflow.SetQueryHandler(ctx, "diary", func() ([]string, error) { return d.lines, nil })
	return d, err
}

func (d *diary) note(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// failure notes all there is to know of an error.
func (d *diary) failure(what string, err error) {
	d.note("%s: %v", what, err)
	for ; err != nil; err = errors.Unwrap(err) {
		d.note("  %s", kind(err))
	}
}

// kind is what kind of error it is, with what that kind can tell.
func kind(err error) string {
	switch e := err.(type) { //nolint:errorlint // the caller walks the chain
	case *temporal.ApplicationError:
		return fmt.Sprintf("application %q %s retryable=%t category=%d delay=%v details=%s",
			e.Message(), e.Type(), !e.NonRetryable(), e.Category(), e.NextRetryDelay(), details(e))
	case *temporal.ActivityError:
		return fmt.Sprintf("activity %s %s %v scheduled=%d by=%s",
			e.ActivityID(), e.ActivityType().GetName(), e.RetryState(), e.ScheduledEventID(), e.Identity())
	case *temporal.ChildWorkflowExecutionError:
		return fmt.Sprintf("child %s %v initiated=%d started=%d, of %s, with a run: %t", e.WorkflowType(), e.RetryState(),
			e.InitiatedEventID(), e.StartedEventID(), e.Namespace(), e.RunID() != "")
	case *temporal.TimeoutError:
		return fmt.Sprintf("timeout %q %v heartbeat=%s", e.Message(), e.TimeoutType(), heartbeat(e))
	case *temporal.CanceledError:
		return "canceled " + details(e)
	case *temporal.PanicError:
		return fmt.Sprintf("panic %s, with a stack: %t", e.Error(), e.StackTrace() != "")
	case *temporal.ServerError:
		return "server " + e.Error()
	default:
		return "other " + err.Error()
	}
}

// detailed is an error that carries values.
type detailed interface {
	HasDetails() bool
	Details(into ...any) error
}

func details(e detailed) string {
	if !e.HasDetails() {
		return "none"
	}
	var v any
	if err := e.Details(&v); err != nil {
		return "unreadable"
	}
	return fmt.Sprint(v)
}

// heartbeat is what a timeout remembers of the last one.
func heartbeat(e *temporal.TimeoutError) string {
	if e.TimeoutType() != enumspb.TIMEOUT_TYPE_HEARTBEAT || !e.HasLastHeartbeatDetails() {
		return "none"
	}
	var v any
	if err := e.LastHeartbeatDetails(&v); err != nil {
		return "unreadable"
	}
	return fmt.Sprint(v)
}

// wait blocks until the case that runs the workflow says that it may go on.
func wait(ctx workflow.Context) { workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil) }
