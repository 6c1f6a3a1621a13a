package temporal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// foreign are failures as another SDK writes them, with the text of the error they become.
func foreign() map[string]struct{ json, text string } {
	const app = `{"message":"am","source":"JavaSDK","stackTrace":"st","applicationFailureInfo":{
		"type":"T","nonRetryable":true}}`
	const appText = "am (type: T, retryable: false)"
	return map[string]struct{ json, text string }{
		"application": {`"message":"m","applicationFailureInfo":{"type":"X","nextRetryDelay":"3s",
			"category":"APPLICATION_ERROR_CATEGORY_BENIGN"},"cause":` + app, "m (type: X, retryable: true): " + appText},
		"panic": {`"message":"boom","applicationFailureInfo":{"type":"PanicError","nonRetryable":true},
			"cause":` + app, "boom"},
		"canceled":         {`"message":"cm","canceledFailureInfo":{},"cause":` + app, "cm"},
		"canceled, silent": {`"canceledFailureInfo":{},"cause":` + app, "canceled"},
		"timeout": {`"message":"tm","timeoutFailureInfo":{"timeoutType":"TIMEOUT_TYPE_HEARTBEAT"},
			"cause":` + app, "tm (type: Heartbeat): " + appText},
		"timeout, silent": {`"timeoutFailureInfo":{"timeoutType":"TIMEOUT_TYPE_HEARTBEAT"}`, " (type: Heartbeat)"},
		"terminated":      {`"message":"trm","terminatedFailureInfo":{},"cause":` + app, "terminated"},
		"server":          {`"message":"sm","serverFailureInfo":{"nonRetryable":true},"cause":` + app, "sm: " + appText},
		"reset":           {`"message":"rm","resetWorkflowFailureInfo":{},"cause":` + app, "rm: " + appText},
		"activity": {
			`"message":"x","activityFailureInfo":{"scheduledEventId":"1","startedEventId":"2",
			"identity":"id","activityType":{"name":"at"},"activityId":"aid"},"cause":` + app,
			"activity error (type: at, scheduledEventID: 1, startedEventID: 2, identity: id): " + appText,
		},
		"activity, empty": {
			`"activityFailureInfo":{}`,
			"activity error (type: , scheduledEventID: 0, startedEventID: 0, identity: )",
		},
		"child": {
			`"message":"x","childWorkflowExecutionFailureInfo":{"namespace":"n","workflowExecution":
			{"workflowId":"w","runId":"r"},"workflowType":{"name":"wt"},"initiatedEventId":"3",
			"startedEventId":"4"},"cause":` + app,
			"child workflow execution error (type: wt, workflowID: w, runID: r, initiatedEventID: 3, " +
				"startedEventID: 4): " + appText,
		},
		"child, empty": {
			`"childWorkflowExecutionFailureInfo":{}`,
			"child workflow execution error (type: , workflowID: , runID: , initiatedEventID: 0, " +
				"startedEventID: 0)",
		},
		"nexus operation": {
			`"message":"nx","nexusOperationExecutionFailureInfo":{"scheduledEventId":"1",
			"endpoint":"e","service":"s","operation":"o","operationToken":"tok"},"cause":` + app,
			`nx (endpoint: "e", service: "s", operation: "o", operation token: "tok", ` +
				`scheduledEventID: 1): ` + appText,
		},
		"nexus operation, old token": {
			`"message":"nx","nexusOperationExecutionFailureInfo":{"operationId":"tok"}`,
			`nx (endpoint: "", service: "", operation: "", operation token: "tok", scheduledEventID: 0)`,
		},
		"nexus handler":         {`"message":"nh","nexusHandlerFailureInfo":{"type":"NOT_FOUND"},"cause":` + app, "handler error (NOT_FOUND): nh"},
		"nexus handler, silent": {`"message":"handler error (NOT_FOUND): x","nexusHandlerFailureInfo":{"type":"NOT_FOUND"}`, "handler error (NOT_FOUND)"},
		"no kind":               {`"message":"um","cause":` + app, "um: " + appText},
		"empty":                 {``, ""},
	}
}

