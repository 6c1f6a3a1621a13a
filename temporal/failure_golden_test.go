package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

var errRoot = errors.New("root")

type pointerError struct{ n int }

func (e *pointerError) Error() string { return fmt.Sprint("pointer ", e.n) }

type valueError int

func (e valueError) Error() string { return fmt.Sprint("value ", int(e)) }

type genericError[T any] struct{ value T }

func (e genericError[T]) Error() string { return fmt.Sprint("generic ", e.value) }

type embeddingError struct{ error }

// root is the failure of errRoot.
const root = `{"message":"root","source":"MainspringGo","applicationFailureInfo":{}}`

// encoding is one error with what it says and what it becomes.
type encoding struct {
	err  error
	text string
	// json is the failure without its source.
	json string
}

func activityAttributes() temporal.ActivityErrorAttributes {
	return temporal.ActivityErrorAttributes{
		ScheduledEventID: 5, StartedEventID: 6, Identity: "me", ActivityType: "Charge",
		ActivityID: "a-1", RetryState: enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED,
	}
}

func childAttributes() temporal.ChildWorkflowExecutionErrorAttributes {
	return temporal.ChildWorkflowExecutionErrorAttributes{
		Namespace: "ns", WorkflowID: "wf", RunID: "run", WorkflowType: "Order",
		InitiatedEventID: 7, StartedEventID: 8, RetryState: enumspb.RETRY_STATE_TIMEOUT,
	}
}

