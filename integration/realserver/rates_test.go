package realserver_test

import (
	"context"
	"slices"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

func tick(context.Context) error { return nil }

// ticks asks for n activities at once.
func ticks(ctx workflow.Context, n int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	var all []workflow.Future
	for range n {
		all = append(all, workflow.ExecuteActivity(ctx, tick))
	}
	for _, f := range all {
		if err := f.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// aTick is when an activity was started, and how long it took, by the server's clock.
type aTick struct {
	started time.Time
	took    time.Duration
}

// ticksOf are the activities of a run that has ended, in the order of their starts.
func ticksOf(t *testing.T, c client.Client, run client.WorkflowRun) (all []aTick) {
	t.Helper()
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	started := make(map[int64]time.Time)
	for _, e := range history(t, c, run).GetEvents() {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			started[e.GetEventId()] = e.GetEventTime().AsTime()
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			at := started[e.GetActivityTaskCompletedEventAttributes().GetStartedEventId()]
			all = append(all, aTick{at, e.GetEventTime().AsTime().Sub(at)})
		default:
		}
	}
	slices.SortFunc(all, func(a, b aTick) int { return a.started.Compare(b.started) })
	return all
}

// checkPace checks that no more than the burst and what a second brings began in any stretch.
func checkPace(t *testing.T, all []aTick, perSecond float64, burst int) {
	t.Helper()
	const rounding = 5 * time.Millisecond
	for i := range all {
		for j := i + burst; j < len(all); j++ {
			least := time.Duration(float64(j-i+1-burst) / perSecond * float64(time.Second))
			if got := all[j].started.Sub(all[i].started); got < least-rounding {
				t.Errorf("activities %d to %d of %d began within %v: %v a second and a burst of %d need %v",
					i, j, len(all), got, perSecond, burst, least)
			}
		}
	}
}

// The worker starts no more than it may; what waits is with the server, and its clock stands still.
func TestActivitiesKeepTheWorkersPace(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	o := worker.Options{Workflows: []any{ticks}, Activities: []any{tick}, MaxActivitiesPerSecond: 1.5}
	w := startWorker(t, dial(t), queue, o)
	all := ticksOf(t, c, start(t, c, queue, "ticks", []any{5}))
	if len(all) != 5 {
		t.Fatalf("%d activities were completed", len(all))
	}
	checkPace(t, all, o.MaxActivitiesPerSecond, 1)
	// Had they waited for their turn once started, all but the first would have taken two thirds of
	// a second or more.
	slices.SortFunc(all, func(a, b aTick) int { return int(a.took - b.took) })
	if median := all[2].took; median > time.Second/2 {
		t.Errorf("half of the activities took %v and more", median)
	}
	if s := w.Stats().ActivityRate; s.Spent != 5 {
		t.Errorf("rate %+v", s)
	}
}

// hurried is a connection whose polls for activities are short.
type hurried struct{ worker.Client }

func (h hurried) WorkflowService() workflowservice.WorkflowServiceClient {
	return hurriedService{h.Client.WorkflowService()}
}

type hurriedService struct {
	workflowservice.WorkflowServiceClient
}

func (h hurriedService) PollActivityTaskQueue(
	ctx context.Context, req *workflowservice.PollActivityTaskQueueRequest, o ...grpc.CallOption,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 2500*time.Millisecond) // no server takes less than 2 s
	defer cancel()
	return h.WorkflowServiceClient.PollActivityTaskQueue(ctx, req, o...)
}

// With one token an hour, polls that find nothing leave it to the one that finds an activity.
func TestEmptyPollsBurnNoTokens(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, hurried{dial(t)}, queue, worker.Options{
		Workflows: []any{ticks}, Activities: []any{tick}, MaxActivitiesPerSecond: 1.0 / 3600,
	})
	until(t, func() bool { return w.Stats().ActivityRate.Refunded >= 3 })
	if n := len(ticksOf(t, c, start(t, c, queue, "ticks", []any{1}))); n != 1 {
		t.Errorf("%d activities were completed", n)
	}
	if s := w.Stats().ActivityRate; s.Spent != 1 {
		t.Errorf("rate %+v", s)
	}
}