func TestFailuresBecomeErrorsAndTheVerySameFailures(t *testing.T) {
	t.Parallel()
	for name, test := range foreign() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original := failureOf(t, "{"+strings.Trim(`"source":"JavaSDK","stackTrace":"st",`+test.json, ",")+"}")
			before := proto.CloneOf(original)
			fc := temporal.GetDefaultFailureConverter()
			err := fc.FailureToError(original)
			if err.Error() != test.text {
				t.Errorf("text %q, want %q", err, test.text)
			}
			if diff := cmp.Diff(before, original, protocmp.Transform()); diff != "" {
				t.Errorf("decoding changed the failure:\n%s", diff)
			}
			again := fc.ErrorToFailure(err)
			if diff := cmp.Diff(before, again, protocmp.Transform()); diff != "" {
				t.Errorf("round trip (-want +got):\n%s", diff)
			}
			// What the caller does with its messages must not reach the error.
			proto.Reset(original)
			proto.Reset(again)
			if diff := cmp.Diff(before, fc.ErrorToFailure(err), protocmp.Transform()); diff != "" {
				t.Errorf("the error shares a message with its caller:\n%s", diff)
			}
		})
	}
}

// TestEveryKindSurvivesEncodeDecodeEncode starts from errors of this process.
func TestEveryKindSurvivesEncodeDecodeEncode(t *testing.T) {
	t.Parallel()
	for _, tests := range []map[string]encoding{applicationEncodings(), otherEncodings()} {
		for name, test := range tests {
			for _, hide := range []bool{false, true} {
				fc := temporal.NewDefaultFailureConverter(
					temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: hide})
				first := fc.ErrorToFailure(test.err)
				second := fc.ErrorToFailure(fc.FailureToError(first))
				if diff := cmp.Diff(first, second, protocmp.Transform()); diff != "" {
					t.Errorf("%s, hide %v (-first +second):\n%s", name, hide, diff)
				}
			}
		}
	}
}

// carried is an error of another package that knows the failure it was made from.
type carried struct{ failure *failurepb.Failure }

func (c carried) Error() string               { return "carried" }
func (c carried) Failure() *failurepb.Failure { return c.failure }

func TestErrorThatKnowsItsFailure(t *testing.T) {
	want := &failurepb.Failure{Message: "from elsewhere", Source: "there"}
	got := temporal.GetDefaultFailureConverter().ErrorToFailure(carried{want})
	if !proto.Equal(got, want) || got == want {
		t.Errorf("got %v, want a copy of %v", got, want)
	}
	if got := temporal.GetDefaultFailureConverter().ErrorToFailure(carried{}); got.GetMessage() != "carried" {
		t.Errorf("without a failure: %v", got)
	}
}

// Bytes that are no text cannot be sent, and a failure that is not sent is a task that times out.
func TestMessagesThatAreNoText(t *testing.T) {
	fc := temporal.GetDefaultFailureConverter()
	for _, err := range []error{errors.New("got \xff"), temporal.NewApplicationError("got \xff", "T", errors.New("\xfe"))} {
		f := fc.ErrorToFailure(err)
		if _, wrong := proto.Marshal(f); wrong != nil || f.GetMessage() != "got \uFFFD" {
			t.Errorf("message %q, error %v", f.GetMessage(), wrong)
		}
	}
}

func TestNilStaysNil(t *testing.T) {
	t.Parallel()
	var zero temporal.DefaultFailureConverter
	if f := zero.ErrorToFailure(nil); f != nil {
		t.Errorf("failure of nil: %v", f)
	}
	if err := zero.FailureToError(nil); err != nil {
		t.Errorf("error of nil: %v", err)
	}
	if f := zero.ErrorToFailure(errRoot); f.GetMessage() != "root" {
		t.Errorf("zero converter made %v", f)
	}
}

