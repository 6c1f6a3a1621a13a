package service

import (
	"fmt"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
)

// Standby makes another cluster the active one of the namespace, as a failover
// away from here does; this service keeps what it has as a copy. Until
// [Service.Failover], calls that would change something get NamespaceNotActive,
// whose code is FailedPrecondition; polls are answered, but with queries alone;
// and nothing becomes due. It returns an error if there is no such namespace.
func (s *Service) Standby(namespace, cluster string) error {
	if cluster == "" || cluster == clusterName {
		return fmt.Errorf("service: Standby: the other cluster cannot be %q: name another one", cluster)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.space(namespace)
	if err != nil {
		return err
	}
	n.elsewhere = cluster
	for _, r := range s.of(n) {
		r.settle()
	}
	return nil
}

// Failover makes this service the active cluster of the namespace, be it that
// another was, or that it was itself and only takes over anew. Workflow tasks that
// workers have begun fail with the cause FAILOVER_CLOSE_COMMAND and are handed out
// once more as first attempts; an answer to one of them gets NotFound. What comes
// of this the server writes when next something happens to the run, here it is
// written at once. Updates that are in no history are lost, and their callers get
// Unavailable. Activities that have begun go on. It returns an error if there is
// no such namespace.
func (s *Service) Failover(namespace string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.space(namespace)
	if err != nil {
		return err
	}
	n.elsewhere = ""
	for _, r := range s.of(n) {
		r.forgetUpdates()
		if r.task.inFlight() {
			r.addTaskFailed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_FAILOVER_CLOSE_COMMAND, nil, historyIdentity, "", nil)
			r.attempt = 1
			r.flush()
			r.ensureTask()
			r.commit()
		}
		r.settle()
	}
	for _, q := range s.queues {
		if q.space == n {
			s.match(q)
		}
	}
	return nil
}

// of are the open runs of the namespace, those that began first first.
func (s *Service) of(n *namespace) []*run {
	var out []*run
	for _, r := range s.runs {
		if r.namespace == n && r.running() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *run) int {
		if c := a.startTime.Compare(b.startTime); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return out
}

// standsBy refuses a call that changes something while another cluster is active.
func (s *Service) standsBy(method string, request any) error {
	named, ok := request.(interface{ GetNamespace() string })
	if !ok || onlyReads(method) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[named.GetNamespace()]
	if n == nil || n.elsewhere == "" {
		return nil
	}
	return serviceerror.NewNamespaceNotActive(n.name, clusterName, n.elsewhere)
}

// onlyReads reports whether calls of the method change nothing in a namespace.
func onlyReads(method string) bool {
	for _, prefix := range []string{"Get", "Describe", "List", "Count", "Scan", "Poll", "Query", "RespondQuery", "Shutdown", "RecordWorker"} {
		if strings.HasPrefix(method, prefix) {
			return true
		}
	}
	return false
}
