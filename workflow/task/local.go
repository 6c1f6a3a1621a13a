package task

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A LocalExecutor runs local activities. It is safe for concurrent use.
type LocalExecutor interface {
	// ExecuteLocal runs one attempt and returns its encoded result or its error.
	// It blocks until the attempt has ended or ctx is canceled: the workflow has
	// canceled the activity, or nobody waits for it any more.
	ExecuteLocal(ctx context.Context, a *LocalAttempt) (*commonpb.Payloads, error)
}

// A LocalAttempt is one attempt of a local activity.
type LocalAttempt struct {
	// Details say whose activity it is.
	runner.Details
	// Request is what the workflow asked for.
	Request *runner.LocalRequest
	// Call is what to call; nil if the arguments are in Request.
	Call *runner.LocalCall
	// Attempt counts from 1, over all requests of one call of the workflow.
	Attempt int32
	// Scheduled is when the request came to this worker, on its clock.
	Scheduled time.Time
	// Expires is when the activity must have ended, on this machine's clock; zero
	// for the first attempt, which the timeouts of Request bound.
	Expires time.Time
	// Started is to be called when the attempt begins, having waited for room.
	Started func()
}

// When a task that waits is answered with a heartbeat, as a share of its timeout.
const heartbeatShare = 0.8

// defaultTaskTimeout is that of a server that does not say.
const defaultTaskTimeout = 10 * time.Second

// A clock is a workflow's clock that goes on between its steps.
type clock struct{ workflow, wall time.Time }

func (c *clock) set(t time.Time) {
	if !t.Before(c.workflow) {
		c.workflow, c.wall = t, time.Now()
	}
}

func (c *clock) now() time.Time { return c.workflow.Add(time.Since(c.wall)) }

// locals are the local activities of one run that go on while its tasks are
// with the handler.
type locals struct {
	handler *Handler
	run     *Run
	timeout time.Duration // of a workflow task
	open    map[string]*localRun
	ends    chan localEnd
	gone    chan struct{} // closed when nobody waits any more
	counted uint32        // attempts of those that ended in this task
}

// A localRun is one local activity.
type localRun struct {
	request  *runner.LocalRequest
	call     *runner.LocalCall
	cancel   context.CancelFunc
	begun    time.Time
	expires  time.Time
	attempts atomic.Uint32 // that began in this task
	later    bool          // it was asked for in an earlier task
}

// A localEnd is how one has ended.
type localEnd struct {
	id, activity string
	attempt      int32
	backoff      time.Duration
	result       *commonpb.Payloads
	err          error
}

var errNoLocals = errors.New("this worker runs no local activities")