func TestDecodedErrorInsideAnother(t *testing.T) {
	t.Parallel()
	fc := temporal.GetDefaultFailureConverter()
	original := failureOf(t, `{"message":"am","source":"JavaSDK","stackTrace":"st",
		"applicationFailureInfo":{"type":"T"}}`)
	got := fc.ErrorToFailure(fmt.Errorf("x: %w", fc.FailureToError(original)))
	want := &failurepb.Failure{
		Message: "x: am (type: T, retryable: true)",
		Source:  temporal.FailureSource,
		Cause:   original,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "wrapError"},
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("failure (-want +got):\n%s", diff)
	}
}

func TestDecodedErrorsTellWhatTheFailureSaid(t *testing.T) {
	t.Parallel()
	fc := temporal.GetDefaultFailureConverter()
	source := temporal.NewActivityError(activityAttributes(),
		temporal.NewChildWorkflowExecutionError(childAttributes(),
			temporal.NewApplicationErrorWithOptions("m", "T", temporal.ApplicationErrorOptions{
				NonRetryable: true, Details: []any{"d", 4}, NextRetryDelay: time.Minute,
				Category: temporal.ApplicationErrorCategoryBenign,
				Cause:    temporal.NewHeartbeatTimeoutError("beat"),
			})))
	err := fc.FailureToError(fc.ErrorToFailure(source))

	var act *temporal.ActivityError
	var child *temporal.ChildWorkflowExecutionError
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	if !errors.As(err, &act) || !errors.As(err, &child) || !errors.As(err, &app) ||
		!errors.As(err, &timeout) {
		t.Fatalf("chain lost: %v", err)
	}
	got := []any{
		act.ScheduledEventID(), act.StartedEventID(), act.Identity(), act.ActivityType().GetName(),
		act.ActivityID(), act.RetryState(),
		child.Namespace(), child.WorkflowID(), child.RunID(), child.WorkflowType(),
		child.InitiatedEventID(), child.StartedEventID(), child.RetryState(),
		app.Message(), app.Type(), app.NonRetryable(), app.NextRetryDelay(), app.Category(),
		app.HasDetails(), timeout.Message(), timeout.TimeoutType(), timeout.HasLastHeartbeatDetails(),
	}
	want := []any{
		int64(5), int64(6), "me", "Charge", "a-1", enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED,
		"ns", "wf", "run", "Order", int64(7), int64(8), enumspb.RETRY_STATE_TIMEOUT,
		"m", "T", true, time.Minute, temporal.ApplicationErrorCategoryBenign,
		true, "heartbeat timeout", enumspb.TIMEOUT_TYPE_HEARTBEAT, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accessors (-want +got):\n%s", diff)
	}
	var text, beat string
	var number int
	if err := errors.Join(app.Details(&text, &number), timeout.LastHeartbeatDetails(&beat)); err != nil ||
		text != "d" || number != 4 || beat != "beat" {
		t.Errorf("details %q, %d, %q, %v", text, number, beat, err)
	}
	for name, failure := range map[string]*failurepb.Failure{
		"activity": act.Failure(), "child": child.Failure(), "application": app.Failure(),
		"timeout": timeout.Failure(),
	} {
		if failure == nil {
			t.Errorf("%s: no failure kept", name)
		}
	}
	if act := temporal.NewActivityError(activityAttributes(), nil); act.Failure() != nil {
		t.Error("an error of this process has no failure")
	}
}

