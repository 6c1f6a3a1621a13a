package activitystories

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Story is what happens to the attempts of one activity, and what must come of it.
type Story struct {
	// Name is unique.
	Name string
	// RealOnly is why the service in memory cannot have it, empty if it can.
	RealOnly string

	run func(r *rig)
}

// Run tells the story to a server.
func (s Story) Run(t testing.TB, server Server) {
	t.Helper()
	client, err := connect.Dial(connect.Options{Address: server.Address, DialOptions: server.DialOptions})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	s.run(&rig{
		TB: t, name: s.Name + "-" + rand.Text(), dial: server, client: client.WorkflowService(), wire: &wire{},
		causes: make(chan error, 100), begun: make(chan activity.Info, 100),
	})
}

// All are the stories.
func All() []Story {
	return []Story{
		{Name: "cancel-obeyed", run: cancelObeyed},
		{Name: "cancel-ignored", run: cancelIgnored},
		{Name: "cancel-met-by-error", run: cancelMetByError},
		{Name: "cancel-after-pause", run: cancelAfterPause},
		{Name: "cancel-unasked", run: cancelUnasked},
		{Name: "cancel-by-automatic-heartbeat", run: cancelByAutomaticHeartbeat},
		{Name: "cancel-standalone", run: cancelStandalone, RealOnly: "it has no activities without a workflow"},
		{Name: "not-found", run: notFound},
		{Name: "paused", run: paused},
		{Name: "reset", run: reset},
		{Name: "reset-of-a-retry", run: resetOfRetry},
		{Name: "shutdown", run: shutdown},
		{Name: "start-to-close", run: startToClose},
		{Name: "silent", run: silent},
		{Name: "cut-off", run: cutOff},
		{Name: "cut-off-start-to-close", run: cutOffStartToClose},
		{Name: "details-with-failure", run: detailsWithFailure},
		{Name: "details-flushed-by-stop", run: flushedByStop},
		{Name: "details-flushed-by-failure", run: flushedByFailure},
		{Name: "details-sent-again", run: sentAgain},
		{Name: "details-unencodable", run: unencodable},
		{Name: "heartbeat-awaited", run: awaited},
		{Name: "throttled", run: throttled},
		{Name: "details-kept-by-automatic-heartbeats", run: detailsKept},
	}
}

func retries(attempts int32) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: attempts}
}

// long is enough time for an activity, and no second attempt.
func long() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: time.Minute, RetryPolicy: retries(1),
	}
}

// twice is long with a second attempt.
func twice() workflow.ActivityOptions {
	o := long()
	o.RetryPolicy = retries(2)
	return o
}

func cancelObeyed(r *rig) {
	r.begin(plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		_ = r.beating(ctx)
		return "", temporal.NewCanceledError("at chapter two")
	}})
	r.started()
	r.cancel()
	told[*temporal.CanceledError](r)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED)
	r.holds("details", e.GetActivityTaskCanceledEventAttributes().GetDetails(), "at chapter two")
	r.reported("Canceled")
}

func cancelIgnored(r *rig) {
	r.begin(plan{ActivityOptions: long(), act: func(ctx context.Context) (string, error) {
		_ = r.beating(ctx)
		return "done all the same", nil
	}})
	r.started()
	r.cancel()
	told[*temporal.CanceledError](r)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "done all the same")
	r.reported("Completed")
}

func cancelMetByError(r *rig) {
	r.begin(plan{ActivityOptions: twice(), act: func(ctx context.Context) (string, error) {
		_ = r.beating(ctx)
		return "", errors.New("the disk is full")
	}})
	r.started()
	r.cancel()
	told[*temporal.CanceledError](r)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED).GetActivityTaskFailedEventAttributes()
	if e.GetFailure().GetMessage() != "the disk is full" || e.GetRetryState() != enumspb.RETRY_STATE_CANCEL_REQUESTED {
		r.Errorf("history says %v", e)
	}
	r.reported("Failed")
}

// cancelAfterPause has the server ask for a cancellation of an activity that is about to pause.
func cancelAfterPause(r *rig) {
	goOn := make(chan struct{})
	r.begin(plan{ActivityOptions: twice(), act: func(ctx context.Context) (string, error) {
		err := r.beating(ctx)
		<-goOn
		activity.RecordHeartbeat(ctx, "still here")
		return "", err
	}})
	r.started()
	r.pauseActivity()
	r.toldIs(activity.ErrActivityPaused)
	r.cancel()
	r.until("the cancellation", func() bool {
		return r.pending().GetState() == enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
	})
	close(goOn)
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED)
	r.reported("Canceled")
}

func cancelUnasked(r *rig) {
	r.begin(plan{ActivityOptions: long(), act: func(context.Context) (string, error) {
		return "", temporal.NewCanceledError()
	}})
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED).GetActivityTaskFailedEventAttributes()
	if want := "unexpected activity cancel error: canceled"; e.GetFailure().GetMessage() != want {
		r.Errorf("the failure is %v, want %q", e.GetFailure(), want)
	}
	r.reported("Failed")
}

func cancelByAutomaticHeartbeat(r *rig) {
	r.begin(plan{
		ActivityOptions: long(), register: activity.RegisterOptions{AutoHeartbeat: true},
		act: func(ctx context.Context) (string, error) { return "", r.idling(ctx) },
	})
	r.started()
	r.cancel()
	told[*temporal.CanceledError](r)
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED)
	r.reported("Canceled")
}

