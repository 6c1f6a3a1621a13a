package realserver_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// A deaf client sends some polls nowhere: what its worker runs, no poll has brought.
type deaf struct {
	worker.Client
	activities, workflows bool // not the sticky queue
}

func (d deaf) WorkflowService() workflowservice.WorkflowServiceClient {
	return deafService{d.Client.WorkflowService(), d}
}

type deafService struct {
	workflowservice.WorkflowServiceClient
	deaf deaf
}

func (s deafService) PollActivityTaskQueue(
	ctx context.Context, req *workflowservice.PollActivityTaskQueueRequest, opts ...grpc.CallOption,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	if s.deaf.activities {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.WorkflowServiceClient.PollActivityTaskQueue(ctx, req, opts...)
}

func (s deafService) PollWorkflowTaskQueue(
	ctx context.Context, req *workflowservice.PollWorkflowTaskQueueRequest, opts ...grpc.CallOption,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	if s.deaf.workflows && req.GetTaskQueue().GetNormalName() == "" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.WorkflowServiceClient.PollWorkflowTaskQueue(ctx, req, opts...)
}

// errands runs so many activities at once, and returns where they ran.
func errands(ctx workflow.Context, n int, o workflow.ActivityOptions) (where []string, err error) {
	o.StartToCloseTimeout = patience
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond}
	ctx = workflow.WithActivityOptions(ctx, o)
	var all []workflow.Future
	for range n {
		all = append(all, workflow.ExecuteActivity(ctx, "errand"))
	}
	for _, f := range all {
		var at string
		if err := f.Get(ctx, &at); err != nil {
			return nil, err
		}
		where = append(where, at)
	}
	return where, nil
}

// here is an activity that says where it runs.
func here(where string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return where, nil }
}

// runErrands starts a worker that runs errands and their activities.
func runErrands(
	t *testing.T, c worker.Client, queue string, errand any, o worker.Options,
) *worker.Worker {
	t.Helper()
	o.Logger = quiet()
	w, err := worker.New(c, queue, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterWorkflowWithOptions(errands, workflow.RegisterOptions{
		Name: "errands", VersioningBehavior: workflow.VersioningBehaviorPinned,
	}); err != nil {
		t.Fatal(err)
	}
	if errand != nil {
		if err := w.RegisterActivityWithOptions(errand, activity.RegisterOptions{Name: "errand"}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, w)
	return w
}

// startErrands starts a run of errands.
func startErrands(t *testing.T, queue string, n int, o workflow.ActivityOptions) client.WorkflowRun {
	t.Helper()
	r, err := sdkClient(t).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "errands", n, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ranIn checks where all activities of a run ran.
func ranIn(t *testing.T, r client.WorkflowRun, n int, want string) {
	t.Helper()
	var got []string
	if err := r.Get(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Errorf("%d activities, want %d", len(got), n)
	}
	for _, where := range got {
		if where != want {
			t.Errorf("ran %q, want %q", got, want)
		}
	}
}

func TestEagerActivitiesNeedNoPoll(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	w := runErrands(t, deaf{Client: dial(t), activities: true}, queue, here("here"), worker.Options{})
	ranIn(t, startErrands(t, queue, 3, workflow.ActivityOptions{}), 3, "here")
	if s := w.Stats(); s.Pollers[2].Unpolled != 3 || s.Pollers[2].Tasks != 0 || s.Activities != 3 {
		t.Errorf("%+v", s)
	}
}

// A worker that polls for none, or must not have them so, leaves activities to another one.
func TestActivitiesAreLeftToThosePolling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		worker   worker.Options
		workflow workflow.ActivityOptions
		unknown  bool
	}{
		"disabled by the worker":   {worker: worker.Options{DisableEagerActivityExecution: true}},
		"disabled by the workflow": {workflow: workflow.ActivityOptions{DisableEagerExecution: true}},
		"not registered":           {unknown: true},
		"not polled for":           {worker: worker.Options{NoRemoteActivities: true}},
		"limited by the server":    {worker: worker.Options{MaxTaskQueueActivitiesPerSecond: 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := taskQueue(t)
			other, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			err = other.RegisterActivityWithOptions(here("elsewhere"), activity.RegisterOptions{Name: "errand"})
			if err != nil {
				t.Fatal(err)
			}
			run(t, other)
			var errand any
			if !tt.unknown {
				errand = here("here")
			}
			runErrands(t, deaf{Client: dial(t), activities: true}, queue, errand, tt.worker)
			ranIn(t, startErrands(t, queue, 2, tt.workflow), 2, "elsewhere")
		})
	}
}

// More than three activities of one workflow task: the others are polled for.
func TestActivitiesBeyondTheReservedOnesArePolledFor(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	w := runErrands(t, dial(t), queue, here("here"), worker.Options{MaxEagerActivityReservationsPerWorkflowTask: 2})
	ranIn(t, startErrands(t, queue, 5, workflow.ActivityOptions{}), 5, "here")
	if s := w.Stats(); s.Pollers[2].Unpolled != 2 || s.Pollers[2].Tasks != 3 || s.Activities != 5 {
		t.Errorf("%+v", s)
	}
}

// One limit counts those that come with answers and those that are polled.
func TestTheRateLimitCountsEagerActivities(t *testing.T) {
	t.Parallel()
	const perSecond, burst, runs, each = 20, 6, 8, 4
	bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: perSecond, Burst: burst})
	if err != nil {
		t.Fatal(err)
	}
	queue, began := taskQueue(t), time.Now()
	w := runErrands(t, dial(t), queue, here("here"), worker.Options{
		MaxConcurrentActivityTaskPolls: 1, Parts: worker.Parts{ActivityRate: bucket},
	})
	var all []client.WorkflowRun
	for range runs {
		all = append(all, startErrands(t, queue, each, workflow.ActivityOptions{}))
	}
	for _, r := range all {
		ranIn(t, r, each, "here")
	}
	// However slow the machine: so many tokens cannot have come sooner.
	if took, least := time.Since(began), time.Second*(runs*each-burst)/perSecond; took < least {
		t.Errorf("%d activities began within %v, want no less than %v", runs*each, took, least)
	}
	p := w.Stats().Pollers[2]
	if s := bucket.Stats(); s.Spent != runs*each || p.Unpolled == 0 || p.Unpolled+p.Tasks != runs*each {
		t.Errorf("tokens %+v, poller %+v", s, p)
	}
}