// A rate that is raised, lifted and lowered holds at once, without a restart.
func TestTheWorkersPaceChangesLive(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{ticks}, Activities: []any{tick}, MaxActivitiesPerSecond: 1.0 / 3600,
		MaxConcurrentActivityTaskPolls: 1,
	})
	set := func(perSecond float64) {
		t.Helper()
		if err := w.SetMaxActivitiesPerSecond(perSecond); err != nil {
			t.Fatal(err)
		}
	}
	stuck := func(spent uint64) {
		t.Helper()
		until(t, func() bool {
			s := w.Stats()
			return s.ActivityRate.Spent == spent && s.ActivityRate.Waiting == 1 && s.Activities == spent
		})
	}
	run := start(t, c, queue, "ticks", []any{9})
	stuck(1)
	set(20)
	all := ticksOf(t, c, run)
	checkPace(t, all, 20, 2)

	set(0)
	if n := len(ticksOf(t, c, start(t, c, queue, "ticks", []any{10}))); n != 10 {
		t.Errorf("%d activities were completed without a limit", n)
	}

	until(t, func() bool { return w.Stats().ActivityRate.Held == 1 }) // by the poll that the server has
	set(1.0 / 3600)
	run = start(t, c, queue, "ticks", []any{3})
	stuck(20)
	set(0)
	if n := len(ticksOf(t, c, run)); n != 3 {
		t.Errorf("%d activities were completed in the end", n)
	}
}

// effective is the rate that the server goes by for the activities of a queue, and whose it is.
func effective(t *testing.T, c client.Client, queue string) (perSecond float32, source enumspb.RateLimitSource) {
	t.Helper()
	resp, err := c.WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
		Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportConfig: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	limit := resp.GetEffectiveRateLimit()
	return limit.GetRequestsPerSecond(), limit.GetRateLimitSource()
}

func awaitEffective(t *testing.T, c client.Client, queue string, want float32) {
	t.Helper()
	until(t, func() bool {
		got, source := effective(t, c, queue)
		return got == want && source == enumspb.RATE_LIMIT_SOURCE_WORKER
	})
}

// The server paces a task queue, however many workers it has.
func TestTheServerKeepsTheQueuesPace(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	o := worker.Options{Workflows: []any{ticks}, Activities: []any{tick}, MaxTaskQueueActivitiesPerSecond: 10}
	startWorker(t, dial(t), queue, o)
	startWorker(t, dial(t), queue, o)
	awaitEffective(t, c, queue, 10)
	all := ticksOf(t, c, start(t, c, queue, "ticks", []any{35}))
	if len(all) != 35 {
		t.Fatalf("%d activities were completed", len(all))
	}
	// The server lets a second's worth begin at once, and one may be on its way.
	took := all[len(all)-1].started.Sub(all[0].started)
	if least := time.Duration(35-10-2) * time.Second / 10; took < least {
		t.Errorf("35 activities began within %v, at 10 a second and a burst of 10 they need %v", took, least)
	}
}

// The last worker to poll wins, and a live worker tells the server of another rate with its next
// poll, also that there is none any more.
func TestTheQueuesPaceChangesLive(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	o := worker.Options{
		Workflows: []any{ticks}, Activities: []any{tick}, MaxTaskQueueActivitiesPerSecond: 30,
		MaxConcurrentActivityTaskPolls: 1,
	}
	startWorker(t, dial(t), queue, o)
	awaitEffective(t, c, queue, 30)
	o.MaxTaskQueueActivitiesPerSecond, o.Workflows = 20, nil
	w := startWorker(t, dial(t), queue, o)
	awaitEffective(t, c, queue, 20)

	// Each activity brings a new poll.
	push := func() {
		t.Helper()
		if err := start(t, c, queue, "ticks", []any{1}).Get(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetMaxTaskQueueActivitiesPerSecond(25); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		push()
		got, _ := effective(t, c, queue)
		return got == 25
	})
	if err := w.SetMaxTaskQueueActivitiesPerSecond(0); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		push()
		_, source := effective(t, c, queue)
		return source == enumspb.RATE_LIMIT_SOURCE_SYSTEM
	})
}
