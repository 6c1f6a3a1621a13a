package outcomes

import (
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal"
)

// checkEnd compares the last event with what the last attempt was to do.
func (c *checker) checkEnd() {
	end := c.tale.ends[0]
	switch end.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		c.completed(end.GetActivityTaskCompletedEventAttributes())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		c.failed(end.GetActivityTaskFailedEventAttributes())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		c.timedOut(end.GetActivityTaskTimedOutEventAttributes())
	default:
		c.canceled(end.GetActivityTaskCanceledEventAttributes())
	}
}

func (c *checker) completed(a *historypb.ActivityTaskCompletedEventAttributes) {
	kind := c.plan.Step(c.attempt).Do
	var want *commonpb.Payloads
	first := c.attempt
	switch kind {
	case OK, AsyncToken, Ignore:
	case AsyncID:
		if c.loose() {
			first = 1 // it may have been meant for an earlier attempt
		}
	case Nothing:
		if a.GetResult() != nil {
			c.wrong("attempt %d returned %v, want nothing", c.attempt, a.GetResult())
		}
		return
	default:
		c.wrong("attempt %d (%s) is said to have returned %v", c.attempt, kind, a.GetResult())
		return
	}
	for n := first; n <= c.attempt; n++ {
		var err error
		if want, err = payloads(result(c.plan.Key, n)); err == nil && proto.Equal(want, a.GetResult()) {
			return
		}
	}
	c.wrong("attempt %d returned %v, want %v", c.attempt, a.GetResult(), want)
}

func (c *checker) failed(a *historypb.ActivityTaskFailedEventAttributes) {
	kind := c.plan.Step(c.attempt).Do
	w := wantedOf(kind, c.plan.Key, c.attempt)
	if w.failure == nil || late(w.failure) {
		c.wrong("attempt %d (%s) is said to have failed with %v", c.attempt, kind, a.GetFailure())
		return
	}
	if !c.failedLike(c.attempt, a.GetFailure()) {
		c.wrong("attempt %d failed with %v, want %v", c.attempt, a.GetFailure(), w.failure)
	}
	want := enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
	switch kind {
	case Fatal, Forbidden, Oversized:
		want = enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE
	case Spoil:
		want = enumspb.RETRY_STATE_CANCEL_REQUESTED
	case Backoff:
		if c.rules.Lossy {
			want = enumspb.RETRY_STATE_CANCEL_REQUESTED // by the watcher of an attempt that was lost
		}
	default:
	}
	c.checkRetryState(a.GetRetryState(), want)
}

func (c *checker) checkRetryState(got, want enumspb.RetryState) {
	if got != want {
		c.wrong("it is not tried again because of %v, want %v", got, want)
		return
	}
	if want == enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED && c.attempt != int(c.plan.Attempts) {
		c.wrong("attempt %d is the last although %d are allowed", c.attempt, c.plan.Attempts)
	}
}

func (c *checker) timedOut(a *historypb.ActivityTaskTimedOutEventAttributes) {
	kind, f := c.plan.Step(c.attempt).Do, proto.CloneOf(a.GetFailure())
	found := f.GetTimeoutFailureInfo().GetLastHeartbeatDetails()
	if f.GetTimeoutFailureInfo() != nil {
		f.GetTimeoutFailureInfo().LastHeartbeatDetails = nil
	}
	if !proto.Equal(f.GetCause(), c.tale.started.GetLastFailure()) {
		c.wrong("the cause of the timeout is %v, want the failure before: %v", f.GetCause(), c.tale.started.GetLastFailure())
	}
	f.Cause = nil
	w := wantedOf(kind, c.plan.Key, c.attempt)
	switch planned := late(w.failure) && w.fits(f); {
	case !planned && !c.loose(), !late(f):
		c.wrong("attempt %d (%s) is said to have timed out: %v", c.attempt, kind, f)
	case !planned:
		c.Late++
	case !c.loose():
		var want *commonpb.Payloads
		if n := c.details(c.attempt + 1)[0]; n != 0 {
			want = number(n)
		}
		if !proto.Equal(found, want) {
			c.wrong("it has timed out with the heartbeat details %v, want %v", found, want)
		}
	}
	want := enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
	if c.tale.cancelRequested > 0 {
		want = enumspb.RETRY_STATE_CANCEL_REQUESTED
	}
	c.checkRetryState(a.GetRetryState(), want)
}

func (c *checker) canceled(a *historypb.ActivityTaskCanceledEventAttributes) {
	var want *commonpb.Payloads
	switch kind := c.plan.Step(c.attempt).Do; kind {
	case Cancel:
	case CancelDetails, AsyncCancel:
		var err error
		if want, err = payloads(text(kind, c.plan.Key, c.attempt)); err != nil {
			c.wrong("details: %v", err)
		}
	default:
		c.wrong("attempt %d (%s) is said to have been canceled", c.attempt, kind)
		return
	}
	if !proto.Equal(a.GetDetails(), want) {
		c.wrong("it was canceled with the details %v, want %v", a.GetDetails(), want)
	}
}

// causeFits reports whether an attempt of a kind is told to stop because of that.
func causeFits(kind Kind, cause error) bool {
	timedOut := func(want enumspb.TimeoutType) bool {
		e, ok := errors.AsType[*temporal.TimeoutError](cause)
		return ok && e.TimeoutType() == want
	}
	switch kind {
	case Overrun, Late:
		return timedOut(enumspb.TIMEOUT_TYPE_START_TO_CLOSE)
	case Silent:
		return timedOut(enumspb.TIMEOUT_TYPE_HEARTBEAT)
	case Revived:
		_, ok := errors.AsType[*serviceerror.NotFound](cause)
		return ok
	case Cancel, CancelDetails, Ignore, Spoil:
		return temporal.IsCanceledError(cause)
	default:
		return cause == nil
	}
}