func cancelStandalone(r *rig) {
	r.work(plan{act: func(ctx context.Context) (string, error) { return "", r.beating(ctx) }})
	_, err := r.client.StartActivityExecution(r.ctx(), &workflowservice.StartActivityExecutionRequest{
		Namespace: namespace, Identity: identity, RequestId: r.name, ActivityId: r.name,
		ActivityType: &commonpb.ActivityType{Name: "Act"}, TaskQueue: &taskqueuepb.TaskQueue{Name: r.name},
		StartToCloseTimeout: durationpb.New(time.Minute), HeartbeatTimeout: durationpb.New(time.Minute),
	})
	r.must(err)
	if info := r.started(); info.IsWorkflowActivity() || info.ActivityRunID == "" {
		r.Errorf("the attempt is %+v", info)
	}
	_, err = r.client.RequestCancelActivityExecution(r.ctx(), &workflowservice.RequestCancelActivityExecutionRequest{
		Namespace: namespace, Identity: identity, RequestId: "cancel " + r.name, ActivityId: r.name, Reason: "enough",
	})
	r.must(err)
	told[*temporal.CanceledError](r)
	var status enumspb.ActivityExecutionStatus
	r.until("the end of the activity", func() bool {
		d, err := r.client.DescribeActivityExecution(r.ctx(), &workflowservice.DescribeActivityExecutionRequest{
			Namespace: namespace, ActivityId: r.name,
		})
		r.must(err)
		status = d.GetInfo().GetStatus()
		return status != enumspb.ACTIVITY_EXECUTION_STATUS_RUNNING
	})
	if status != enumspb.ACTIVITY_EXECUTION_STATUS_CANCELED {
		r.Errorf("the activity is %v", status)
	}
	r.reported("Canceled")
}

func notFound(r *rig) {
	ended := make(chan struct{})
	stop := r.begin(plan{ActivityOptions: twice(), act: func(ctx context.Context) (string, error) {
		defer close(ended)
		return "", r.beating(ctx)
	}})
	r.started()
	r.terminate()
	told[*serviceerror.NotFound](r)
	receive(r, ended, "the activity to end")
	if e := r.end(); e != nil {
		r.Errorf("history says of the activity: %v", e)
	}
	stop() // by then it would have reported
	r.reported()
}

func paused(r *rig) {
	r.begin(plan{ActivityOptions: twice(), act: once(func(ctx context.Context) error {
		err := r.beating(ctx)
		activity.RecordHeartbeat(ctx, "good night") // within the pause, so it is for the flush
		return err
	})})
	r.started()
	r.pauseActivity()
	r.toldIs(activity.ErrActivityPaused)
	r.until("the pause", func() bool { return r.pending().GetState() == enumspb.PENDING_ACTIVITY_STATE_PAUSED })
	p := r.pending()
	r.failedAs(p.GetLastFailure(), "ActivityPause")
	r.holds("heartbeat", p.GetHeartbeatDetails(), "good night")
	_, err := r.client.UnpauseActivity(r.ctx(), &workflowservice.UnpauseActivityRequest{
		Namespace: namespace, Execution: r.execution(), Identity: identity,
		Activity: &workflowservice.UnpauseActivityRequest_Id{Id: activityID},
	})
	r.must(err)
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "again")
	r.reported("Failed", "Completed")
}

func reset(r *rig) {
	r.begin(plan{ActivityOptions: twice(), act: once(r.beating)})
	r.started()
	r.resetActivity()
	r.toldIs(activity.ErrActivityReset)
	if again := r.started(); again.Attempt != 2 { // one that was reset counts as the first
		r.Errorf("it goes on with attempt %d, want the second", again.Attempt)
	}
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "again")
	r.reported("Failed", "Completed")
	failed, ok := r.wire.told()[0].(*workflowservice.RespondActivityTaskFailedRequest)
	if !ok {
		r.Fatal("the first report is no failure")
	}
	r.failedAs(failed.GetFailure(), "ActivityReset")
}

// resetOfRetry resets an activity while a later attempt runs, which the server then no longer knows.
func resetOfRetry(r *rig) {
	o := long()
	o.StartToCloseTimeout, o.RetryPolicy = 2*time.Second, retries(3)
	var runs atomic.Int32
	r.begin(plan{ActivityOptions: o, act: func(ctx context.Context) (string, error) {
		switch runs.Add(1) {
		case 1:
			return "", errors.New("stuck")
		case 2:
			return "", r.beating(ctx)
		default:
			return "again", nil
		}
	}})
	r.started()
	r.started()
	r.resetActivity()
	told[*serviceerror.NotFound](r)
	if again := r.started(); again.Attempt != 2 {
		r.Errorf("it goes on with attempt %d, want the second", again.Attempt)
	}
	r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.reported("Failed", "Completed")
}

func shutdown(r *rig) {
	p := plan{
		ActivityOptions: twice(), act: once(r.beating),
		worker: worker.Options{GracefulShutdownTimeout: 100 * time.Millisecond},
	}
	stop := r.begin(p)
	r.started()
	stop()
	r.toldIs(activity.ErrWorkerShutdown)
	r.reported("Failed")
	pending := r.pending()
	r.failedAs(pending.GetLastFailure(), "WorkerShutdown")
	r.holds("heartbeat", pending.GetHeartbeatDetails(), "alive")
	r.work(p)
	if again := r.started(); again.Attempt != 2 {
		r.Errorf("it goes on with attempt %d, want the second", again.Attempt)
	}
	e := r.endsWith(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	r.holds("result", e.GetActivityTaskCompletedEventAttributes().GetResult(), "again")
}
