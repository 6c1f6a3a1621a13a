package service

import (
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// startEagerly begins the first workflow task of a run for the client that
// starts it. It stays in flight until that answers or it times out.
func (r *run) startEagerly() {
	r.newTask(normalTask)
	r.startTask(r.normalQueue(), r.started.GetIdentity(), r.requestID, nil)
}

// eagerTask is the first workflow task for the client that started the run; nil
// if it has ended or if a worker has polled it.
func (r *run) eagerTask() *workflowservice.PollWorkflowTaskQueueResponse {
	const first = 3 // behind the start of the run and the task's scheduling
	t := &r.task
	if !r.running() || t.started != first || t.attempt > 1 {
		return nil
	}
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:                  r.taskToken(),
		WorkflowExecution:          r.execution(),
		WorkflowType:               r.started.GetWorkflowType(),
		StartedEventId:             t.started,
		Attempt:                    t.attempt,
		History:                    &historypb.History{Events: r.events},
		WorkflowExecutionTaskQueue: r.normalQueue(),
		ScheduledTime:              timestamppb.New(t.scheduledAt),
		StartedTime:                timestamppb.New(t.startedAt),
	}
}

// beginEager begins the activities that the worker has asked for with the
// response, unless they were cancelled or the workflow is closed.
func (c *completion) beginEager() []*workflowservice.PollActivityTaskQueueResponse {
	if !c.r.running() {
		return nil
	}
	var tasks []*workflowservice.PollActivityTaskQueueResponse
	for _, a := range c.eager {
		if c.r.activities[a.id()] == a {
			tasks = append(tasks, c.r.beginActivity(a, c.req.GetIdentity()))
		}
	}
	return tasks
}
