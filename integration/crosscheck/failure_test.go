package crosscheck_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
)

// stock is an error type of a user.
type stock struct{ left int }

func (e *stock) Error() string { return fmt.Sprintf("only %d left", e.left) }

// value is an error type of a user that is no pointer.
type value struct{}

func (value) Error() string { return "a value" }

// pair is the same error, made by each side.
type pair struct{ ours, theirs error }

// both are errors that are neither ours nor the SDK's.
func both(err error) pair { return pair{err, err} }

func errorPairs() map[string]pair {
	cause := errors.New("cause")
	details := []any{"d", 1, nil}
	closed := enumspb.TIMEOUT_TYPE_START_TO_CLOSE
	return map[string]pair{
		"plain":              both(cause),
		"wrapped":            both(fmt.Errorf("outer: %w", cause)),
		"wrapped twice":      both(fmt.Errorf("a: %w", fmt.Errorf("b: %w", cause))),
		"joined":             both(errors.Join(cause, &stock{1})),
		"two wrapped":        both(fmt.Errorf("%w and %w", cause, &stock{1})),
		"a type of the user": both(&stock{left: 3}),
		"a value type":       both(value{}),
		"of the library":     both(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}),
		"context canceled":   both(context.Canceled),
		"deadline":           both(context.DeadlineExceeded),
		"application": {
			temporal.NewApplicationError("msg", "Type", details...),
			sdktemporal.NewApplicationError("msg", "Type", details...),
		},
		"application without type": {
			temporal.NewApplicationError("msg", ""), sdktemporal.NewApplicationError("msg", ""),
		},
		"application without message": {
			temporal.NewApplicationError("", "Type"), sdktemporal.NewApplicationError("", "Type"),
		},
		"application with a cause": {
			temporal.NewApplicationErrorWithCause("msg", "Type", cause, details...),
			sdktemporal.NewApplicationErrorWithCause("msg", "Type", cause, details...),
		},
		"non-retryable": {
			temporal.NewNonRetryableApplicationError("msg", "Type", &stock{2}, details...),
			sdktemporal.NewNonRetryableApplicationError("msg", "Type", &stock{2}, details...),
		},
		"all options": {
			temporal.NewApplicationErrorWithOptions("msg", "Type", temporal.ApplicationErrorOptions{
				NonRetryable: true, Cause: cause, Details: details, NextRetryDelay: time.Minute,
				Category: temporal.ApplicationErrorCategoryBenign,
			}),
			sdktemporal.NewApplicationErrorWithOptions("msg", "Type", sdktemporal.ApplicationErrorOptions{
				NonRetryable: true, Cause: cause, Details: details, NextRetryDelay: time.Minute,
				Category: sdktemporal.ApplicationErrorCategoryBenign,
			}),
		},
		"application, wrapped": {
			fmt.Errorf("outer: %w", temporal.NewApplicationError("msg", "Type", details...)),
			fmt.Errorf("outer: %w", sdktemporal.NewApplicationError("msg", "Type", details...)),
		},
		"canceled": {
			temporal.NewCanceledError(details...), sdktemporal.NewCanceledError(details...),
		},
		"canceled, wrapped": {
			fmt.Errorf("outer: %w", temporal.NewCanceledError()),
			fmt.Errorf("outer: %w", sdktemporal.NewCanceledError()),
		},
		"timeout": {
			temporal.NewTimeoutError(closed, nil), sdktemporal.NewTimeoutError(closed, nil),
		},
		"timeout with a cause": {
			temporal.NewTimeoutError(closed, cause, details...),
			sdktemporal.NewTimeoutError(closed, cause, details...),
		},
		"heartbeat timeout": {
			temporal.NewHeartbeatTimeoutError(details...),
			sdktemporal.NewHeartbeatTimeoutError(details...),
		},
		"payload validation": {
			temporal.NewPayloadValidationError("d"), sdktemporal.NewPayloadValidationError("d"),
		},
		"terminated":       {&temporal.TerminatedError{}, &sdktemporal.TerminatedError{}},
		"already started":  {&temporal.ChildWorkflowExecutionAlreadyStartedError{}, &sdktemporal.ChildWorkflowExecutionAlreadyStartedError{}},
		"unknown external": {&temporal.UnknownExternalWorkflowExecutionError{}, &sdktemporal.UnknownExternalWorkflowExecutionError{}},
		"bad override":     {&temporal.InvalidVersioningOverrideError{}, &sdktemporal.InvalidVersioningOverrideError{}},
		"no namespace":     {&temporal.NamespaceNotFoundError{}, &sdktemporal.NamespaceNotFoundError{}},
	}
}