// awaitLocal starts and cancels what the workflow asks for, and waits until one
// of its local activities ends or the task has to.
func (w *work) awaitLocal(ctx context.Context, r *Run) error {
	if w.Locals == nil {
		return w.broken(errNoLocals)
	}
	if w.locals == nil {
		w.locals = w.newLocals(r)
	}
	ls := w.locals
	select {
	case <-w.LocalStop: // before anything else that may have happened: nothing begins any more
		w.handOverLocals(r)
		return nil
	default:
	}
	ls.update(ctx)
	waits := time.Now()
	defer func() { w.waited += time.Since(waits) }()
	left := time.Until(w.began.Add(time.Duration(heartbeatShare * float64(ls.timeout))))
	if left <= 0 { // also if many short ones end one after the other
		r.machine.Heartbeat()
		return nil
	}
	beat := time.NewTimer(left)
	defer beat.Stop()
	select {
	case end := <-ls.ends:
		r.machine.EndLocal(ls.ended(end))
	case <-beat.C:
		r.machine.Heartbeat()
	case <-w.LocalStop:
		w.handOverLocals(r)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// handOverLocals takes what has ended, one at a time: it need not run again. Then it
// leaves the rest to another worker.
func (w *work) handOverLocals(r *Run) {
	select {
	case end := <-w.locals.ends:
		r.machine.EndLocal(w.locals.ended(end))
	default:
		w.handOver = true
		r.machine.Heartbeat()
	}
}

// leaveLocals ends waiting for local activities, if the run has any.
func (w *work) leaveLocals() {
	if w.locals != nil {
		w.locals.stop()
		w.locals = nil
	}
}

// waitsIn reports whether r waits for local activities that go on here.
func (w *work) waitsIn(r *Run) bool { return w.locals != nil && w.locals.run == r }

func (h *Handler) newLocals(r *Run) *locals {
	timeout := r.machine.TaskTimeout()
	if timeout <= 0 {
		timeout = defaultTaskTimeout
	}
	return &locals{
		handler: h, run: r, timeout: timeout,
		open: make(map[string]*localRun), ends: make(chan localEnd), gone: make(chan struct{}),
	}
}

// update starts and cancels activities. What is canceled before it was started
// never runs.
func (ls *locals) update(ctx context.Context) {
	start, cancel := ls.run.machine.Locals()
	for _, l := range start {
		now := time.Now()
		lr := &localRun{request: l.LocalRequest, later: l.Later, begun: now}
		if l.ScheduleToClose > 0 {
			lr.expires = now.Add(l.Scheduled.Add(l.ScheduleToClose).Sub(ls.run.clock.now()))
		}
		if caller, ok := ls.run.instance.(runner.LocalCaller); ok {
			if c, ok := caller.LocalCall(l.ID); ok {
				lr.call = &c
			}
		}
		ls.open[l.ID] = lr
	}
	canceled := make(map[string]bool, len(cancel))
	for _, id := range cancel {
		canceled[id] = true
		if lr, ok := ls.open[id]; ok && lr.cancel != nil {
			lr.cancel()
		}
	}
	for _, l := range start {
		lr := ls.open[l.ID]
		var run context.Context
		run, lr.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if canceled[l.ID] {
			lr.cancel()
		}
		go ls.live(run, lr)
	}
}

// live tries one local activity until it has ended, or has to wait for longer
// than a worker should.
func (ls *locals) live(ctx context.Context, lr *localRun) {
	defer lr.cancel()
	for attempt := lr.request.Attempt; ; attempt++ {
		end := ls.attempt(ctx, lr, attempt)
		if end.err != nil {
			select {
			case <-ls.handler.LocalStop:
				return // it fails because the worker stops: another will run it
			default:
			}
			end.backoff = backoff(lr.request.RetryPolicy, attempt, end.err, time.Now(), lr.expires)
			if end.backoff > 0 && end.backoff <= ls.timeout {
				sleep(ctx, end.backoff)
				continue
			}
		}
		select {
		case ls.ends <- end:
		case <-ls.gone:
		}
		return
	}
}

// sleep waits for d, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (ls *locals) attempt(ctx context.Context, lr *localRun, attempt int32) localEnd {
	end := localEnd{id: lr.request.ID, activity: lr.request.Type, attempt: attempt}
	if ctx.Err() == nil {
		a := &LocalAttempt{
			Details: ls.run.details, Request: lr.request, Call: lr.call, Attempt: attempt,
			Scheduled: lr.begun, Started: func() { lr.attempts.Add(1) },
		}
		if attempt > 1 {
			a.Expires = lr.expires
		}
		end.result, end.err = ls.handler.Locals.ExecuteLocal(ctx, a)
		if end.err == nil || ctx.Err() == nil {
			return end
		}
	}
	end.err = temporal.NewCanceledError() // it was told to stop, so it may say so as it likes
	return end
}

// never is the back-off of what is not tried again, as histories of the official
// SDK have it.
const never = -1

// ended is what the workflow is to know of an end.
func (ls *locals) ended(e localEnd) *runner.LocalResult {
	if lr, ok := ls.open[e.id]; ok {
		if lr.later {
			ls.counted += lr.attempts.Load()
		}
		delete(ls.open, e.id)
	}
	r := &runner.LocalResult{ID: e.id, Time: ls.run.clock.now(), Attempt: e.attempt, Result: e.result}
	if e.err != nil {
		r.Backoff, r.Result, r.Failure = e.backoff, nil, ls.failure(e)
		if e.backoff == 0 && !temporal.IsCanceledError(e.err) {
			r.Backoff = never
		}
	}
	return r
}

func (ls *locals) failure(e localEnd) *failurepb.Failure {
	return converter.WithFailureConverterSerializationContext(ls.handler.FailureConverter,
		converter.ActivitySerializationContext{
			Namespace:    ls.run.details.Namespace,
			WorkflowID:   ls.run.details.WorkflowID,
			WorkflowType: ls.run.details.WorkflowType,
			ActivityType: e.activity,
			TaskQueue:    ls.handler.TaskQueue,
			IsLocal:      true,
		}).ErrorToFailure(e.err)
}

// newTask goes on in another workflow task.
func (ls *locals) newTask() {
	ls.counted = 0
	for _, lr := range ls.open {
		lr.later = true
		lr.attempts.Store(0)
	}
}

// metered is how many attempts began in this task of activities that were asked
// for in an earlier one.
func (ls *locals) metered() uint32 {
	n := ls.counted
	for _, lr := range ls.open {
		if lr.later {
			n += lr.attempts.Load()
		}
	}
	return n
}

// stop cancels what still runs; nobody waits for it.
func (ls *locals) stop() {
	close(ls.gone)
	for _, lr := range ls.open {
		lr.cancel()
	}
}
