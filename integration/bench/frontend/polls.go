package frontend

import (
	"context"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// polls are those that wait for tasks.
type polls struct {
	waiting int
	drains  bool                     // whether those of a worker end when it says that it stops
	ends    map[string]chan struct{} // of those, by worker

	together int       // how many began with the first
	first    time.Time // when that was
}

// PollTime is how long a poll waits for a task, as with real servers.
const PollTime = time.Minute

// park counts a poll that waits, and returns how long it waits. Polls that begin together with the
// first, as those of a worker that has just started, end at moments that are spread evenly over
// [PollTime], so that in any part of a minute a fair share of polls ends without a task; those after
// them take all of it.
func (f *Frontend) park() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polls.waiting++
	now := time.Now()
	if f.polls.together == 0 {
		f.polls.first = now
	}
	if now.Sub(f.polls.first) > time.Second {
		return PollTime
	}
	f.polls.together++
	return spread(f.polls.together)
}

func (f *Frontend) unpark() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polls.waiting--
}

// spread are moments in PollTime of which any first ones lie evenly.
func spread(i int) time.Duration {
	const golden = 0.6180339887498949
	share := float64(i) * golden
	return time.Duration((share - float64(int(share))) * float64(PollTime))
}

// A request is one for a task.
type request interface {
	GetTaskQueue() *taskqueuepb.TaskQueue
	GetWorkerInstanceKey() string
}

// poll lasts until there is a task or nobody waits for it any more, or the server ends it: then its
// task is empty.
func poll[T any](ctx context.Context, f *Frontend, q queues[*T], req request) (task *T, err error) {
	f.mu.Lock()
	tasks, over := q.named(req.GetTaskQueue().GetName()), f.end(req.GetWorkerInstanceKey())
	f.mu.Unlock()
	select {
	case task = <-tasks:
		return task, nil
	default:
	}
	timer := time.NewTimer(f.park())
	defer f.unpark()
	defer timer.Stop()
	select {
	case task = <-tasks:
		return task, nil
	case <-over:
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return new(T), nil
}

// end is closed when the polls of a worker are to end. Called with the lock held.
func (f *Frontend) end(worker string) chan struct{} {
	over, ok := f.polls.ends[worker]
	if !ok {
		over = make(chan struct{})
		f.polls.ends[worker] = over
	}
	return over
}

// ShutdownWorker implements the service.
func (f *Frontend) ShutdownWorker(
	_ context.Context, req *workflowservice.ShutdownWorkerRequest,
) (*workflowservice.ShutdownWorkerResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	over := f.end(req.GetWorkerInstanceKey())
	if f.polls.drains && !isClosed(over) {
		close(over)
	}
	return &workflowservice.ShutdownWorkerResponse{}, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
