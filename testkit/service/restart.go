package service

import (
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
)

// Restart is what clients and workers see of a server that stops and starts again
// at once. What is in its database stays: runs with their histories and timers,
// tasks that wait, and tasks that workers have begun, which they may still answer
// and which time out if they do not. What is only in its memory goes:
//
//   - polls and all other calls that wait end with an error of code Unavailable,
//     and connections through [Service.Serve] and [Service.Dial] break;
//   - queries are lost, and updates that no workflow has accepted, with the
//     workflow tasks that were made for them alone; their callers get Unavailable;
//   - nobody is known to have polled: until a worker polls its own queue, tasks of
//     its workflows go to the normal one.
//
// Calls that do not wait are not broken off. Connections break a moment later; a
// [Hook] may call Restart.
func (s *Service) Restart() {
	s.mu.Lock()
	if s.alarms.stopped {
		s.mu.Unlock()
		return
	}
	close(s.down)
	s.down = make(chan struct{})
	for _, q := range s.queues {
		q.pollers, q.queries, q.known, q.lastPoll = nil, nil, nil, time.Time{}
	}
	for _, r := range s.runs {
		r.queries = nil
		if r.running() {
			r.forgetUpdates()
		}
	}
	clear(s.queries)
	clear(s.shutdown)
	s.mu.Unlock()
	s.serving.restart()
}

func errRestarted() error { return serviceerror.NewUnavailable("the service has restarted") }

// wentDown is why a call that waits was ended.
func (s *Service) wentDown() error {
	select {
	case <-s.closed:
		return errClosed()
	default:
		return errRestarted()
	}
}

// forgetUpdates ends the updates that are not in history yet, and the workflow
// task that has no other purpose.
func (r *run) forgetUpdates() {
	for _, id := range slices.Clone(r.order) {
		u := r.updates[id]
		if u.stage != admitted && u.stage != sent {
			continue
		}
		u.stage, u.err = aborted, serviceerror.NewUnavailable(textUpdateAborted)
		r.forget(u)
		r.step(u)
	}
	if r.task.kind == speculativeTask {
		r.dropTask()
	}
	r.settle()
}
