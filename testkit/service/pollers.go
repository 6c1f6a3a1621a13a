package service

import (
	"cmp"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// pollerMemory is how long a queue remembers who has polled it.
	pollerMemory = 5 * time.Minute
	// ratePolled is the rate of tasks that is told of a poller which has named none.
	ratePolled = 100000
)

// pollerInfo is what a queue remembers of a poller, by its identity.
type pollerInfo struct {
	seen         time.Time
	rate         *float64
	capabilities *commonpb.WorkerVersionCapabilities
	deployment   *deploymentpb.WorkerDeploymentOptions
}

// remember notes that the poller has been seen.
func (q *queue) remember(p *poller, at time.Time) {
	if p.identity == "" {
		return
	}
	if q.known == nil {
		q.known = make(map[string]pollerInfo)
	}
	q.known[p.identity] = pollerInfo{at, p.rate, p.capabilities, p.deployment}
}

// recentPollers are those that have polled lately, the last first.
func (q *queue) recentPollers(at time.Time) []*taskqueuepb.PollerInfo {
	var out []*taskqueuepb.PollerInfo
	waiting := make(map[string]bool, len(q.pollers))
	for _, p := range q.pollers {
		waiting[p.identity] = true // perhaps longer than a server lets it
	}
	for identity, i := range q.known {
		if at.Sub(i.seen) >= pollerMemory && !waiting[identity] {
			delete(q.known, identity)
			continue
		}
		rate := float64(ratePolled)
		if i.rate != nil {
			rate = *i.rate
		}
		out = append(out, &taskqueuepb.PollerInfo{
			Identity: identity, LastAccessTime: timestamppb.New(i.seen), RatePerSecond: rate,
			WorkerVersionCapabilities: i.capabilities, //nolint:staticcheck // workers still send it
			DeploymentOptions:         i.deployment,
		})
	}
	slices.SortFunc(out, func(a, b *taskqueuepb.PollerInfo) int {
		return cmp.Or(b.GetLastAccessTime().AsTime().Compare(a.GetLastAccessTime().AsTime()),
			cmp.Compare(a.GetIdentity(), b.GetIdentity()))
	})
	return out
}
