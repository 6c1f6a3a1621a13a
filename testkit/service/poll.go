package service

import (
	"context"
	"errors"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// answerBefore is how long before the deadline of a call that waits it is
// answered, so that the answer still arrives.
const answerBefore = time.Second

// shortestPoll is how long a poll must have at least.
const shortestPoll = 2 * time.Second

// pageSize is how many events one answer carries at most.
const pageSize = 256

// PollWorkflowTaskQueue waits for a workflow task.
func (v *server) PollWorkflowTaskQueue(
	ctx context.Context, req *workflowservice.PollWorkflowTaskQueueRequest,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	if len(req.GetIdentity()) > maxID {
		return nil, invalid("Identity length exceeds limit.")
	}
	if err := checkQueue(req.GetTaskQueue()); err != nil {
		return nil, err
	}
	if err := checkDeployment(req.GetDeploymentOptions(), req.GetTaskQueue()); err != nil {
		return nil, err
	}
	got, err := v.s.poll(ctx, queueKey{
		req.GetNamespace(), req.GetTaskQueue().GetName(), enumspb.TASK_QUEUE_TYPE_WORKFLOW,
	}, &poller{
		queue: req.GetTaskQueue(), identity: req.GetIdentity(), instance: req.GetWorkerInstanceKey(),
		//nolint:staticcheck // workers still send it
		version: stamp(req.GetWorkerVersionCapabilities()), capabilities: req.GetWorkerVersionCapabilities(),
		deployment: req.GetDeploymentOptions(),
	})
	if response, ok := got.(*workflowservice.PollWorkflowTaskQueueResponse); ok {
		return response, nil
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.PollWorkflowTaskQueueResponse{}, nil
}

// stamp is what a poll says of the worker's code, as events have it.
func stamp(c *commonpb.WorkerVersionCapabilities) *commonpb.WorkerVersionStamp {
	if c.GetBuildId() == "" || c.GetUseVersioning() {
		return nil
	}
	return &commonpb.WorkerVersionStamp{BuildId: c.GetBuildId()}
}

// PollActivityTaskQueue waits for an attempt of an activity.
func (v *server) PollActivityTaskQueue(
	ctx context.Context, req *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	if len(req.GetIdentity()) > maxID {
		return nil, invalid("Identity length exceeds limit.")
	}
	if err := checkQueue(req.GetTaskQueue()); err != nil {
		return nil, err
	}
	if err := checkDeployment(req.GetDeploymentOptions(), req.GetTaskQueue()); err != nil {
		return nil, err
	}
	got, err := v.s.poll(ctx, queueKey{
		req.GetNamespace(), req.GetTaskQueue().GetName(), enumspb.TASK_QUEUE_TYPE_ACTIVITY,
	}, &poller{
		queue: req.GetTaskQueue(), identity: req.GetIdentity(), instance: req.GetWorkerInstanceKey(),
		rate: maxRate(req.GetTaskQueueMetadata()), deployment: req.GetDeploymentOptions(),
		capabilities: req.GetWorkerVersionCapabilities(), //nolint:staticcheck // workers still send it
	})
	if response, ok := got.(*workflowservice.PollActivityTaskQueueResponse); ok {
		return response, nil
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.PollActivityTaskQueueResponse{}, nil
}

// poll waits for a task. Neither a task nor an error means that there was none.
func (s *Service) poll(ctx context.Context, k queueKey, p *poller) (proto.Message, error) {
	if at, ok := ctx.Deadline(); ok && time.Until(at) < shortestPoll {
		return nil, invalid("Context timeout is too short.")
	}
	p.got = make(chan proto.Message, 1)
	s.mu.Lock()
	n, err := s.space(k.namespace)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if p.queue.GetKind() != enumspb.TASK_QUEUE_KIND_STICKY {
		n.register(p.belongs(), k, s.now())
	}
	if p.instance != "" && s.shutdown[p.instance] {
		s.mu.Unlock()
		return nil, nil //nolint:nilnil // a worker that stops gets no more tasks
	}
	q := s.queue(k)
	p.down = s.down
	q.lastPoll, p.since = time.Now(), time.Now()
	q.remember(p, p.since)
	q.limit.worker = p.rate
	q.limit.apply(s.now())
	q.pollers = append(q.pollers, p)
	s.match(q)
	s.mu.Unlock()

	got, err := s.waitTask(ctx, p)
	if got != nil {
		return got, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.given {
		if len(p.got) == 0 {
			return nil, nil //nolint:nilnil // it was ended
		}
		// It has begun: whoever polled must have it, or it times out.
		return <-p.got, nil
	}
	if p.down != s.down {
		return nil, err // after a restart nobody knows of it
	}
	q.pollers = slices.DeleteFunc(q.pollers, func(other *poller) bool { return other == p })
	q.lastPoll = time.Now()
	if !errors.Is(ctx.Err(), context.Canceled) {
		q.remember(p, q.lastPoll)
	}
	return nil, err
}

// waitTask waits until the poll is given something or is over.
func (s *Service) waitTask(ctx context.Context, p *poller) (proto.Message, error) {
	var over <-chan time.Time
	done := ctx.Done()
	s.leave()
	defer s.enter()
	patient := p.instance != "" && ctx.Value(patience{}) != nil
	if !patient {
		timeout := time.NewTimer(within(ctx, s.options.PollTimeout))
		defer timeout.Stop()
		over = timeout.C
	}
	for {
		select {
		case got := <-p.got:
			return got, nil
		case <-over:
			return nil, nil //nolint:nilnil // there was no task
		case <-done:
			if !patient || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, ctx.Err()
			}
			done = nil // from now on only a task, ShutdownWorker or Close ends it
		case <-p.down:
			return nil, s.wentDown()
		}
	}
}

// within is how long a call may wait, given its deadline. If that is near, the
// call waits for it: a client that calls again at once would never let time pass.
func within(ctx context.Context, most time.Duration) time.Duration {
	if at, ok := ctx.Deadline(); ok {
		if left := time.Until(at) - answerBefore; left > 0 {
			return min(most, left)
		}
	}
	return most
}

// taskResponse is the workflow task in flight as a worker gets it; with follows,
// one that has just answered the task before. resend says whether updates that
// were sent before are sent again.
func (r *run) taskResponse(
	identity string, follows, resend bool,
) *workflowservice.PollWorkflowTaskQueueResponse {
	t := &r.task
	first := int64(1)
	if r.sticky != "" || follows {
		first = r.lastStarted + 1
	}
	history, next := r.page(pageToken{RunID: r.id, First: first, Next: r.nextID(), Running: true}, pageSize)
	if next == nil && !t.written() {
		history.Events = append(history.Events, r.transient(identity)...)
	}
	response := &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:                  r.taskToken(),
		WorkflowExecution:          r.execution(),
		WorkflowType:               r.started.GetWorkflowType(),
		PreviousStartedEventId:     r.lastStarted,
		StartedEventId:             t.started,
		Attempt:                    t.attempt,
		History:                    history,
		NextPageToken:              next,
		WorkflowExecutionTaskQueue: r.normalQueue(),
		ScheduledTime:              timestamppb.New(t.scheduledAt),
		StartedTime:                timestamppb.New(t.startedAt),
		Messages:                   r.send(resend),
	}
	for _, q := range r.queries {
		if q.over {
			continue
		}
		if response.Queries == nil {
			response.Queries = make(map[string]*querypb.WorkflowQuery)
		}
		response.Queries[q.id] = q.input
	}
	return response
}

// taskToken names the workflow task.
func (r *run) taskToken() []byte {
	t := &r.task
	return token{
		Namespace: r.namespace.name, WorkflowID: r.workflowID, RunID: r.id,
		Scheduled: t.scheduled, Started: t.started, Attempt: t.attempt, Stamp: t.stamp,
	}.bytes()
}

// transient are the events of a task that are not in history.
func (r *run) transient(identity string) []*historypb.HistoryEvent {
	scheduled := r.scheduledEvent(r.currentQueue(), r.task.scheduledAt)
	scheduled.EventId = r.task.scheduled
	if r.task.started == 0 {
		return []*historypb.HistoryEvent{scheduled}
	}
	started := r.startedEvent(identity, nil)
	started.EventId = r.task.started
	return []*historypb.HistoryEvent{scheduled, started}
}

// beginActivity starts the attempt; nil if it is not wanted any more.
func (o offer) beginActivity(p *poller) proto.Message {
	r := o.run
	a := r.activities[o.scheduled]
	if a == nil || a.isStarted || a.stamp != o.stamp {
		return nil
	}
	response := r.beginActivity(a, p.identity)
	response.Priority = inherit(r.priority(), response.GetPriority()) // but not of one that is handed out eagerly
	r.commit()
	return response
}

// beginActivity starts the pending attempt of the activity for a worker.
func (r *run) beginActivity(a *activity, identity string) *workflowservice.PollActivityTaskQueueResponse {
	a.isStarted, a.startedAt, a.requestID, a.identity = true, r.s.now(), r.s.newID(), identity
	attributes := a.original() // as the server has it, even if they have been changed
	toClose := attributes.GetScheduleToCloseTimeout()
	if toClose == nil {
		toClose = durationpb.New(0)
	}
	return &workflowservice.PollActivityTaskQueueResponse{
		TaskToken: token{
			Namespace: r.namespace.name, WorkflowID: r.workflowID, RunID: r.id,
			Scheduled: a.id(), Attempt: a.attempt, ActivityID: attributes.GetActivityId(),
		}.bytes(),
		WorkflowNamespace:           r.namespace.name,
		WorkflowType:                r.started.GetWorkflowType(),
		WorkflowExecution:           &commonpb.WorkflowExecution{WorkflowId: r.workflowID, RunId: r.id},
		ActivityType:                attributes.GetActivityType(),
		ActivityId:                  attributes.GetActivityId(),
		Header:                      attributes.GetHeader(),
		Input:                       attributes.GetInput(),
		HeartbeatDetails:            a.details,
		ScheduledTime:               a.scheduled.GetEventTime(),
		CurrentAttemptScheduledTime: timestamppb.New(a.scheduledAt),
		StartedTime:                 timestamppb.New(a.startedAt),
		Attempt:                     a.attempt,
		ScheduleToCloseTimeout:      toClose,
		StartToCloseTimeout:         attributes.GetStartToCloseTimeout(),
		HeartbeatTimeout:            attributes.GetHeartbeatTimeout(),
		RetryPolicy:                 a.attributes.GetRetryPolicy(),
		Priority:                    a.attributes.GetPriority(),
	}
}