// applicationEncodings are the errors that become application failures.
func applicationEncodings() map[string]encoding {
	return map[string]encoding{
		"errors.New": {errRoot, "root", `"message":"root","applicationFailureInfo":{}`},
		"wrapped": {
			fmt.Errorf("ctx: %w", errRoot), "ctx: root",
			`"message":"ctx: root","cause":` + root + `,"applicationFailureInfo":{"type":"wrapError"}`,
		},
		"wrapped twice": {
			fmt.Errorf("%w %w", errRoot, io.EOF), "root EOF",
			`"message":"root EOF","applicationFailureInfo":{"type":"wrapErrors"}`,
		},
		"joined": {
			errors.Join(errRoot, io.EOF), "root\nEOF",
			`"message":"root\nEOF","applicationFailureInfo":{"type":"joinError"}`,
		},
		"pointer type":   {&pointerError{1}, "pointer 1", `"message":"pointer 1","applicationFailureInfo":{"type":"pointerError"}`},
		"value type":     {valueError(2), "value 2", `"message":"value 2","applicationFailureInfo":{"type":"valueError"}`},
		"generic type":   {genericError[int]{3}, "generic 3", `"message":"generic 3","applicationFailureInfo":{"type":"genericError[int]"}`},
		"embedding type": {embeddingError{errRoot}, "root", `"message":"root","applicationFailureInfo":{"type":"embeddingError"}`},
		"context canceled": {
			context.Canceled, "context canceled",
			`"message":"context canceled","applicationFailureInfo":{}`,
		},
		"deadline exceeded": {
			context.DeadlineExceeded, "context deadline exceeded",
			`"message":"context deadline exceeded","applicationFailureInfo":{"type":"deadlineExceededError"}`,
		},
		"application": {
			temporal.NewApplicationError("m", "T"), "m (type: T, retryable: true)",
			`"message":"m","applicationFailureInfo":{"type":"T"}`,
		},
		"application, empty": {
			temporal.NewApplicationError("", ""), "", `"applicationFailureInfo":{}`,
		},
		"application, no type": {
			temporal.NewApplicationErrorWithCause("m", "", errRoot), "m: root",
			`"message":"m","cause":` + root + `,"applicationFailureInfo":{}`,
		},
		"application, details": {
			temporal.NewApplicationError("m", "T", "a", 1), "m (type: T, retryable: true)",
			`"message":"m","applicationFailureInfo":{"type":"T","details":{"payloads":[
				{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImEi"},
				{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}}`,
		},
		"application, encoded details": {
			temporal.NewApplicationError("m", "T", encodedValues("a")), "m (type: T, retryable: true)",
			`"message":"m","applicationFailureInfo":{"type":"T","details":{"payloads":[
				{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImEi"}]}}`,
		},
		"application, unencodable details": {
			temporal.NewApplicationError("m", "T", func() {}), "m (type: T, retryable: true)",
			`"message":"m (details left out: values[0]: unable to encode: json: unsupported type: func())",
			 "applicationFailureInfo":{"type":"T"}`,
		},
		"application, final": {
			temporal.NewNonRetryableApplicationError("m", "T", errRoot), "m (type: T, retryable: false): root",
			`"message":"m","cause":` + root + `,"applicationFailureInfo":{"type":"T","nonRetryable":true}`,
		},
		"application, all options": {
			temporal.NewApplicationErrorWithOptions("m", "T", temporal.ApplicationErrorOptions{
				NonRetryable: true, Cause: errRoot, Details: []any{"a"}, NextRetryDelay: time.Second,
				Category: temporal.ApplicationErrorCategoryBenign,
			}), "m (type: T, retryable: false): root",
			`"message":"m","cause":` + root + `,"applicationFailureInfo":{"type":"T","nonRetryable":true,
			 "details":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImEi"}]},
			 "nextRetryDelay":"1s","category":"APPLICATION_ERROR_CATEGORY_BENIGN"}`,
		},
		"application, wrapped": {
			fmt.Errorf("o: %w", temporal.NewApplicationError("m", "T")), "o: m (type: T, retryable: true)",
			`"message":"o: m (type: T, retryable: true)",
			 "cause":{"message":"m","source":"MainspringGo","applicationFailureInfo":{"type":"T"}},
			 "applicationFailureInfo":{"type":"wrapError"}`,
		},
		"payload validation": {
			temporal.NewPayloadValidationError("d"), "Payload validation failed (type: PayloadValidationError, retryable: false)",
			`"message":"Payload validation failed","applicationFailureInfo":{"type":"PayloadValidationError",
			 "nonRetryable":true,"details":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImQi"}]}}`,
		},
		"payload validation, no details": {
			temporal.NewPayloadValidationError(nil), "Payload validation failed (type: PayloadValidationError, retryable: false)",
			`"message":"Payload validation failed","applicationFailureInfo":{"type":"PayloadValidationError","nonRetryable":true}`,
		},
		"panic": {
			temporal.NewPanicError("boom", "line 1"), "boom",
			`"message":"boom","stackTrace":"line 1","applicationFailureInfo":{"type":"PanicError"}`,
		},
		"panic with error": {
			temporal.NewPanicError(errRoot, ""), "root",
			`"message":"root","applicationFailureInfo":{"type":"PanicError"}`,
		},
		"workflow panic": {
			temporal.NewWorkflowPanicError("boom", "line 1"), "boom",
			`"message":"boom","stackTrace":"line 1","applicationFailureInfo":{"type":"PanicError","nonRetryable":true}`,
		},
		"zero panic":             {&temporal.PanicError{}, "<nil>", `"message":"<nil>","applicationFailureInfo":{"type":"PanicError"}`},
		"zero application":       {&temporal.ApplicationError{}, "", `"applicationFailureInfo":{}`},
		"namespace not found":    {&temporal.NamespaceNotFoundError{}, "namespace not found", `"message":"namespace not found","applicationFailureInfo":{"type":"NamespaceNotFoundError"}`},
		"unknown external":       {&temporal.UnknownExternalWorkflowExecutionError{}, "unknown external workflow execution", `"message":"unknown external workflow execution","applicationFailureInfo":{"type":"UnknownExternalWorkflowExecutionError"}`},
		"child already started":  {&temporal.ChildWorkflowExecutionAlreadyStartedError{}, "child workflow execution already started", `"message":"child workflow execution already started","applicationFailureInfo":{"type":"ChildWorkflowExecutionAlreadyStartedError"}`},
		"versioning override":    {&temporal.InvalidVersioningOverrideError{}, "invalid versioning override", `"message":"invalid versioning override","applicationFailureInfo":{"type":"InvalidVersioningOverrideError"}`},
		"workflow execution":     {temporal.NewWorkflowExecutionError("w", "r", "T", errRoot), "workflow execution error (type: T, workflowID: w, runID: r): root", `"message":"workflow execution error (type: T, workflowID: w, runID: r): root","cause":` + root + `,"applicationFailureInfo":{"type":"WorkflowExecutionError"}`},
		"workflow execution nil": {temporal.NewWorkflowExecutionError("w", "r", "T", nil), "workflow execution error (type: T, workflowID: w, runID: r)", `"message":"workflow execution error (type: T, workflowID: w, runID: r)","applicationFailureInfo":{"type":"WorkflowExecutionError"}`},
	}
}

