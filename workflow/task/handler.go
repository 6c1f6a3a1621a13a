package task

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A polled is a workflow task as it came off the wire.
type polled = workflowservice.PollWorkflowTaskQueueResponse

// Progress is told how a task gets on. It is called on the task's goroutine, more
// than once, and must not block: the task's time runs.
type Progress interface {
	// Cold says that the run has to be rebuilt from its history.
	Cold()
	// Warm says that the run is at hand, or has been rebuilt.
	Warm()
}

// Handle processes the task, and those that the server hands out with its
// answers. Canceling ctx ends waiting for the run and for the server.
func (h *Handler) Handle(ctx context.Context, t *polled) error {
	return h.HandleWith(ctx, t, unwatched{})
}

// unwatched is nobody's progress.
type unwatched struct{}

func (unwatched) Cold() {}
func (unwatched) Warm() {}

// HandleWith is [Handler.Handle] for who wants to know how it gets on.
func (h *Handler) HandleWith(ctx context.Context, t *polled, p Progress) error {
	lease, err := h.Cache.Acquire(ctx, t.GetWorkflowExecution().GetRunId())
	if err != nil {
		return err
	}
	w := &work{Handler: h, lease: lease, progress: p}
	defer w.leave()
	var errs []error
	for t != nil {
		w.began, w.waited = time.Now(), 0
		next, err := w.handle(ctx, t)
		took := time.Since(w.began)
		w.slow(ctx, t, took-w.waited)
		w.observe(t, took, cmp.Or(err, w.kept))
		if err != nil {
			errs = append(errs, err)
		}
		t = next
	}
	w.over = true
	return errors.Join(errs...)
}

// leave gives the run back, but not one whose task has ended in a panic.
func (w *work) leave() {
	defer w.lease.Release()
	w.leaveLocals()
	if !w.over {
		w.lease.Drop(Failed)
	}
}

// work is the processing of one task and its successors under one lease.
type work struct {
	*Handler
	lease  Lease
	aside  *Run // made for one query only, never cached
	began  time.Time
	waited time.Duration // for local activities, in this task
	over   bool          // all tasks are

	progress Progress

	locals   *locals // nil until a task waits for some
	handOver bool    // another worker is to go on with the run

	origin  Origin
	outcome Outcome
	kept    error // for the observer alone: the task has ended as it should
}

func (w *work) observe(t *polled, took time.Duration, err error) {
	if w.Observer == nil {
		return
	}
	w.Observer.WorkflowTaskEnded(Event{
		WorkflowType: t.GetWorkflowType().GetName(),
		WorkflowID:   t.GetWorkflowExecution().GetWorkflowId(),
		RunID:        t.GetWorkflowExecution().GetRunId(),
		Attempt:      t.GetAttempt(),
		Origin:       w.origin,
		Outcome:      w.outcome,
		Took:         took,
		Err:          err,
	})
}

// handle processes one task; it returns the one that the server gave in return.
func (w *work) handle(ctx context.Context, t *polled) (*polled, error) {
	w.origin, w.outcome, w.kept = "", Silent, nil
	pages := &pager{
		service: w.Service, namespace: w.Namespace, execution: t.GetWorkflowExecution(),
		start: t.GetHistory().GetEvents(), token: t.GetNextPageToken(), first: t.GetNextPageToken(),
	}
	answer, run, err := w.work(ctx, t, pages)
	if run != nil {
		defer run.machine.Rest()
	}
	if w.aside != nil {
		defer func() {
			w.aside.Close()
			w.aside = nil
		}()
	}
	if t.GetQuery() != nil {
		return nil, w.answerQuery(ctx, t, answer, err)
	}
	if err != nil {
		var closes bool
		if answer, closes = w.closes(ctx, t, run, err); !closes {
			return nil, w.fail(ctx, t, err)
		}
	}
	return w.complete(ctx, t, run, answer)
}

// work finds the run and takes it through the task.
func (w *work) work(ctx context.Context, t *polled, pages *pager) (machine.Answer, *Run, error) {
	if err := w.check(t); err != nil {
		return machine.Answer{}, nil, err
	}
	run, err := w.find(t, pages)
	if err != nil {
		return machine.Answer{}, nil, err
	}
	task := machine.Task{
		PreviousStartedID: t.GetPreviousStartedEventId(),
		StartedID:         t.GetStartedEventId(),
		Messages:          t.GetMessages(),
		Queries:           queries(t),
	}
	answer, err := w.process(ctx, run, task, pages)
	if nd, ok := errors.AsType[*machine.NondeterminismError](err); ok && nd.Change != "" && t.GetAttempt() <= 1 {
		err = w.retrace(ctx, t, task, pages, nd)
	}
	return answer, run, err
}

var (
	errNoHistory   = errors.New("nil or empty history")
	errBothQueries = errors.New("invalid query workflow task")
)

// check refuses tasks that make no sense.
func (w *work) check(t *polled) error {
	switch {
	case t.GetQuery() == nil && len(t.GetHistory().GetEvents()) == 0:
		return w.broken(errNoHistory)
	case t.GetQuery() != nil && len(t.GetQueries()) > 0:
		return w.broken(errBothQueries)
	}
	return nil
}

// find returns the run that the task is for: the cached one if the task goes
// on where it stands, else one that history will rebuild.
func (w *work) find(t *polled, pages *pager) (*Run, error) {
	query := t.GetQuery() != nil
	cached, ok := w.lease.Run()
	switch {
	case query && len(pages.start) > 0:
		// Asked of any worker: a cached run is left alone.
	case ok && query:
		w.origin = Cached
		pages.token = nil // the run is up to date
		return cached, nil
	case ok && (cached.fits(pages.start[0].GetEventId()) || (w.waitsIn(cached) && pages.full())):
		// Without a sticky queue the server sends all of history, of which a run
		// that waits for local activities knows the first part.
		w.origin = Cached
		if w.waitsIn(cached) {
			w.locals.newTask()
		}
		return cached, nil
	case ok:
		w.leaveLocals()
		w.lease.Drop(Stale)
	}
	switch {
	case !pages.full():
		w.origin = Missed
		pages.reset()
	case t.GetPreviousStartedEventId() == 0:
		w.origin = Fresh
	default:
		w.origin = Rebuilt
	}
	run, err := w.newRun(w.details(t))
	switch {
	case err != nil:
		return nil, err
	case query:
		w.aside = run // it has no task to go on from
	default:
		w.lease.Keep(run)
	}
	return run, nil
}

func (w *work) details(t *polled) runner.Details {
	return runner.Details{
		Namespace:    w.Namespace,
		WorkflowID:   t.GetWorkflowExecution().GetWorkflowId(),
		RunID:        t.GetWorkflowExecution().GetRunId(),
		WorkflowType: t.GetWorkflowType().GetName(),
	}
}

// legacyQuery is the id of the query that a task brings alone.
const legacyQuery = "query"

func queries(t *polled) []runner.Query {
	if q := t.GetQuery(); q != nil {
		return []runner.Query{{
			ID: legacyQuery, Type: q.GetQueryType(), Args: q.GetQueryArgs(), Header: q.GetHeader(),
		}}
	}
	if len(t.GetQueries()) == 0 {
		return nil
	}
	out := make([]runner.Query, 0, len(t.GetQueries()))
	for _, id := range slices.Sorted(maps.Keys(t.GetQueries())) {
		q := t.GetQueries()[id]
		out = append(out, runner.Query{
			ID: id, Type: q.GetQueryType(), Args: q.GetQueryArgs(), Header: q.GetHeader(),
		})
	}
	return out
}
