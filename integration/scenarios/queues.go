package scenarios

import (
	"strconv"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	workflowTasks = enumspb.TASK_QUEUE_TYPE_WORKFLOW
	activityTasks = enumspb.TASK_QUEUE_TYPE_ACTIVITY
)

func queueScenarios() []Scenario {
	return []Scenario{
		{"queue-described", func(e *Env) {
			e.anew()
			e.noteQueue(workflowTasks) // nobody has used it
			e.Start(Listen)
			e.awaitBacklog(workflowTasks, 1)
			e.noteQueue(workflowTasks)
			e.respond(e.poll(""), nil, scheduleActivity(e, "1"))
			e.awaitBacklog(activityTasks, 1)
			e.respondActivity(e.pollActivityAt(5))
			e.awaitBacklog(workflowTasks, 1)
			e.noteQueue(workflowTasks)
			e.noteQueue(activityTasks)
			e.respond(e.poll(""), nil, complete())
		}},
		{"queue-errors", queueErrors},
		{"queue-limited-by-worker", func(e *Env) {
			e.anew()
			e.Start(Listen)
			e.respond(e.poll(""), nil, numbered(e, 4)...)
			e.awaitBacklog(activityTasks, 4)
			began := time.Now()
			for range 4 {
				e.respondActivity(e.pollActivityAt(2))
			}
			// Three at once, and the fourth half a second after the first.
			e.Note("held back: %v", time.Since(began) >= 500*time.Millisecond)
			e.noteQueue(activityTasks)
			e.terminate()
		}},
		{"queue-limited-by-config", func(e *Env) {
			e.anew()
			e.limit(&taskqueuepb.RateLimit{RequestsPerSecond: 2})
			e.Start(Listen)
			e.respond(e.poll(""), nil, numbered(e, 4)...)
			e.awaitBacklog(activityTasks, 4)
			began := time.Now()
			for range 4 {
				e.respondActivity(e.pollActivityAt(100))
			}
			e.Note("held back: %v", time.Since(began) >= 500*time.Millisecond)
			e.noteQueue(activityTasks)
			e.limit(nil)
			e.noteQueue(activityTasks)
			e.terminate()
		}},
		{"queue-stopped", func(e *Env) {
			e.limit(&taskqueuepb.RateLimit{})
			e.Start(Listen)
			e.respond(e.poll(""), nil, scheduleActivity(e, "1"))
			e.awaitBacklog(activityTasks, 1)
			a, err := e.Service.PollActivityTaskQueue(e.within(2500*time.Millisecond), e.activityPoll())
			e.NoteErr("poll", err)
			e.Note("got a task: %v", len(a.GetTaskToken()) > 0)
			e.limit(nil)
			e.respondActivity(e.pollActivity())
			e.terminate()
		}},
	}
}

func scalingScenarios() []Scenario {
	return []Scenario{
		{"scaling", func(e *Env) {
			e.Start(Listen)
			t := e.poll("")
			e.respond(t, nil, startTimer("a", 1100*time.Millisecond))
			t = e.poll("") // it waits in vain for a second
			e.Note("decision: %v", t.GetPollerScalingDecision())
			e.respond(t, nil, append(numbered(e, 2), startTimer("b", 300*time.Millisecond))...)
			t = e.poll("")
			a := e.pollActivity() // the backlog is old
			e.Note("decision: %v", a.GetPollerScalingDecision())
			a = e.pollActivity()
			e.Note("decision: %v", a.GetPollerScalingDecision())
			e.respond(t, nil, complete())
		}},
		{"scaling-backlog", func(e *Env) {
			for i := range 3 {
				e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-" + strconv.Itoa(i)}, Listen)
				e.awaitBacklog(workflowTasks, int64(i)+1)
			}
			for range 3 {
				t := e.poll("")
				e.Note("backlog: %d", t.GetBacklogCountHint())
				e.respond(t, nil, complete())
			}
		}},
	}
}

// queueErrors are questions about queues that no server answers.
func queueErrors(e *Env) {
	ask := func(what string, r *workflowservice.DescribeTaskQueueRequest) {
		_, err := e.Service.DescribeTaskQueue(e.Ctx(), r)
		e.NoteErr(what, err)
	}
	ask("no queue", &workflowservice.DescribeTaskQueueRequest{Namespace: "default"})
	ask("no name", &workflowservice.DescribeTaskQueueRequest{
		Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{},
	})
	ask("no such namespace", &workflowservice.DescribeTaskQueueRequest{
		Namespace: "nowhere", TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
	})
	set := func(what string, r *workflowservice.UpdateTaskQueueConfigRequest) {
		r.TaskQueue = e.Name
		_, err := e.Service.UpdateTaskQueueConfig(e.Ctx(), r)
		e.NoteErr(what, err)
	}
	limit := func(rate float32) *workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate {
		return &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{
			RateLimit: &taskqueuepb.RateLimit{RequestsPerSecond: rate},
		}
	}
	set("no such namespace", &workflowservice.UpdateTaskQueueConfigRequest{Namespace: "nowhere"})
	set("workflow tasks", &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: "default", TaskQueueType: workflowTasks, UpdateQueueRateLimit: limit(1),
	})
	set("less than nothing", &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: "default", TaskQueueType: activityTasks, UpdateQueueRateLimit: limit(-1),
	})
}

// numbered are n activities that come after one another in the queue, whatever
// the order in which they get there.
func numbered(e *Env, n int32) []*commandpb.Command {
	out := make([]*commandpb.Command, n)
	for i := range n {
		out[i] = prioritized(e, strconv.Itoa(int(i)+1), i+1)
	}
	return out
}

// limit limits the scenario's queue of activities and waits until it is; nil: no limit.
func (e *Env) limit(to *taskqueuepb.RateLimit) {
	e.Helper()
	resp, err := e.Service.UpdateTaskQueueConfig(e.Ctx(), &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: "default", Identity: Identity, TaskQueue: e.Name, TaskQueueType: activityTasks,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{
			RateLimit: to, Reason: "to see",
		},
	})
	e.Must(err)
	e.Note("limited: %s", Message(resp, "updateTime"))
	e.Until(func() bool {
		l := e.describeQueue(activityTasks).GetEffectiveRateLimit()
		fromConfig := l.GetRateLimitSource() == enumspb.RATE_LIMIT_SOURCE_API
		return fromConfig == (to != nil) && (to == nil || l.GetRequestsPerSecond() == to.GetRequestsPerSecond())
	})
}

func (e *Env) activityPoll() *workflowservice.PollActivityTaskQueueRequest {
	return &workflowservice.PollActivityTaskQueueRequest{
		Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
	}
}

// pollActivityAt is pollActivity of a worker that wants no more tasks in a second.
func (e *Env) pollActivityAt(rate float64) *workflowservice.PollActivityTaskQueueResponse {
	e.Helper()
	req := e.activityPoll()
	req.TaskQueueMetadata = &taskqueuepb.TaskQueueMetadata{MaxTasksPerSecond: wrapperspb.Double(rate)}
	a, err := e.Service.PollActivityTaskQueue(e.Ctx(), req)
	e.Must(err)
	e.noteActivity(a)
	return a
}
