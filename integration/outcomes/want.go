package outcomes

import (
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// wanted is the failure that the server should have of an attempt. It is spelt out,
// not converted from the error: a converter that forgets something is found.
type wanted struct {
	failure *failurepb.Failure
	// begins: the message begins like that, and what is the cause does not matter.
	begins bool
	// stack: there is one.
	stack bool
}

// app is an application failure.
func app(message, typ string) *failurepb.Failure {
	return &failurepb.Failure{
		Message: message,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: typ},
		},
	}
}

// number is a payload of heartbeats and details.
func number(n int) *commonpb.Payloads {
	p, err := payloads(n)
	if err != nil {
		return nil // a number can be encoded
	}
	return p
}

// wantedOf is what an attempt of a kind fails with.
func wantedOf(kind Kind, key string, attempt int) wanted {
	says := text(kind, key, attempt)
	f := app(says, typeOf(kind))
	info := f.GetApplicationFailureInfo()
	switch kind {
	case Failure, Spoil, FailToken, FailID:
		info.Details, f.Cause = number(attempt), app("cause of "+says, "stray")
	case Wrapped:
		f = app(says+": inside of "+says+" (type: Inside, retryable: true)", "wrapError")
		f.Cause = app("inside of "+says, "Inside")
	case Plain:
		info.Type = ""
	case Benign:
		info.Details, info.Category = number(attempt), enumspb.APPLICATION_ERROR_CATEGORY_BENIGN
	case Delayed:
		info.Details, info.NextRetryDelay = number(attempt), durationpb.New(retryDelay)
	case Backoff:
		info.Details, info.NextRetryDelay = number(attempt), durationpb.New(backoffDelay)
	case Foreign:
		cause := timeout(enumspb.TIMEOUT_TYPE_HEARTBEAT)
		cause.Message = says
		f = app(says+" (type: Heartbeat)", "TimeoutError")
		f.Cause = cause
	case Unasked:
		f = app("unexpected activity cancel error: canceled", "wrapError")
		f.Cause = &failurepb.Failure{Message: "canceled", FailureInfo: &failurepb.Failure_CanceledFailureInfo{
			CanceledFailureInfo: &failurepb.CanceledFailureInfo{},
		}}
	case Panic:
		info.Type = "PanicError"
		return wanted{failure: f, stack: true}
	case Goexit:
		return wanted{failure: app("activity ended its goroutine with runtime.Goexit instead of returning", "")}
	case Oversized:
		f = app("activity result has ", "PayloadsTooLarge")
		f.GetApplicationFailureInfo().NonRetryable = true
		return wanted{failure: f, begins: true}
	case Unencodable:
		return wanted{failure: app("unable to encode the result of activity Act", "wrapError"), begins: true}
	case Unknown:
		return wanted{failure: app("unable to find activityType=Nobody", "ActivityNotRegisteredError"), begins: true}
	case Mistyped:
		return wanted{failure: app("unable to decode the activity function input payload", "wrapError"), begins: true}
	case Fatal:
		info.Details, info.Type, info.NonRetryable = number(attempt), "Fatal", true
		f.Cause = app("cause of "+says, "stray")
	case Forbidden:
		info.Type = forbiddenType
	case Overrun, Late:
		f = timeout(enumspb.TIMEOUT_TYPE_START_TO_CLOSE)
	case Silent, Revived:
		f = timeout(enumspb.TIMEOUT_TYPE_HEARTBEAT)
	default:
		return wanted{} // it does not fail
	}
	return wanted{failure: f}
}

func timeout(kind enumspb.TimeoutType) *failurepb.Failure {
	return &failurepb.Failure{
		Message: "activity " + kind.String() + " timeout",
		FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: kind},
		},
	}
}

// fits reports whether that is the failure.
func (w wanted) fits(got *failurepb.Failure) bool {
	if w.failure == nil {
		return got == nil
	}
	if w.stack {
		if got.GetServerFailureInfo() != nil && strings.HasPrefix(got.GetMessage(), "Failure exceeds size limit") {
			got = got.GetCause() // of a long stack the server keeps the beginning
		}
		if !strings.Contains(got.GetStackTrace(), "goroutine ") {
			return false
		}
	}
	got = bare(got)
	if w.begins {
		if !strings.HasPrefix(got.GetMessage(), w.failure.GetMessage()) {
			return false
		}
		got.Message, got.Cause = w.failure.GetMessage(), nil
	}
	return proto.Equal(w.failure, got)
}

// bare is a failure without what depends on where it happened.
func bare(f *failurepb.Failure) *failurepb.Failure {
	if f == nil {
		return nil
	}
	f = proto.CloneOf(f)
	f.Source, f.StackTrace, f.Cause = "", "", bare(f.GetCause())
	return f
}

// late reports whether the failure says that an attempt took too long.
func late(f *failurepb.Failure) bool {
	switch f.GetTimeoutFailureInfo().GetTimeoutType() {
	case enumspb.TIMEOUT_TYPE_START_TO_CLOSE, enumspb.TIMEOUT_TYPE_HEARTBEAT:
		return true
	default:
		return false
	}
}
