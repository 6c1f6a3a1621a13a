package scenarios

import (
	"strings"

	"github.com/google/uuid"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

func priorityScenarios() []Scenario {
	return []Scenario{
		{"priority-activities", func(e *Env) {
			e.anew()
			e.Start(Listen)
			e.respond(e.poll(""), nil, prioritized(e, "five", 5), prioritized(e, "one", 1), scheduleActivity(e, "default"),
				prioritized(e, "two", 2), prioritized(e, "nine", 9), prioritized(e, "four", 4))
			e.awaitBacklog(enumspb.TASK_QUEUE_TYPE_ACTIVITY, 6)
			e.noteQueue(enumspb.TASK_QUEUE_TYPE_ACTIVITY)
			for range 6 {
				e.respondActivity(e.pollActivity())
			}
			e.terminate()
		}},
		{"priority-workflows", func(e *Env) {
			// Each waits in the queue before the next comes: what has one priority is
			// first come first served.
			for i, start := range []struct {
				id  string
				key int
			}{{"late", 4}, {"first", 0}, {"second", 3}, {"third", 0}, {"early", 1}} {
				e.StartWith(client.StartWorkflowOptions{
					ID: e.Name + "-" + start.id, Priority: temporal.Priority{PriorityKey: start.key},
				}, Listen)
				e.awaitBacklog(enumspb.TASK_QUEUE_TYPE_WORKFLOW, int64(i)+1)
			}
			for range 5 {
				e.respond(e.poll(""), nil, complete())
			}
		}},
		{"priority-inherited", func(e *Env) {
			e.StartWith(client.StartWorkflowOptions{
				Priority: temporal.Priority{PriorityKey: 2, FairnessKey: "tenant", FairnessWeight: 2.5},
			}, Listen)
			e.Note("%s", describe(e, e.Name))
			got := e.respondEager(e.poll(""), prioritized(e, "own", 4), scheduleActivity(e, "inherited"),
				eagerly(scheduleActivity(e, "eager")))
			e.awaitBacklog(enumspb.TASK_QUEUE_TYPE_ACTIVITY, 2)
			e.respondActivity(e.pollActivity())
			e.respondActivity(e.pollActivity())
			e.respondActivity(got[0])
			e.terminate()
		}},
		{"priority-not-valid", func(e *Env) {
			for _, p := range badPriorities() {
				_, err := e.Service.StartWorkflowExecution(e.Ctx(), &startRequest{
					Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
					TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, Priority: p,
				})
				e.NoteErr("start", err)
			}
			e.Start(Listen)
			t := e.poll("")
			for _, p := range badPriorities() {
				c := scheduleActivity(e, "1")
				c.GetScheduleActivityTaskCommandAttributes().Priority = p
				e.respond(t, nil, c)
				if t.GetAttempt() == 1 {
					t = e.poll("")
				}
			}
			e.respond(t, nil, complete())
		}},
	}
}

func badPriorities() []*commonpb.Priority {
	return []*commonpb.Priority{
		{PriorityKey: -1}, {FairnessWeight: -1}, {FairnessKey: strings.Repeat("long", 20)},
	}
}

// prioritized is an activity of the priority.
func prioritized(e *Env, id string, key int32) *commandpb.Command {
	c := scheduleActivity(e, id)
	c.GetScheduleActivityTaskCommandAttributes().Priority = &commonpb.Priority{PriorityKey: key}
	return c
}

// anew gives the scenario a name, and so a task queue, that no run of it before
// has used on the same server.
func (e *Env) anew() { e.Name += "-" + uuid.NewString() }

// describeQueue asks for all that there is to be known of the scenario's queue.
func (e *Env) describeQueue(kind enumspb.TaskQueueType) *workflowservice.DescribeTaskQueueResponse {
	e.Helper()
	d, err := e.Service.DescribeTaskQueue(e.Ctx(), &workflowservice.DescribeTaskQueueRequest{
		Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, TaskQueueType: kind,
		ReportStats: true, ReportConfig: true,
	})
	e.Must(err)
	return d
}

// noteQueue notes how the scenario's queue is, without what depends on time.
func (e *Env) noteQueue(kind enumspb.TaskQueueType) {
	e.Helper()
	d := e.describeQueue(kind)
	e.Note("queue: %s", Message(d, "statsByPriorityKey", "approximateBacklogAge", "tasksAddRate",
		"tasksDispatchRate", "lastAccessTime", "updateTime"))
	for key := range int32(10) {
		if s := d.GetStatsByPriorityKey()[key]; s != nil {
			e.Note("of priority %d: %s", key, Message(s, "approximateBacklogAge", "tasksAddRate", "tasksDispatchRate"))
		}
	}
}

// awaitBacklog waits until so many tasks wait in the scenario's queue.
func (e *Env) awaitBacklog(kind enumspb.TaskQueueType, n int64) {
	e.Helper()
	e.Until(func() bool { return e.describeQueue(kind).GetStats().GetApproximateBacklogCount() == n })
}
