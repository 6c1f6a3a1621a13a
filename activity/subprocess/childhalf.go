package subprocess

import (
	"context"
	"sync"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// childHalf is the half of a call in the child.
type childHalf struct {
	send sender
	side activity.ChildSide

	asking  chan struct{} // holds one while a question is under way
	closing chan struct{}

	mu      sync.Mutex
	closed  bool
	settled chan struct{}      // not nil while a heartbeat is under way: closed when it is over
	newest  *commonpb.Payloads // kept until then, if waiting
	waiting bool
	told    chan activity.HeartbeatStatus // where the answer to a question goes
}

// Receive takes an answer, or what the worker wants the activity to know.
func (h *childHalf) Receive(message []byte) error {
	var m note
	if err := m.unmarshal(message); err != nil {
		return err
	}
	switch m.about {
	case aboutTaken:
		h.mu.Lock()
		defer h.mu.Unlock()
		h.over()
	case aboutTold:
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.told != nil {
			h.told <- m.status // it has room
			h.told = nil
			<-h.asking
		}
	case aboutCancel:
		cause := context.Canceled
		if m.cause != nil {
			cause = m.cause.receive(nil, temporal.GetDefaultFailureConverter())
		}
		h.side.Cancel(cause)
	case aboutStop:
		h.side.Stop()
	default:
		return garbage("a note is about %d", m.about)
	}
	return nil
}

// Heartbeat sends one, if none is under way, and waits.
func (h *childHalf) Heartbeat(ctx context.Context, details *commonpb.Payloads) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	if h.settled != nil {
		h.newest, h.waiting = details, true
		h.mu.Unlock()
		return
	}
	settled := make(chan struct{})
	h.settled = settled
	h.mu.Unlock()
	h.beat(details)
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// beat sends the heartbeat that is under way.
func (h *childHalf) beat(details *commonpb.Payloads) {
	if h.send.note(&note{about: aboutHeartbeat, details: details}) == nil {
		return
	}
	h.mu.Lock() // the worker is gone: no answer will come
	defer h.mu.Unlock()
	h.waiting = false
	h.over()
}

// over ends the heartbeat under way, and begins the one that was kept. The caller holds the lock.
func (h *childHalf) over() {
	if h.settled == nil {
		return
	}
	close(h.settled)
	h.settled = nil
	if h.waiting {
		details := h.newest
		h.newest, h.waiting = nil, false
		h.settled = make(chan struct{})
		go h.beat(details) // whoever reads messages must not wait until one can be sent
	}
}

// Status asks the worker.
func (h *childHalf) Status() activity.HeartbeatStatus {
	select {
	case h.asking <- struct{}{}:
	case <-h.closing:
		return activity.HeartbeatStatus{}
	}
	told := make(chan activity.HeartbeatStatus, 1)
	h.mu.Lock()
	closed := h.closed
	h.told = told
	h.mu.Unlock()
	if closed {
		return activity.HeartbeatStatus{}
	}
	if err := h.send.note(&note{about: aboutStatus}); err != nil {
		return activity.HeartbeatStatus{Err: err}
	}
	select {
	case status := <-told:
		return status
	case <-h.closing:
		return activity.HeartbeatStatus{}
	}
}

// Close waits until nothing is under way.
func (h *childHalf) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.closing)
	}
	for h.settled != nil {
		settled := h.settled
		h.mu.Unlock()
		<-settled
		h.mu.Lock()
	}
	h.mu.Unlock()
}