// otherEncodings are the errors that become failures of other kinds.
func otherEncodings() map[string]encoding {
	return map[string]encoding{
		"canceled":      {temporal.NewCanceledError(), "canceled", `"message":"canceled","canceledFailureInfo":{}`},
		"canceled zero": {&temporal.CanceledError{}, "canceled", `"message":"canceled","canceledFailureInfo":{}`},
		"canceled, all options": {
			temporal.NewCanceledErrorWithOptions(temporal.CanceledErrorOptions{
				Message: "mm", Details: []any{"d"}, Cause: errRoot,
			}), "mm",
			`"message":"mm","cause":` + root + `,"canceledFailureInfo":{"details":{"payloads":[
				{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImQi"}]}}`,
		},
		"timeout": {
			temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, errRoot, "d"),
			"Test timeout (type: StartToClose): root",
			`"message":"Test timeout","cause":` + root + `,"timeoutFailureInfo":{
				"timeoutType":"TIMEOUT_TYPE_START_TO_CLOSE","lastHeartbeatDetails":{"payloads":[
				{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImQi"}]}}`,
		},
		"heartbeat timeout": {
			temporal.NewHeartbeatTimeoutError(), "heartbeat timeout (type: Heartbeat)",
			`"message":"heartbeat timeout","timeoutFailureInfo":{"timeoutType":"TIMEOUT_TYPE_HEARTBEAT"}`,
		},
		"timeout, options": {
			temporal.NewTimeoutErrorWithOptions(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE,
				temporal.TimeoutErrorOptions{Message: "deadline exceeded"}),
			"deadline exceeded (type: ScheduleToClose)",
			`"message":"deadline exceeded","timeoutFailureInfo":{"timeoutType":"TIMEOUT_TYPE_SCHEDULE_TO_CLOSE"}`,
		},
		"terminated": {&temporal.TerminatedError{}, "terminated", `"message":"terminated","terminatedFailureInfo":{}`},
		"server": {
			temporal.NewServerError("s", true, errRoot), "s: root",
			`"message":"s","cause":` + root + `,"serverFailureInfo":{"nonRetryable":true}`,
		},
		"activity": {
			temporal.NewActivityError(activityAttributes(), errRoot),
			"activity error (type: Charge, scheduledEventID: 5, startedEventID: 6, identity: me): root",
			`"message":"activity error","cause":` + root + `,"activityFailureInfo":{"scheduledEventId":"5",
			 "startedEventId":"6","identity":"me","activityType":{"name":"Charge"},"activityId":"a-1",
			 "retryState":"RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED"}`,
		},
		"child workflow": {
			temporal.NewChildWorkflowExecutionError(childAttributes(), errRoot),
			"child workflow execution error (type: Order, workflowID: wf, runID: run, " +
				"initiatedEventID: 7, startedEventID: 8): root",
			`"message":"child workflow execution error","cause":` + root + `,
			 "childWorkflowExecutionFailureInfo":{"namespace":"ns","workflowExecution":{"workflowId":"wf",
			 "runId":"run"},"workflowType":{"name":"Order"},"initiatedEventId":"7","startedEventId":"8",
			 "retryState":"RETRY_STATE_TIMEOUT"}`,
		},
		"nexus operation": {
			&temporal.NexusOperationError{
				Message: "m", ScheduledEventID: 4, Endpoint: "e", Service: "s", Operation: "o",
				OperationToken: "t", Cause: errRoot,
			},
			`m (endpoint: "e", service: "s", operation: "o", operation token: "t", scheduledEventID: 4): root`,
			`"message":"m","cause":` + root + `,"nexusOperationExecutionFailureInfo":{"scheduledEventId":"4",
			 "endpoint":"e","service":"s","operation":"o","operationId":"t","operationToken":"t"}`,
		},
		"nexus handler": {
			&temporal.NexusHandlerError{
				Type: "NOT_FOUND", Message: "m", StackTrace: "line 1", Cause: errRoot,
				RetryBehavior: enumspb.NEXUS_HANDLER_ERROR_RETRY_BEHAVIOR_NON_RETRYABLE,
			},
			"handler error (NOT_FOUND): m",
			`"message":"m","stackTrace":"line 1","cause":` + root + `,"nexusHandlerFailureInfo":{
			 "type":"NOT_FOUND","retryBehavior":"NEXUS_HANDLER_ERROR_RETRY_BEHAVIOR_NON_RETRYABLE"}`,
		},
	}
}

func TestErrorsBecomeFailures(t *testing.T) {
	t.Parallel()
	for group, tests := range map[string]map[string]encoding{
		"application": applicationEncodings(), "other": otherEncodings(),
	} {
		for name, test := range tests {
			t.Run(group+"/"+name, func(t *testing.T) {
				t.Parallel()
				if got := test.err.Error(); got != test.text {
					t.Errorf("text %q, want %q", got, test.text)
				}
				want := failureOf(t, `{"source":"MainspringGo",`+test.json+`}`)
				got := temporal.GetDefaultFailureConverter().ErrorToFailure(test.err)
				if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
					t.Errorf("failure (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func failureOf(t *testing.T, json string) *failurepb.Failure {
	t.Helper()
	failure := &failurepb.Failure{}
	if err := protojson.Unmarshal([]byte(json), failure); err != nil {
		t.Fatalf("test case: %v", err)
	}
	return failure
}

// encodedValues returns values as they come out of a failure.
func encodedValues(values ...any) converter.EncodedValues {
	dc := converter.GetDefaultDataConverter()
	payloads, err := dc.ToPayloads(values...)
	if err != nil {
		return nil
	}
	return converter.NewEncodedValues(payloads, dc)
}