func TestResetFailureCarriesHeartbeatDetails(t *testing.T) {
	t.Parallel()
	failure := failureOf(t, `{"message":"rm","resetWorkflowFailureInfo":{"lastHeartbeatDetails":
		{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImQi"}]}}}`)
	var app *temporal.ApplicationError
	if !errors.As(temporal.GetDefaultFailureConverter().FailureToError(failure), &app) {
		t.Fatal("no application error")
	}
	var detail string
	if err := app.Details(&detail); err != nil || detail != "d" || !app.NonRetryable() {
		t.Errorf("detail %q, error %v, non-retryable %v", detail, err, app.NonRetryable())
	}
}

func TestPanicErrorKeepsStackAndRetryability(t *testing.T) {
	t.Parallel()
	fc := temporal.GetDefaultFailureConverter()
	for _, source := range []*temporal.PanicError{
		temporal.NewPanicError("boom", "line 1"), temporal.NewWorkflowPanicError("boom", "line 1"),
	} {
		var got *temporal.PanicError
		if !errors.As(fc.FailureToError(fc.ErrorToFailure(source)), &got) {
			t.Fatal("no panic error")
		}
		if got.Error() != "boom" || got.StackTrace() != "line 1" ||
			got.NonRetryable() != source.NonRetryable() || got.Failure() == nil {
			t.Errorf("got %v, stack %q, non-retryable %v", got, got.StackTrace(), got.NonRetryable())
		}
	}
}

func TestEncodedAttributesHideMessagesAtEveryLevel(t *testing.T) {
	t.Parallel()
	fc := temporal.NewDefaultFailureConverter(
		temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true})
	source := temporal.NewApplicationErrorWithCause("secret one", "T",
		fmt.Errorf("secret two: %w", temporal.NewPanicError("secret three", "secret stack")))
	failure := fc.ErrorToFailure(source)
	for f := failure; f != nil; f = f.GetCause() {
		if f.GetMessage() != "Encoded failure" || f.GetStackTrace() != "" {
			t.Errorf("message %q, stack %q in the open", f.GetMessage(), f.GetStackTrace())
		}
	}
	if got, want := string(failure.GetEncodedAttributes().GetData()),
		`{"message":"secret one","stack_trace":""}`; got != want {
		t.Errorf("attributes %s, want %s", got, want)
	}
	err := fc.FailureToError(failure)
	const want = "secret one (type: T, retryable: true): secret two: secret three " +
		"(type: wrapError, retryable: true): secret three"
	if err.Error() != want {
		t.Errorf("text %q, want %q", err, want)
	}
	var panicked *temporal.PanicError
	if !errors.As(err, &panicked) || panicked.StackTrace() != "secret stack" {
		t.Errorf("stack lost: %v", panicked)
	}
}

// broken is a data converter that encodes nothing.
func broken() converter.DataConverter {
	return converter.NewCompositeDataConverter()
}

func TestHiddenMessagesStayHiddenWhenEncodingFails(t *testing.T) {
	t.Parallel()
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: broken(), EncodeCommonAttributes: true,
	})
	failure := fc.ErrorToFailure(temporal.NewPanicError("secret", "secret stack"))
	if text := failure.String(); strings.Contains(text, "secret") {
		t.Errorf("message in the open: %s", text)
	}
}

func TestFailureConverterUsesItsDataConverter(t *testing.T) {
	t.Parallel()
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(),
		converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	fc := temporal.NewDefaultFailureConverter(
		temporal.DefaultFailureConverterOptions{DataConverter: dc})
	failure := fc.ErrorToFailure(temporal.NewCanceledError("d"))
	p := failure.GetCanceledFailureInfo().GetDetails().GetPayloads()
	if len(p) != 1 || string(p[0].GetMetadata()["encoding"]) != "binary/zlib" {
		t.Fatalf("payloads %v, want one that went through the codec", p)
	}
	var canceled *temporal.CanceledError
	var detail string
	if err := fc.FailureToError(failure); !errors.As(err, &canceled) {
		t.Fatal(err)
	}
	if err := canceled.Details(&detail); err != nil || detail != "d" {
		t.Errorf("detail %q, %v", detail, err)
	}
}