func TestFailuresAreEqualButForTheirSource(t *testing.T) {
	t.Parallel()
	for name, errs := range errorPairs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if g, w := errs.ours.Error(), errs.theirs.Error(); g != w {
				t.Errorf("the message is\n\t%s\nwant that of the SDK:\n\t%s", g, w)
			}
			got := temporal.GetDefaultFailureConverter().ErrorToFailure(errs.ours)
			want := sdktemporal.GetDefaultFailureConverter().ErrorToFailure(errs.theirs)
			wantSameFailure(t, got, want)
			wantSameErrors(t, want)
		})
	}
}

func TestFailuresWithEncodedAttributesAreEqual(t *testing.T) {
	t.Parallel()
	ours := temporal.NewDefaultFailureConverter(
		temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true})
	theirs := sdktemporal.NewDefaultFailureConverter(
		sdktemporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true})
	for name, errs := range errorPairs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := ours.ErrorToFailure(errs.ours), theirs.ErrorToFailure(errs.theirs)
			wantSameFailure(t, got, want)
			g, w := ours.FailureToError(want), theirs.FailureToError(got)
			if g.Error() != w.Error() {
				t.Errorf("decoded message\n\t%s\nwant that of the SDK:\n\t%s", g, w)
			}
		})
	}
}

// wantSameFailure compares all but who wrote it.
func wantSameFailure(t *testing.T, got, want *failurepb.Failure) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform(),
		protocmp.IgnoreFields(&failurepb.Failure{}, "source")); diff != "" {
		t.Errorf("failure (-SDK +ours):\n%s", diff)
	}
}

// wantSameErrors decodes the failure with both and compares what a user sees: the
// messages and types down the chain of causes, and that a decoded error encodes
// to what it was made from.
func wantSameErrors(t *testing.T, failure *failurepb.Failure) {
	t.Helper()
	before := proto.Clone(failure)
	got := temporal.GetDefaultFailureConverter().FailureToError(failure)
	want := sdktemporal.GetDefaultFailureConverter().FailureToError(failure)
	if diff := cmp.Diff(chain(want), chain(got)); diff != "" {
		t.Errorf("errors (-SDK +ours):\n%s", diff)
	}
	if g, w := told(got), sdkTold(want); g != w {
		t.Errorf("told to be %s, by the SDK %s", g, w)
	}
	again := temporal.GetDefaultFailureConverter().ErrorToFailure(got)
	if diff := cmp.Diff(before, again, protocmp.Transform()); diff != "" {
		t.Errorf("encoded again (-before +after):\n%s", diff)
	}
}

// told is what the predicates say of an error, and what its details are read as.
func told(err error) string {
	said := fmt.Sprint(temporal.IsApplicationError(err), temporal.IsCanceledError(err),
		temporal.IsPanicError(err), temporal.IsTerminatedError(err), temporal.IsTimeoutError(err),
		temporal.IsWorkflowExecutionAlreadyStartedError(err))
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		var s string
		var n, more int
		said += fmt.Sprintln(app.Message(), app.Type(), app.NonRetryable(), app.NextRetryDelay(),
			int(app.Category()), app.HasDetails(), app.Details(&s, &n, &more), s, n, more)
	}
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		var s string
		said += fmt.Sprintln(timeout.Message(), timeout.TimeoutType(), timeout.HasLastHeartbeatDetails(),
			timeout.LastHeartbeatDetails(&s), s)
	}
	if canceled, ok := errors.AsType[*temporal.CanceledError](err); ok {
		var s string
		said += fmt.Sprintln(canceled.HasDetails(), canceled.Details(&s), s)
	}
	return said
}

// sdkTold is told by the SDK.
func sdkTold(err error) string {
	said := fmt.Sprint(sdktemporal.IsApplicationError(err), sdktemporal.IsCanceledError(err),
		sdktemporal.IsPanicError(err), sdktemporal.IsTerminatedError(err), sdktemporal.IsTimeoutError(err),
		sdktemporal.IsWorkflowExecutionAlreadyStartedError(err))
	if app, ok := errors.AsType[*sdktemporal.ApplicationError](err); ok {
		var s string
		var n, more int
		said += fmt.Sprintln(app.Message(), app.Type(), app.NonRetryable(), app.NextRetryDelay(),
			int(app.Category()), app.HasDetails(), app.Details(&s, &n, &more), s, n, more)
	}
	if timeout, ok := errors.AsType[*sdktemporal.TimeoutError](err); ok {
		var s string
		said += fmt.Sprintln(timeout.Message(), timeout.TimeoutType(), timeout.HasLastHeartbeatDetails(),
			timeout.LastHeartbeatDetails(&s), s)
	}
	if canceled, ok := errors.AsType[*sdktemporal.CanceledError](err); ok {
		var s string
		said += fmt.Sprintln(canceled.HasDetails(), canceled.Details(&s), s)
	}
	return said
}

