package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// detailed returns every error that carries details, with d as its details.
func detailed(d ...any) map[string]func(...any) error {
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	var timeout *temporal.TimeoutError
	errors.As(temporal.NewApplicationError("m", "T", d...), &app)
	errors.As(temporal.NewCanceledError(d...), &canceled)
	errors.As(temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil, d...), &timeout)
	return map[string]func(...any) error{
		"application": app.Details, "canceled": canceled.Details,
		"timeout": timeout.LastHeartbeatDetails,
	}
}

func TestDetailsOfThisProcess(t *testing.T) {
	t.Parallel()
	for name, details := range detailed("a", 1) {
		text, number := "", 0
		var anything any
		if err := details(&text, &number); err != nil || text != "a" || number != 1 {
			t.Errorf("%s: %q, %d, %v", name, text, number, err)
		}
		if err := details(&anything); err != nil || anything != "a" {
			t.Errorf("%s: into any: %v, %v", name, anything, err)
		}
		if err := details(); err != nil {
			t.Errorf("%s: none asked for: %v", name, err)
		}
		tests := map[string]struct {
			err  error
			want error
		}{
			"too many":    {details(&text, &number, &anything), temporal.ErrTooManyArgs},
			"wrong type":  {details(&number), converter.ErrUnableToSetValue},
			"no pointer":  {details(text), converter.ErrValuePtrIsNotPointer},
			"nil":         {details(nil), converter.ErrValuePtrIsNotPointer},
			"nil pointer": {details((*string)(nil)), converter.ErrValuePtrIsNotPointer},
		}
		for what, test := range tests {
			if !errors.Is(test.err, test.want) {
				t.Errorf("%s: %s: %v, want %v", name, what, test.err, test.want)
			}
		}
	}
	for name, details := range detailed() {
		if err := details(new(string)); !errors.Is(err, temporal.ErrNoData) {
			t.Errorf("%s: %v, want ErrNoData", name, err)
		}
	}
	for name, details := range detailed(nil, 2) {
		text := "old"
		if err := details(&text); err != nil || text != "" {
			t.Errorf("%s: nil detail gave %q, %v; want the zero value", name, text, err)
		}
	}
	for name, details := range detailed(encodedValues("a", 1)) {
		text, number := "", 0
		if err := details(&text, &number); err != nil || text != "a" || number != 1 {
			t.Errorf("%s, encoded: %q, %d, %v", name, text, number, err)
		}
	}
}

func TestDecodedErrorWithoutDetails(t *testing.T) {
	t.Parallel()
	fc := temporal.GetDefaultFailureConverter()
	var app *temporal.ApplicationError
	if !errors.As(fc.FailureToError(fc.ErrorToFailure(errRoot)), &app) {
		t.Fatal("no application error")
	}
	if err := app.Details(new(string)); app.HasDetails() || !errors.Is(err, temporal.ErrNoData) {
		t.Errorf("has details %v, error %v", app.HasDetails(), err)
	}
}

// WorkflowExecutionAlreadyStarted has the name of the client's error, in another package.
//
//nolint:errname // see above
type WorkflowExecutionAlreadyStarted struct{ error }

func TestPredicatesLookThroughTheChain(t *testing.T) {
	t.Parallel()
	predicates := map[string]func(error) bool{
		"application": temporal.IsApplicationError,
		"canceled":    temporal.IsCanceledError,
		"panic":       temporal.IsPanicError,
		"terminated":  temporal.IsTerminatedError,
		"timeout":     temporal.IsTimeoutError,
		"started":     temporal.IsWorkflowExecutionAlreadyStartedError,
	}
	matching := map[string]error{
		"application": temporal.NewApplicationError("m", "T"),
		"canceled":    temporal.NewCanceledError(),
		"panic":       temporal.NewPanicError("boom", ""),
		"terminated":  &temporal.TerminatedError{},
		"timeout":     temporal.NewHeartbeatTimeoutError(),
		"started":     &temporal.ChildWorkflowExecutionAlreadyStartedError{},
	}
	for name, is := range predicates {
		for kind, err := range matching {
			for _, wrapped := range []error{
				err, fmt.Errorf("x: %w", err), errors.Join(errRoot, err),
				temporal.NewActivityError(activityAttributes(), err),
				temporal.NewWorkflowExecutionError("w", "r", "T", err),
			} {
				if got := is(wrapped); got != (name == kind) {
					t.Errorf("%s(%v) = %v", name, wrapped, got)
				}
			}
		}
		for _, other := range []error{
			nil, errRoot, context.Canceled, &WorkflowExecutionAlreadyStarted{errRoot},
			errors.Join(errRoot), fmt.Errorf("x: %w", errRoot),
		} {
			if is(other) {
				t.Errorf("%s(%v) = true", name, other)
			}
		}
	}
}

func TestErrorTypeIsWhatRetryPoliciesMatch(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"T":             temporal.NewApplicationError("m", "T"),
		"wrapError":     fmt.Errorf("x: %w", temporal.NewApplicationError("m", "T")),
		"pointerError":  &pointerError{},
		"valueError":    valueError(1),
		"CanceledError": temporal.NewCanceledError(),
		"PanicError":    temporal.NewPanicError("boom", ""),
	} {
		if got := temporal.ErrorType(err); got != want {
			t.Errorf("type of %T is %q, want %q", err, got, want)
		}
	}
	if got := temporal.ErrorType(errRoot) + temporal.ErrorType(nil); got != "" {
		t.Errorf("type of errors.New and nil is %q, want none", got)
	}
}
