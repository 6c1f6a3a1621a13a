package runnertest

import (
	"fmt"
	"math/rand/v2"

	historypb "go.temporal.io/api/history/v1"
)

// A pageSize is how many events there are in a page; zero is a random number
// for each page, sometimes none.
type pageSize int

// String is the size in words.
func (p pageSize) String() string {
	if p == 0 {
		return "random sizes"
	}
	return fmt.Sprintf("%d events", int(p))
}

// pageSizes are those in which a history is replayed as a whole: small ones,
// which part what belongs together, and random ones.
func (s *study) pageSizes() []pageSize {
	sizes := []pageSize{1, 2, 3, 4, 5, 7, 11, 100, 0, 0, 0}
	if len(s.events) > 1 {
		sizes = append(sizes, pageSize(len(s.events)-1), pageSize(1+s.rand.IntN(len(s.events))))
	}
	return sizes
}

// pages divides events.
func (p pageSize) pages(events []*historypb.HistoryEvent, r *rand.Rand) (out [][]*historypb.HistoryEvent) {
	for len(events) > 0 {
		n := int(p)
		if p == 0 {
			n = r.IntN(min(len(events), 8) + 1)
		}
		n = min(n, len(events))
		out, events = append(out, events[:n]), events[n:]
	}
	if p == 0 && r.IntN(2) == 0 {
		out = append(out, nil) // the last page may be empty, too
	}
	return out
}

// divide divides the events of a task at random, or not.
func (s *study) divide(events []*historypb.HistoryEvent) [][]*historypb.HistoryEvent {
	if s.rand.IntN(3) == 0 {
		return [][]*historypb.HistoryEvent{events}
	}
	return pageSize(0).pages(events, s.rand)
}
