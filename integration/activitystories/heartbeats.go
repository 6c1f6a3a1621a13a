package activitystories

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/activity"
)

// detailsWithFailure has the report of a failure carry what the throttle held back.
func detailsWithFailure(r *rig) {
	r.holdsBack()
	if n := r.wire.heartbeats(); n != 1 {
		r.Errorf("%d heartbeats, want 1: the other one goes with the failure", n)
	}
}

// flushedByFailure is the same with a server that does not tell what it can.
func flushedByFailure(r *rig) {
	r.wire.meddle = func(_ context.Context, req any) error {
		if _, ok := req.(*workflowservice.GetSystemInfoRequest); ok {
			return status.Error(codes.Unimplemented, "an old server")
		}
		return nil
	}
	r.holdsBack()
	if n := r.wire.heartbeats(); n != 2 {
		r.Errorf("%d heartbeats, want 2", n)
	}
}

// holdsBack has an attempt fail while the throttle holds details back, which the next one must find.
func (r *rig) holdsBack() {
	r.Helper()
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
}

// sentAgain has a call fail that nobody below retries.
func sentAgain(r *rig) {
	var refused atomic.Bool
	r.wire.meddle = func(_ context.Context, req any) error {
		if _, ok := req.(*workflowservice.RecordActivityTaskHeartbeatRequest); ok && !refused.Swap(true) {
			return status.Error(codes.PermissionDenied, "the key is being rotated")
		}
		return nil
	}
	arrived := make(chan struct{})
	p := plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		activity.RecordHeartbeat(ctx, "one")
		if err := activity.GetHeartbeatStatus(ctx).Err; err == nil {
			return "", errors.New("the error is not seen")
		}
		<-arrived
		return "done", ctx.Err()
	}}
	p.worker.MaxHeartbeatThrottleInterval = time.Minute
	r.begin(p)
	r.until("the details", func() bool { return r.pending().GetHeartbeatDetails() != nil })
	close(arrived)
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	if n := r.wire.heartbeats(); n != 2 {
		r.Errorf("%d heartbeats, want 2", n)
	}
}

// awaited has an activity end while a heartbeat is under way.
func awaited(r *rig) {
	underWay := make(chan struct{})
	var over atomic.Bool
	r.wire.meddle = func(_ context.Context, req any) error {
		switch req.(type) {
		case *workflowservice.RecordActivityTaskHeartbeatRequest:
			close(underWay)
			time.Sleep(300 * time.Millisecond)
			over.Store(true)
		case *workflowservice.RespondActivityTaskCompletedRequest:
			if !over.Load() {
				r.Error("the report overtakes the heartbeat")
			}
		}
		return nil
	}
	r.begin(plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		go activity.RecordHeartbeat(ctx, "one")
		<-underWay
		return "done", nil
	}})
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.reported("Completed")
}

// flushedByStop has a worker begin to stop while an activity goes on.
func flushedByStop(r *rig) {
	goOn, told := make(chan struct{}), make(chan struct{})
	p := plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		activity.RecordHeartbeat(ctx, "one")
		activity.RecordHeartbeat(ctx, "two")
		close(told)
		<-goOn
		return "done", nil
	}}
	p.worker.MaxHeartbeatThrottleInterval, p.worker.GracefulShutdownTimeout = time.Minute, time.Hour
	stop := r.begin(p)
	receive(r, told, "the activity to tell how far it is")
	r.holds("details before the stop", r.pending().GetHeartbeatDetails(), "one")
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	r.until("the flush", func() bool { return r.wire.heartbeats() == 2 })
	r.until("the new details", func() bool {
		return string(r.pending().GetHeartbeatDetails().GetPayloads()[0].GetData()) == `"two"`
	})
	close(goOn)
	receive(r, stopped, "the worker to stop")
	r.reported("Completed")
	r.terminate() // nobody is left to end it
}

// throttled beats a hundred times a second, and is heard less often.
func throttled(r *rig) {
	began := time.Now()
	o := long()
	o.HeartbeatTimeout = time.Second // so every 0.8 s
	p := plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) {
		for started := time.Now(); time.Since(started) < 3*time.Second; {
			activity.RecordHeartbeat(ctx, "alive")
			time.Sleep(10 * time.Millisecond)
		}
		return "done", ctx.Err()
	}}
	p.worker.MaxHeartbeatThrottleInterval = time.Minute
	r.begin(p)
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	most := 1 + int(time.Since(began)/(800*time.Millisecond))
	if n := r.wire.heartbeats(); n < 2 || n > most {
		r.Errorf("%d heartbeats, want %d at most", n, most)
	}
}

// unencodable has details that no converter takes.
func unencodable(r *rig) {
	r.begin(plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		activity.RecordHeartbeat(ctx, func() {})
		return "", r.idling(ctx)
	}})
	if err := receive(r, r.causes, "the activity to be told to stop"); !strings.Contains(err.Error(), "unable to encode") {
		r.Errorf("the cause is %v", err)
	}
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED).GetActivityTaskFailedEventAttributes()
	if !strings.Contains(e.GetFailure().GetMessage(), "unable to encode activity heartbeat details") {
		r.Errorf("history says %v", e)
	}
	r.reported("Failed")
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
				for r.wire.heartbeats() < before+3 && ctx.Err() == nil {
					time.Sleep(10 * time.Millisecond)
				}
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
