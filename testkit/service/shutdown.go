package service

import (
	"context"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workerpb "go.temporal.io/api/worker/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// ShutdownWorker takes a worker's word that it stops: its sticky queue gets no
// more tasks and, if the namespace can, its polls end. The heartbeat that comes
// with it is its last.
func (v *server) ShutdownWorker(
	_ context.Context, req *workflowservice.ShutdownWorkerRequest,
) (*workflowservice.ShutdownWorkerResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if v.s.options.Capabilities.GetWorkerPollCompleteOnShutdown() &&
		req.GetWorkerInstanceKey() != "" && req.GetTaskQueue() != "" {
		v.s.endPolls(req)
	}
	if h := req.GetWorkerHeartbeat(); h != nil && v.s.options.Capabilities.GetWorkerHeartbeats() {
		n.record([]*workerpb.WorkerHeartbeat{h})
	}
	if name := req.GetStickyTaskQueue(); name != "" {
		q := v.s.queue(queueKey{req.GetNamespace(), name, enumspb.TASK_QUEUE_TYPE_WORKFLOW})
		q.end(func(*poller) bool { return true })
		q.lastPoll = time.Time{}
	}
	return &workflowservice.ShutdownWorkerResponse{}, nil
}

// endPolls ends the polls of a worker that stops, and has its queues forget it.
func (s *Service) endPolls(req *workflowservice.ShutdownWorkerRequest) {
	s.shutdown[req.GetWorkerInstanceKey()] = true
	for _, q := range s.queues {
		q.end(func(p *poller) bool { return p.instance == req.GetWorkerInstanceKey() })
	}
	kinds := req.GetTaskQueueTypes()
	if len(kinds) == 0 {
		kinds = []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY}
	}
	for _, kind := range kinds {
		if q := s.queues[queueKey{req.GetNamespace(), req.GetTaskQueue(), kind}]; q != nil {
			delete(q.known, req.GetIdentity())
		}
	}
}

// end answers the polls with nothing.
func (q *queue) end(which func(*poller) bool) {
	q.pollers = slices.DeleteFunc(q.pollers, func(p *poller) bool {
		if !which(p) {
			return false
		}
		p.given = true
		p.got <- nil
		return true
	})
}
