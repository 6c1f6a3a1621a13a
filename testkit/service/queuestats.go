package service

import (
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// Rates of tasks are measured over that many buckets, so long each; the last
	// is not over yet.
	rateBuckets = 7
	rateBucket  = 5 * time.Second
)

// flow counts the tasks of one rank that come to a queue and leave it.
type flow struct {
	began             time.Time
	added, dispatched counter
}

// counter counts what happened lately.
type counter struct {
	buckets [rateBuckets]int
	last    int64 // which bucket is the latest, since the flow began
}

func bucketAt(began, at time.Time) int64 { return int64(at.Sub(began) / rateBucket) }

// advance empties the buckets that are too old.
func (c *counter) advance(to int64) {
	for range min(to-c.last, rateBuckets) {
		c.last++
		c.buckets[c.last%rateBuckets] = 0
	}
	if c.last < to {
		c.last = to
	}
}

func (c *counter) inc(began, at time.Time) {
	b := bucketAt(began, at)
	c.advance(b)
	c.buckets[b%rateBuckets]++
}

// rate is how many there were in a second.
func (c *counter) rate(began, at time.Time) float32 {
	b := bucketAt(began, at)
	c.advance(b)
	n := 0
	for _, k := range c.buckets {
		n += k
	}
	in := at.Sub(began) - time.Duration(b)*rateBucket + (rateBuckets-1)*rateBucket
	in = min(in, at.Sub(began))
	if in <= 0 {
		return 0
	}
	return float32(n) / float32(in.Seconds())
}

// flow returns the counts of the rank.
func (q *queue) flow(rank int32, at time.Time) *flow {
	f := q.flows[rank]
	if f == nil {
		f = &flow{began: at}
		if q.flows == nil {
			q.flows = make(map[int32]*flow)
		}
		q.flows[rank] = f
	}
	return f
}

// came counts a task that has come to the queue.
func (q *queue) came(rank int32, at time.Time) {
	f := q.flow(rank, at)
	f.added.inc(f.began, at)
}

// left counts a task that goes to a poll.
func (q *queue) left(rank int32, at time.Time) {
	f := q.flow(rank, at)
	f.dispatched.inc(f.began, at)
}

// level is the priority that what is told of a queue counts a rank among.
func level(rank int32) int32 { return min(rank, priorityLevels) }

// waits notes which levels have had a backlog.
func (q *queue) waits() {
	for _, o := range q.tasks {
		if q.levels == nil {
			q.levels = make(map[int32]bool)
		}
		q.levels[level(o.rank)] = true
	}
}

// statsByPriority tells of the backlog and the rates of each priority that has
// had tasks, and of the default one.
func (q *queue) statsByPriority(at time.Time) map[int32]*taskqueuepb.TaskQueueStats {
	all := make(map[int32]*taskqueuepb.TaskQueueStats)
	of := func(key int32) *taskqueuepb.TaskQueueStats {
		if all[key] == nil {
			all[key] = &taskqueuepb.TaskQueueStats{ApproximateBacklogAge: durationpb.New(0)}
		}
		return all[key]
	}
	of(defaultPriority)
	for key := range q.levels {
		of(key)
	}
	for _, o := range q.tasks {
		s := of(level(o.rank))
		s.ApproximateBacklogCount++
		if age := at.Sub(o.since); age > s.GetApproximateBacklogAge().AsDuration() {
			s.ApproximateBacklogAge = durationpb.New(age)
		}
	}
	for rank, f := range q.flows {
		s := of(rank)
		s.TasksAddRate, s.TasksDispatchRate = f.added.rate(f.began, at), f.dispatched.rate(f.began, at)
	}
	limited := q.held.rate(q.made, at) > 0
	for _, s := range all {
		s.RateLimitingActive = limited
	}
	return all
}

// stats are those of all priorities together.
func (q *queue) stats(at time.Time) *taskqueuepb.TaskQueueStats {
	sum := &taskqueuepb.TaskQueueStats{ApproximateBacklogAge: durationpb.New(0)}
	for _, s := range q.statsByPriority(at) {
		sum.ApproximateBacklogCount += s.GetApproximateBacklogCount()
		if s.GetApproximateBacklogAge().AsDuration() > sum.GetApproximateBacklogAge().AsDuration() {
			sum.ApproximateBacklogAge = s.GetApproximateBacklogAge()
		}
		sum.TasksAddRate += s.GetTasksAddRate()
		sum.TasksDispatchRate += s.GetTasksDispatchRate()
		sum.RateLimitingActive = sum.GetRateLimitingActive() || s.GetRateLimitingActive()
	}
	return sum
}
