package subprocess

import (
	"errors"
	"fmt"
	"sync"

	"github.com/mainspring-go/mainspring/activity"
)

var (
	// ErrSharedStateInUse is returned when a [SharedState] is closed that is held.
	ErrSharedStateInUse = errors.New("shared state manager is in use: stop the workers that were given it first")
	// ErrSharedStateClosed is returned when a [SharedState] is to be used that was closed.
	ErrSharedStateClosed = errors.New("shared state manager is closed")
)

// SharedState is the usual [activity.SharedStateManager]: the halves of a call send each other
// messages over the connection that the executor has to its child, so that it costs no file, no
// memory and no goroutine between calls. Make one with [NewSharedState]; the zero value is ready,
// too.
type SharedState struct {
	mu     sync.Mutex
	held   int
	closed bool
}

var _ activity.SharedStateManager = (*SharedState)(nil)

// NewSharedState returns a manager that is open.
func NewSharedState() *SharedState { return new(SharedState) }

// Hold keeps the manager open until release is called.
func (s *SharedState) Hold() (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrSharedStateClosed
	}
	s.held++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held--
	}), nil
}

// Close ends the manager. While it is held, Close is [ErrSharedStateInUse], with the number of
// those who hold it, and changes nothing. A second Close does nothing.
func (s *SharedState) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held > 0 {
		return fmt.Errorf("%w (%d)", ErrSharedStateInUse, s.held)
	}
	s.closed = true
	return nil
}

// AtWorker makes the half of one call in the worker's process.
func (s *SharedState) AtWorker(
	send func(message []byte) error, side activity.WorkerSide,
) activity.WorkerHalf {
	return &workerHalf{send: send, side: side}
}

// AtChild makes the half of one call in the child.
func (s *SharedState) AtChild(
	send func(message []byte) error, side activity.ChildSide,
) activity.ChildHalf {
	return &childHalf{send: send, side: side, asking: make(chan struct{}, 1), closing: make(chan struct{})}
}
