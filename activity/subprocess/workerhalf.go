package subprocess

import (
	"sync"

	"github.com/mainspring-go/mainspring/activity"
)

// workerHalf is the half of a call in the worker's process.
type workerHalf struct {
	send sender
	side activity.WorkerSide

	underWay sync.WaitGroup // what the two below say

	mu       sync.Mutex
	beating  bool // a heartbeat is being recorded
	asking   bool // a status is being asked for
	canceled bool
	stopped  bool
	closed   bool
}

// Receive takes a heartbeat, or a question about them. The other half waits for an answer before
// it sends the next of either.
func (h *workerHalf) Receive(message []byte) error {
	var m note
	if err := m.unmarshal(message); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	switch m.about {
	case aboutHeartbeat:
		if h.beating {
			return garbage("a heartbeat came before the last one was answered")
		}
		h.beating = true
		h.underWay.Go(func() { h.beat(&m) })
	case aboutStatus:
		if h.asking {
			return garbage("a question came before the last one was answered")
		}
		h.asking = true
		h.underWay.Go(func() { h.tell() })
	default:
		return garbage("a note is about %d", m.about)
	}
	return nil
}

// beat records a heartbeat and answers. Errors of sending are for the executor, which notices that
// its child is gone.
func (h *workerHalf) beat(m *note) {
	h.side.Heartbeat(m.details)
	if cause := h.side.Canceled(); cause != nil {
		h.Cancel(cause)
	}
	h.mu.Lock()
	h.beating = false
	h.mu.Unlock()
	_ = h.send.note(&note{about: aboutTaken})
}

func (h *workerHalf) tell() {
	status := h.side.Status()
	h.mu.Lock()
	h.asking = false
	h.mu.Unlock()
	_ = h.send.note(&note{about: aboutTold, status: status})
}

// Cancel tells the activity that its context is done.
func (h *workerHalf) Cancel(cause error) {
	h.mu.Lock()
	again := h.canceled || h.closed
	h.canceled = true
	h.mu.Unlock()
	if !again {
		_ = h.send.note(&note{about: aboutCancel, cause: sendable(cause)})
	}
}

// Stop tells the activity that the worker begins to stop.
func (h *workerHalf) Stop() {
	h.mu.Lock()
	again := h.stopped || h.closed
	h.stopped = true
	h.mu.Unlock()
	if !again {
		_ = h.send.note(&note{about: aboutStop})
	}
}

// Close waits for what is under way.
func (h *workerHalf) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.underWay.Wait()
}