// The attempts that a stop ends are handed back, and others go on at once.
func TestStopEndsEagerActivities(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	var running atomic.Int32
	w := runErrands(t, deaf{Client: dial(t), activities: true}, queue, func(ctx context.Context) (string, error) {
		running.Add(1)
		<-ctx.Done()
		return "", ctx.Err()
	}, worker.Options{GracefulShutdownTimeout: 50 * time.Millisecond})
	r := startErrands(t, queue, 2, workflow.ActivityOptions{})
	until(t, func() bool { return running.Load() == 2 })
	if err := w.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := w.Stats(); s.ActivitySlots.Issued != 0 || s.Activities != 2 || s.ActivitiesFailed != 2 {
		t.Errorf("%+v", s)
	}
	runErrands(t, dial(t), queue, func(ctx context.Context) (string, error) {
		return fmt.Sprint("attempt ", activity.GetInfo(ctx).Attempt), nil
	}, worker.Options{})
	ranIn(t, r, 2, "attempt 2")
}

// startEagerly starts a run of errands and wants its first task to come with the answer.
func startEagerly(t *testing.T, queue string, workers ...*worker.Worker) client.WorkflowRun {
	t.Helper()
	input, err := converter.GetDefaultDataConverter().ToPayloads(2, workflow.ActivityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	req := &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: uuid.NewString(), RequestId: uuid.NewString(), Identity: "test",
		WorkflowType: &commonpb.WorkflowType{Name: "errands"}, RequestEagerExecution: true,
		TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
		Input:     input,
	}
	resp, err := worker.EagerClient(dial(t).WorkflowService(), workers...).StartWorkflowExecution(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.GetEagerWorkflowTask() != nil {
		t.Error("the first task is still in the response")
	}
	return sdkClient(t).GetWorkflow(t.Context(), req.GetWorkflowId(), resp.GetRunId())
}

func TestWorkflowsStartEagerly(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	client := deaf{Client: dial(t), activities: true, workflows: true}
	w := runErrands(t, client, queue, here("here"), worker.Options{})
	ranIn(t, startEagerly(t, queue, w), 2, "here")
	s := w.Stats()
	if s.Pollers[0].Unpolled != 1 || s.Pollers[0].Tasks != 0 || s.Pollers[2].Unpolled != 2 {
		t.Errorf("%+v", s.Pollers)
	}
}

// If the worker that could have it is gone, the first task is polled for.
func TestWorkflowsStartAlsoIfNotEagerly(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	gone := runErrands(t, dial(t), queue, here("gone"), worker.Options{})
	if err := gone.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := runErrands(t, dial(t), queue, here("here"), worker.Options{})
	ranIn(t, startEagerly(t, queue, gone), 2, "here")
	if s := w.Stats(); s.Pollers[0].Unpolled != 0 {
		t.Errorf("%+v", s.Pollers)
	}
}

// The version of a deployment is known to the server also of what comes eagerly.
func TestEagerTasksOfAVersionedWorker(t *testing.T) {
	t.Parallel()
	queue := taskQueue(t)
	w := runErrands(t, dial(t), queue, here("here"), worker.Options{DeploymentOptions: worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: queue, BuildID: "v1"},
	}})
	c := sdkClient(t)
	makeCurrent(t, c, queue, "v1")
	r := startEagerly(t, queue, w)
	ranIn(t, r, 2, "here")
	if s := w.Stats(); s.Pollers[0].Unpolled != 1 || s.Pollers[2].Unpolled != 2 {
		t.Errorf("%+v", s.Pollers)
	}
	d, err := c.DescribeWorkflowExecution(t.Context(), r.GetID(), "")
	if err != nil {
		t.Fatal(err)
	}
	if v := d.GetWorkflowExecutionInfo().GetVersioningInfo(); v.GetDeploymentVersion().GetBuildId() != "v1" {
		t.Errorf("versioning %v", v)
	}
}
