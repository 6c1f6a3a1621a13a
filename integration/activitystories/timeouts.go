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
	if got := told[*temporal.TimeoutError](r); got != nil && got.TimeoutType() != want {
		r.Errorf("the activity is told of a timeout of type %v, want %v", got.TimeoutType(), want)
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
	stop := r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) { return "", r.beating(ctx) }})
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
	ended := make(chan struct{})
	stop := r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) {
		if info := activity.GetInfo(ctx); info.Attempt > 1 {
			var last string
			err := activity.GetHeartbeatDetails(ctx, &last)
			return "goes on from " + last, err
		}
		defer close(ended)
		activity.RecordHeartbeat(ctx, "the last word")
		r.wire.cutOff(activity.GetInfo(ctx))
		return "", r.beating(ctx)
	}})
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "goes on from the last word")
	r.timedOut(kind)
	receive(r, ended, "the first attempt to end")
	stop()
	r.reported("Completed") // of the second attempt
}

// detailsWithFailure has the report of a failure carry what the throttle held back.
func detailsWithFailure(r *rig) {
	p := plan{ActivityOptions: twice(), act: func(ctx context.Context) (string, error) {
		if activity.HasHeartbeatDetails(ctx) {
			var last string
			err := activity.GetHeartbeatDetails(ctx, &last)
			return last, err
		}
		activity.RecordHeartbeat(ctx, "one")
		activity.RecordHeartbeat(ctx, "two")
		return "", errors.New("stuck")
	}}
	p.worker.MaxHeartbeatThrottleInterval = time.Minute
	r.begin(p)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "two")
	if n := r.wire.heartbeats(); n != 1 {
		r.Errorf("%d heartbeats, want 1: the other one goes with the failure", n)
	}
}

// detailsKept has automatic heartbeats of a second attempt that leave the details of the first one.
func detailsKept(r *rig) {
	o := long()
	o.RetryPolicy = retries(3)
	before := 0
	r.begin(plan{
		ActivityOptions: o, register: activity.RegisterOptions{AutoHeartbeat: true},
		act: func(ctx context.Context) (string, error) {
			switch activity.GetInfo(ctx).Attempt {
			case 1:
				activity.RecordHeartbeat(ctx, "one")
				before = r.wire.heartbeats()
				return "", errors.New("stuck")
			case 2:
				r.until("automatic heartbeats", func() bool { return r.wire.heartbeats() >= before+3 })
				return "", errors.New("stuck again")
			default:
				var last string
				err := activity.GetHeartbeatDetails(ctx, &last)
				return last, err
			}
		},
	})
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "one")
}
