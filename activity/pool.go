package activity

import (
	"context"
	"errors"
	"fmt"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
)

// ErrPoolClosed is returned for a call that a [Pool] did not begin before it was closed.
var ErrPoolClosed = errors.New("activity pool is closed")

// Pool is an [Executor] with a fixed number of long-lived goroutines. Several workers may
// share one to share its limit. Calls beyond the limit wait, first come first served.
// All methods may be called from any goroutine.
type Pool struct {
	size    int
	jobs    chan *poolJob
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup
}

type poolJob struct {
	ctx    context.Context //nolint:containedctx // a job carries its context to another goroutine
	call   *Call
	result *commonpb.Payloads
	err    error
	done   chan struct{}
}

// NewPool starts a pool of size goroutines, size >= 1. Close it when the workers that use it
// have stopped.
func NewPool(size int) (*Pool, error) {
	if size < 1 {
		return nil, fmt.Errorf("activity pool size is %d: it must be at least 1", size)
	}
	p := &Pool{size: size, jobs: make(chan *poolJob), closing: make(chan struct{})}
	for range size {
		p.running.Go(p.work)
	}
	return p, nil
}

// Execute runs call on a goroutine of the pool. While it waits for a free one it gives up
// when ctx is done, with the context's cause, or when the pool closes, with [ErrPoolClosed].
func (p *Pool) Execute(ctx context.Context, call *Call) (*commonpb.Payloads, error) {
	job := &poolJob{ctx: ctx, call: call, done: make(chan struct{})}
	select {
	case p.jobs <- job:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.closing:
		return nil, ErrPoolClosed
	}
	<-job.done
	return job.result, job.err
}

// Capacity is the size of the pool.
func (p *Pool) Capacity() int { return p.size }

// Health is nil until the pool is closed.
func (p *Pool) Health() error {
	select {
	case <-p.closing:
		return ErrPoolClosed
	default:
		return nil
	}
}

// Close takes no more calls and waits for those that run. It may be called more than once.
func (p *Pool) Close() {
	p.once.Do(func() { close(p.closing) })
	p.running.Wait()
}

func (p *Pool) work() {
	for {
		select {
		case <-p.closing:
			return
		case job := <-p.jobs:
			p.run(job)
		}
	}
}

// run answers the job even if the activity ends this goroutine, and then replaces it.
func (p *Pool) run(job *poolJob) {
	returned := false
	defer func() {
		if !returned {
			job.err = ErrGoexit
			p.running.Go(p.work)
		}
		close(job.done)
	}()
	job.result, job.err = job.call.Run(job.ctx)
	returned = true
}
