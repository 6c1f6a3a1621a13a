package activity

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
)

// SharedStateManager carries what an activity in another process and its worker tell each other
// while it runs: heartbeats with their details and what became of them one way, cancellation with
// its cause and the worker's stop the other way. Each process has one, and for each call they make
// two halves, which send each other messages. The executor takes the messages across; a manager
// that has a way of its own may do without.
//
// Several workers and executors may use one manager, at once and one after the other. All methods
// may be called from any goroutine. Package subprocess has the usual one, and
// testkit/sharedstatetest is the contract as a test.
type SharedStateManager interface {
	// Hold keeps the manager open until release is called, which may be done more than once. A
	// worker holds it while it runs. It is an error if the manager is closed.
	Hold() (release func(), err error)
	// AtWorker makes the half of one call in the worker's process. send takes a message to the
	// other half, in order; it may block, and fails when there is nobody to receive it any more.
	AtWorker(send func(message []byte) error, side WorkerSide) WorkerHalf
	// AtChild makes the half of one call in the child, the activity's process.
	AtChild(send func(message []byte) error, side ChildSide) ChildHalf
	// Close ends the manager. While someone holds it, Close is an error and changes nothing.
	Close() error
}

// WorkerSide is what the half in the worker's process calls.
type WorkerSide struct {
	// Heartbeat records one, details nil for none. It may block for a call to the server. It is
	// called for one after the other.
	Heartbeat func(details *commonpb.Payloads)
	// Status tells what has become of the heartbeats.
	Status func() HeartbeatStatus
	// Canceled is the cause why the call's context is done, nil while it is not: what a heartbeat
	// has learnt must reach the activity before the heartbeat returns there.
	Canceled func() error
}

// WorkerHalf is the half of one call in the worker's process.
type WorkerHalf interface {
	// Receive takes a message of the other half. It must not block for long: one that takes its
	// time is dealt with elsewhere. An error says that the other process is out of its mind.
	Receive(message []byte) error
	// Cancel tells the activity that its context is done, and why. Only the first one counts.
	Cancel(cause error)
	// Stop tells the activity that the worker begins to stop.
	Stop()
	// Close waits until all heartbeats are recorded that were received. Nothing is sent or
	// called afterwards.
	Close()
}

// ChildSide is what the half in the child calls.
type ChildSide struct {
	// Cancel ends the activity's context.
	Cancel func(cause error)
	// Stop closes the channel that tells of the worker's stop.
	Stop func()
}

// ChildHalf is the half of one call in the child.
type ChildHalf interface {
	// Receive takes a message of the other half. It must not block.
	Receive(message []byte) error
	// Heartbeat records one and returns when the worker has dealt with it, or ctx is done. While
	// one is under way, others are kept, the newest only, and return at once.
	Heartbeat(ctx context.Context, details *commonpb.Payloads)
	// Status asks the worker what has become of the heartbeats, and waits for the answer.
	Status() HeartbeatStatus
	// Close waits until what was recorded has reached the worker. Nothing is sent or called
	// afterwards.
	Close()
}

// RemoteExecutor is an [Executor] that runs calls in other processes, where middleware, converters
// and other Go values of the worker do not get.
type RemoteExecutor interface {
	Executor
	// Check says why calls of d cannot be carried elsewhere, nil if they can. The worker asks
	// for every activity that is registered.
	Check(d *Definition) error
	// WithSharedState returns the executor with another manager; both use the same processes.
	WithSharedState(manager SharedStateManager) RemoteExecutor
}
