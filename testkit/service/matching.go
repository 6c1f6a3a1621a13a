package service

import (
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// A sticky queue whose worker has not polled for that long gets no tasks.
	stickyWindow = 10 * time.Second
	// A query gives up a little early in a queue that nobody has polled for that long.
	queryWindow = 20 * time.Second
)

// queueKey names a task queue.
type queueKey struct {
	namespace, name string
	kind            enumspb.TaskQueueType
}

// queue is one task queue: the tasks that wait for polls, or the polls that wait
// for tasks. The service's lock guards it.
type queue struct {
	key      queueKey
	space    *namespace
	tasks    []offer  // the most urgent first
	queries  []*query // served before tasks of their priority: someone waits for them
	pollers  []*poller
	lastPoll time.Time // when the last poll ended or, if one waits, began, in real time

	limit  rateLimit
	alarm  alarm // when the limit lets the next task go
	config *taskqueuepb.TaskQueueConfig
	known  map[string]pollerInfo // who polls it, by identity
	flows  map[int32]*flow       // by rank
	levels map[int32]bool        // that have had a backlog
	held   counter               // times that the limit has held a task back
	made   time.Time             // in real time
	advice advice
}

// offer is a task that waits. It may be out of date when its turn comes.
type offer struct {
	run   *run
	since time.Time // real time
	rank  int32     // of its priority
	// stamp is that of the workflow task, or that of the activity when it was offered.
	stamp int64
	// scheduled is that of the activity; zero for workflow tasks.
	scheduled int64
}

// poller is a poll that waits.
type poller struct {
	queue    *taskqueuepb.TaskQueue
	identity string
	instance string
	version  *commonpb.WorkerVersionStamp // what it says of its code
	since    time.Time                    // real time
	rate     *float64                     // how many tasks it wants in a second

	capabilities *commonpb.WorkerVersionCapabilities
	deployment   *deploymentpb.WorkerDeploymentOptions

	got   chan proto.Message // has room for one: who hands over never waits
	given bool
	down  <-chan struct{} // closed when the service restarts
}

func (s *Service) queue(k queueKey) *queue {
	q := s.queues[k]
	if q == nil {
		q = &queue{key: k, made: time.Now(), space: s.namespaces[k.namespace]}
		q.alarm = alarm{queue: q, index: -1}
		s.queues[k] = q
	}
	return q
}

func (s *Service) workflowQueue(r *run, name string) *queue {
	return s.queue(queueKey{r.namespace.name, name, enumspb.TASK_QUEUE_TYPE_WORKFLOW})
}

// alive reports whether someone polls the queue or has polled it lately.
func (q *queue) alive(window time.Duration) bool {
	return len(q.pollers) > 0 || !q.lastPoll.IsZero() && time.Since(q.lastPoll) < window
}

// offerWorkflowTask gives the run's workflow task to a worker, now or when one
// polls.
func (s *Service) offerWorkflowTask(r *run, stamp int64) {
	if r.task.stamp != stamp || r.task.inFlight() {
		return
	}
	q := s.workflowQueue(r, r.started.GetTaskQueue().GetName())
	if r.sticky != "" {
		if own := s.workflowQueue(r, r.sticky); own.alive(stickyWindow) && !r.leaves() {
			q = own
		}
	}
	s.put(q, offer{run: r, rank: rankOf(r.priority()), stamp: stamp})
}

// offerActivity gives an attempt of an activity to a worker.
func (s *Service) offerActivity(r *run, scheduled, stamp int64) {
	a := r.activities[scheduled]
	if a == nil || a.stamp != stamp {
		return
	}
	q := s.queue(queueKey{
		r.namespace.name, a.attributes.GetTaskQueue().GetName(), enumspb.TASK_QUEUE_TYPE_ACTIVITY,
	})
	s.put(q, offer{
		run: r, rank: rankOf(inherit(r.priority(), a.attributes.GetPriority())),
		scheduled: scheduled, stamp: stamp,
	})
}

// put adds a task to the queue.
func (s *Service) put(q *queue, o offer) {
	o.since = time.Now()
	q.came(o.rank, o.since)
	q.add(o)
	s.match(q)
	q.waits()
}

// match hands tasks to polls of their version while there are both and the
// queue's limit allows it.
func (s *Service) match(q *queue) {
	for i := 0; i < len(q.pollers); {
		if q.limit.holdsBack(s.now()) {
			s.holdBack(q)
			return
		}
		p := q.pollers[i]
		q.pollers = slices.Delete(q.pollers, i, i+1)
		before, oldest := q.limit.ready, q.oldest()
		q.limit.take(s.now())
		response := s.take(q, p)
		if response == nil {
			q.limit.ready = before
			i = min(i, len(q.pollers))
			q.pollers = slices.Insert(q.pollers, i, p)
			if len(q.tasks) == 0 && len(q.queries) == 0 {
				return
			}
			i++
			continue
		}
		i = 0
		q.lastPoll = time.Now()
		q.remember(p, q.lastPoll)
		q.advise(p, response, oldest)
		p.given = true
		p.got <- response
	}
}

// holdBack waits until the limit lets the next task go, if there is one.
func (s *Service) holdBack(q *queue) {
	if len(q.queries) == 0 && !slices.ContainsFunc(q.tasks, offer.wanted) {
		return
	}
	q.held.inc(q.made, time.Now())
	if !q.limit.never {
		s.alarms.set(&q.alarm, q.limit.ready)
	}
}

// take begins the first task of the queue that is still wanted and for the poll.
func (s *Service) take(q *queue, p *poller) proto.Message {
	q.queries = slices.DeleteFunc(q.queries, func(one *query) bool { return one.over })
	ask := slices.IndexFunc(q.queries, func(one *query) bool { return q.fits(one.run, p) })
	for i, next := range q.tasks {
		if ask >= 0 && q.queries[ask].rank() <= next.rank {
			break
		}
		if next.wanted() && (!q.fits(next.run, p) || next.waits(p)) {
			continue
		}
		q.tasks = slices.Delete(slices.Clone(q.tasks), i, i+1)
		q.left(next.rank, time.Now())
		if response := next.begin(p); response != nil {
			return response
		}
		return s.take(q, p) // the queue may be another now
	}
	if ask < 0 {
		return nil
	}
	next := q.queries[ask]
	q.queries = slices.Delete(q.queries, ask, ask+1)
	q.left(next.rank(), time.Now())
	return next.response(p.queue)
}

// begin starts the task for the poll; nil if it is not wanted any more.
func (o offer) begin(p *poller) proto.Message {
	if !o.run.running() {
		return nil
	}
	if o.scheduled != 0 {
		return o.beginActivity(p)
	}
	r := o.run
	if r.task.stamp != o.stamp || r.task.inFlight() {
		return nil
	}
	r.versioning.notice(r.workflowRoute())
	if !r.startTask(p.queue, p.identity, r.s.newID(), p.version) {
		return nil
	}
	speculative := r.task.kind == speculativeTask
	if !speculative {
		r.goWith(p)
	}
	response := r.taskResponse(p.identity, false, true)
	if speculative && len(response.GetMessages()) == 0 {
		// What it was made for has gone.
		r.dropTask()
		r.settle()
		return nil
	}
	if speculative {
		r.settle()
	} else {
		r.commit()
	}
	if !r.running() {
		return nil // its history has become too large
	}
	return response
}
