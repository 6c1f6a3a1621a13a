package subprocess

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// Executor runs calls in child processes of this program. Make one with [New]; several workers may
// share it. All methods may be called from any goroutine.
type Executor struct {
	*pool

	manager activity.SharedStateManager
}

// pool is what executors with different shared state managers have in common.
type pool struct {
	options  Options
	launcher *launcher
	jobs     chan *job
	closing  chan struct{}
	broken   chan struct{} // closed when reason is set
	keepers  sync.WaitGroup
	closed   sync.Once
	unhold   func() // of the shared state manager

	ids    atomic.Uint64
	counts counts

	mu         sync.Mutex
	ready      map[int]bool // ids of children
	inARow     int          // starts that failed
	reason     error
	warnedOnce bool
}

var _ activity.RemoteExecutor = (*Executor)(nil)

// job is a call on its way to a place.
type job struct {
	ctx     context.Context //nolint:containedctx // a job carries its context to another goroutine
	call    *activity.Call
	manager activity.SharedStateManager
	result  *commonpb.Payloads
	err     error
	done    chan struct{}
}

// New starts children in the background and returns at once. Close the executor when the workers
// that use it have stopped. The error joins what is wrong with options, each a [*settings.Error].
func New(o Options) (*Executor, error) {
	if !supported {
		return nil, ErrUnsupported
	}
	if IsChild() {
		return nil, errors.New("subprocess.New is called in a child process: call subprocess.Main first thing in main")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	unhold, err := o.SharedStateManager.Hold()
	if err != nil {
		return nil, settings.Refusal(of, "SharedStateManager", o.SharedStateManager, err)
	}
	e := &pool{
		options: o, launcher: newLauncher(), jobs: make(chan *job), unhold: unhold,
		closing: make(chan struct{}), broken: make(chan struct{}), ready: make(map[int]bool),
	}
	for range o.Size {
		e.keepers.Go((&keeper{pool: e}).keep)
	}
	return &Executor{e, o.SharedStateManager}, nil
}

// Execute runs call in a child, first come first served. While it waits for a free one it gives up
// when ctx is done, with the context's cause, when the executor is closed, with [ErrClosed], or
// when it is broken, with a [*StartError]. If the child ends before the call does, the error is a
// [*ProcessError].
func (e *Executor) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	return e.execute(ctx, call, e.manager)
}

func (e *pool) execute(
	ctx context.Context, call *activity.Call, manager activity.SharedStateManager,
) (*commonpb.Payloads, error) {
	if call.Args != nil {
		return nil, errors.New("a call with arguments that are not encoded cannot be sent to another process: " +
			"local activities run in the worker's")
	}
	if err := e.Health(); err != nil {
		return nil, err
	}
	j := &job{ctx: ctx, call: call, manager: manager, done: make(chan struct{})}
	select {
	case e.jobs <- j:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-e.closing:
		return nil, ErrClosed
	case <-e.broken:
		return nil, e.Health()
	}
	<-j.done
	return j.result, j.err
}

// Capacity is the number of children.
func (e *pool) Capacity() int { return e.options.Size }

// Health is nil until the executor is closed, or has failed to start children too often in a row.
func (e *pool) Health() error {
	select {
	case <-e.closing:
		return ErrClosed
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reason
}

// Close takes no more calls, waits for those that run, and returns when all children have ended.
// It may be called more than once.
func (e *pool) Close() {
	e.closed.Do(func() { close(e.closing) })
	e.keepers.Wait()
	e.launcher.close()
	e.unhold()
}

// WithSharedState returns the executor with another manager. Both use the same children.
func (e *Executor) WithSharedState(manager activity.SharedStateManager) activity.RemoteExecutor {
	return &Executor{e.pool, manager}
}

// started notes that a child is ready.
func (e *pool) started() {
	e.counts.started.Add(1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inARow = 0
}

// startFailed notes that a child could not be started.
func (e *pool) startFailed(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inARow++
	e.options.Logger.Warn("a child process for activities could not be started",
		slog.Any("error", err), slog.Int("in a row", e.inARow))
	if e.inARow >= e.options.MaxStartFailures && e.reason == nil {
		e.reason = &StartError{Tries: e.inARow, Err: err}
		close(e.broken)
	}
}

// warnOfMiddleware tells once that what stands before activities in the worker does not stand there
// in children.
func (e *pool) warnOfMiddleware() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.warnedOnce {
		return
	}
	e.warnedOnce = true
	e.options.Logger.Warn("the worker has interceptors, which do not see activities that run in other processes: " +
		"give subprocess.Program.Middleware the same ones")
}

// carry runs a call in a child.
func (e *pool) carry(p *process, j *job) (*commonpb.Payloads, error) {
	if j.call.Invoke != nil && !p.middleware {
		e.warnOfMiddleware()
	}
	return p.run(j, e.ids.Add(1))
}
