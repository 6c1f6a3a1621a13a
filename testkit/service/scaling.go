package service

import (
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// A poll that has waited that long for its task was one too many.
	idlePoll = time.Second
	// A backlog of that age wants more polls.
	oldBacklog = 200 * time.Millisecond
	// So do tasks that come so many times faster than they go.
	fastArrival = 1.2
	// adviceRate is how often in a second each poller of a queue may be told to add
	// polls, and how often at once.
	adviceRate = 10
)

// advice is the bucket of tokens that keeps polls from growing too fast. A poll
// takes one token divided by the number of pollers.
type advice struct {
	used float64 // tokens that are missing
	at   time.Time
}

// take reports whether the pollers may be told something.
func (a *advice) take(pollers int, at time.Time) bool {
	a.used = max(0, a.used-adviceRate*at.Sub(a.at).Seconds())
	a.at = at
	cost := 1 / float64(max(1, pollers))
	if a.used+cost > adviceRate {
		return false
	}
	a.used += cost
	return true
}

// scale says whether there should be more polls like the one that gets a task
// now, or fewer. oldest is since when the oldest task has waited, that one
// included; zero if none has.
func (q *queue) scale(p *poller, oldest, at time.Time) *taskqueuepb.PollerScalingDecision {
	if at.Sub(p.since) >= idlePoll {
		return &taskqueuepb.PollerScalingDecision{PollRequestDeltaSuggestion: -1}
	}
	if !q.advice.take(len(q.recentPollers(at)), at) {
		return nil
	}
	sum := q.stats(at)
	backlog := !oldest.IsZero() && at.Sub(oldest) > oldBacklog
	if backlog || float64(sum.GetTasksAddRate())/float64(sum.GetTasksDispatchRate()) > fastArrival {
		return &taskqueuepb.PollerScalingDecision{PollRequestDeltaSuggestion: 1}
	}
	return nil
}

// advise tells a poll that gets a task what the queue is like. oldest is as in
// scale.
func (q *queue) advise(p *poller, response proto.Message, oldest time.Time) {
	switch r := response.(type) {
	case *workflowservice.PollWorkflowTaskQueueResponse:
		r.PollerScalingDecision = q.scale(p, oldest, time.Now())
		r.BacklogCountHint = int64(len(q.tasks))
	case *workflowservice.PollActivityTaskQueueResponse:
		r.PollerScalingDecision = q.scale(p, oldest, time.Now())
	}
}

// oldest is since when the oldest task has waited; zero if none does.
func (q *queue) oldest() time.Time {
	var first time.Time
	for _, o := range q.tasks {
		if first.IsZero() || o.since.Before(first) {
			first = o.since
		}
	}
	return first
}