// chain is each error's type, without its package, and message, outermost first.
func chain(err error) []string {
	var links []string
	for ; err != nil; err = errors.Unwrap(err) {
		name := fmt.Sprintf("%T", err)
		links = append(links, name[strings.LastIndex(name, ".")+1:]+": "+err.Error())
	}
	return links
}

// failures are what the server and workers in other languages write.
func failures(t *testing.T) map[string]*failurepb.Failure {
	t.Helper()
	details, err := converter.GetDefaultDataConverter().ToPayloads("d", 1)
	if err != nil {
		t.Fatal(err)
	}
	cause := &failurepb.Failure{
		Message: "cause", Source: "JavaSDK", StackTrace: "at Main.java:1",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
				Type: "java.lang.Error", Details: details, NonRetryable: true,
				NextRetryDelay: durationpb.New(time.Second),
			},
		},
	}
	retry := enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
	all := map[string]*failurepb.Failure{
		"nothing":     {},
		"no info":     {Message: "bare", Cause: cause},
		"application": cause,
		"activity": {
			Message: "activity error", Source: "Server", Cause: cause,
			FailureInfo: &failurepb.Failure_ActivityFailureInfo{
				ActivityFailureInfo: &failurepb.ActivityFailureInfo{
					ScheduledEventId: 5, StartedEventId: 6, Identity: "w@host",
					ActivityType: &commonpb.ActivityType{Name: "Charge"}, ActivityId: "5", RetryState: retry,
				},
			},
		},
		"child workflow": {
			Message: "child", Source: "Server", Cause: cause,
			FailureInfo: &failurepb.Failure_ChildWorkflowExecutionFailureInfo{
				ChildWorkflowExecutionFailureInfo: &failurepb.ChildWorkflowExecutionFailureInfo{
					Namespace: "ns", WorkflowType: &commonpb.WorkflowType{Name: "T"},
					WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "r"},
					InitiatedEventId:  7, StartedEventId: 8, RetryState: retry,
				},
			},
		},
		"server": {
			Message: "broken", FailureInfo: &failurepb.Failure_ServerFailureInfo{
				ServerFailureInfo: &failurepb.ServerFailureInfo{NonRetryable: true},
			},
		},
		"terminated": {
			Message: "by hand", FailureInfo: &failurepb.Failure_TerminatedFailureInfo{
				TerminatedFailureInfo: &failurepb.TerminatedFailureInfo{},
			},
		},
		"canceled": {
			Message: "stop", FailureInfo: &failurepb.Failure_CanceledFailureInfo{
				CanceledFailureInfo: &failurepb.CanceledFailureInfo{Details: details},
			},
		},
		"reset": {
			Message: "reset", FailureInfo: &failurepb.Failure_ResetWorkflowFailureInfo{
				ResetWorkflowFailureInfo: &failurepb.ResetWorkflowFailureInfo{LastHeartbeatDetails: details},
			},
		},
		"panic": {
			Message: "boom", StackTrace: "goroutine 1", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
				ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "PanicError"},
			},
		},
		"nexus operation": {
			Message: "nexus", Cause: cause,
			FailureInfo: &failurepb.Failure_NexusOperationExecutionFailureInfo{
				NexusOperationExecutionFailureInfo: &failurepb.NexusOperationFailureInfo{
					ScheduledEventId: 3, Endpoint: "e", Service: "s", Operation: "o", OperationToken: "t",
				},
			},
		},
	}
	for i, name := range enumspb.TimeoutType_name {
		all["timeout "+name] = &failurepb.Failure{
			Message: "timeout", Cause: cause, FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
				TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
					TimeoutType: enumspb.TimeoutType(i), LastHeartbeatDetails: details,
				},
			},
		}
	}
	return all
}

func TestForeignFailuresAreReadTheSame(t *testing.T) {
	t.Parallel()
	for name, failure := range failures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSameErrors(t, failure)
			if name == "nothing" {
				return
			}
			wantSameErrors(t, &failurepb.Failure{
				Message: "outer", Cause: failure,
				FailureInfo: &failurepb.Failure_ActivityFailureInfo{
					ActivityFailureInfo: &failurepb.ActivityFailureInfo{
						ActivityType: &commonpb.ActivityType{Name: "A"}, ActivityId: "1",
					},
				},
			})
		})
	}
}
