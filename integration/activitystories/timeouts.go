package activitystories

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// timedOut waits until the activity is told that its time is over.
func (r *rig) timedOut(want enumspb.TimeoutType) {
	r.Helper()
	cause := receive(r, r.causes, "the activity to be told to stop")
	if got, ok := errors.AsType[*temporal.TimeoutError](cause); !ok || got.TimeoutType() != want {
		r.Errorf("the cause is %v, want a timeout of type %v", cause, want)
	}
}

// timesOut checks that the server has ended the only attempt, and nobody else.
func (r *rig) timesOut(want enumspb.TimeoutType, stop func()) {
	r.Helper()
	r.timedOut(want)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT).GetActivityTaskTimedOutEventAttributes()
	if got := e.GetFailure().GetTimeoutFailureInfo().GetTimeoutType(); got != want {
		r.Errorf("history says %v, want %v", got, want)
	}
	stop() // by then it would have reported
	r.reported()
}

func startToClose(r *rig) {
	o := long()
	o.StartToCloseTimeout = time.Second
	o.HeartbeatTimeout = 0
	// A heartbeat would race against the timeout: the server may say first that the time is over.
	stop := r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) { return "", r.idling(ctx) }})
	r.timesOut(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, stop)
}

// silent stops to heartbeat.
func silent(r *rig) {
	o := long()
	o.HeartbeatTimeout = time.Second
	stop := r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) {
		activity.RecordHeartbeat(ctx, "the last word")
		return "", r.idling(ctx)
	}})
	r.timesOut(enumspb.TIMEOUT_TYPE_HEARTBEAT, stop)
}

// cutOff has the network swallow what the first attempt says after its first heartbeat.
func cutOff(r *rig) {
	o := twice()
	o.HeartbeatTimeout = time.Second
	r.lost(o, enumspb.TIMEOUT_TYPE_HEARTBEAT)
}

func cutOffStartToClose(r *rig) {
	o := twice()
	o.StartToCloseTimeout, o.HeartbeatTimeout = 2*time.Second, 0
	r.lost(o, enumspb.TIMEOUT_TYPE_START_TO_CLOSE)
}

func (r *rig) lost(o workflow.ActivityOptions, kind enumspb.TimeoutType) {
	r.Helper()
	ended := make(chan activity.HeartbeatStatus, 1)
	stop := r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) {
		if info := activity.GetInfo(ctx); info.Attempt > 1 {
			var last string
			err := activity.GetHeartbeatDetails(ctx, &last)
			return "goes on from " + last, err
		}
		activity.RecordHeartbeat(ctx, "the last word")
		r.wire.cutOff(activity.GetInfo(ctx))
		err := r.beating(ctx)
		ended <- activity.GetHeartbeatStatus(ctx)
		return "", err
	}})
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "goes on from the last word")
	r.timedOut(kind)
	status := receive(r, ended, "the first attempt to end")
	if kind == enumspb.TIMEOUT_TYPE_HEARTBEAT && status.Err == nil { // else there is no time for one to fail
		r.Error("the activity has not seen that its heartbeats fail")
	}
	stop()
	r.reported("Completed") // of the second attempt
}
