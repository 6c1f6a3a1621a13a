package task

import (
	"cmp"
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Run is one workflow run between and during its tasks.
type Run struct {
	machine  machine.Machine
	instance runner.Instance
	details  runner.Details
	reported bool // history knows that this library has run it
	clock    clock

	length, size int64 // of its history
	warned       int   // how large that was when people were warned of it
}

// runWeight is what a run takes that waits and has hardly any history, in bytes: its
// machine, and the stack of its first coroutine.
const runWeight = 10 << 10

// Weight is an estimate of the memory that the run takes, in bytes, for caches that are
// bounded by it: what every run takes, and the size of its history, since what a workflow
// holds came to it in there. It holds less if it lets go of what it was sent. The size is
// what the server said with the latest task; call it while no task has the run.
func (r *Run) Weight() int64 { return runWeight + r.size }

// Close ends the run's code. The cache calls it when the run leaves.
func (r *Run) Close() { r.instance.Close() }

// fits reports whether a task whose history begins with the event first can go
// on from where the run stands.
func (r *Run) fits(first int64) bool { return first == r.machine.LastStarted()+1 }

// A taskError is an error with the cause that the server is told.
type taskError struct {
	cause   enumspb.WorkflowTaskFailedCause
	failure *failurepb.Failure
	err     error
	// panicked is the completion of code that panicked or did not let go.
	panicked *runner.Completion
}

func (e *taskError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.failure.GetMessage()
}

func (e *taskError) Unwrap() error { return e.err }

// process drives the run through a task. A *taskError is for the server to
// know; any other error means that there was no history to begin with, or no
// more time: another worker may have more luck.
func (w *work) process(
	ctx context.Context, r *Run, t machine.Task, pages *pager,
) (machine.Answer, error) {
	w.rebuilding()
	defer w.progress.Warm()
	r.machine.Begin(t)
	if pages.start != nil || !pages.more() {
		if err := r.machine.Feed(pages.start, !pages.more()); err != nil {
			return machine.Answer{}, w.broken(err)
		}
	}
	var started int64 // of the task whose code runs: further steps do not say
	for {
		a, next, err := r.machine.Next()
		if err != nil {
			return machine.Answer{}, w.broken(err)
		}
		switch next {
		case machine.Activate:
			started = cmp.Or(a.StartedID, started)
			if !a.Replaying {
				w.progress.Warm()
				r.clock.set(a.Time)
			}
			r.length, r.size = max(r.length, a.HistoryLength), max(r.size, a.HistorySize)
			if err := w.step(ctx, r, a, started); err != nil {
				return machine.Answer{}, err
			}
		case machine.NeedHistory:
			first := pages.unfetched
			events, err := pages.next(ctx)
			switch {
			case err == nil:
			case first || ctx.Err() != nil:
				return machine.Answer{}, err
			default:
				return machine.Answer{}, w.broken(err)
			}
			if err := r.machine.Feed(events, !pages.more()); err != nil {
				return machine.Answer{}, w.broken(err)
			}
		case machine.AwaitLocal:
			if err := w.awaitLocal(ctx, r); err != nil {
				return machine.Answer{}, err
			}
		case machine.Done:
			return r.machine.Answer(), nil
		}
	}
}

// rebuilding says whether the run has to be rebuilt.
func (w *work) rebuilding() {
	if w.origin == Missed || w.origin == Rebuilt {
		w.progress.Cold()
	} else {
		w.progress.Warm()
	}
}

// broken is the failed task of an error of the machines.
func (h *Handler) broken(err error) error {
	nd, ok := errors.AsType[*machine.NondeterminismError](err)
	if !ok {
		return &taskError{
			cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
			failure: h.FailureConverter.ErrorToFailure(err),
			err:     err,
		}
	}
	bare := *nd
	bare.Stack = "" // a failure has a place of its own for it
	f := h.FailureConverter.ErrorToFailure(&bare)
	if f.GetEncodedAttributes() == nil {
		f.StackTrace = nd.Stack
	} else { // it is not for everyone's eyes
		f = h.FailureConverter.ErrorToFailure(nd)
	}
	return &taskError{cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, failure: f, err: err}
}

// newRun makes a run that knows nothing yet.
func (h *Handler) newRun(d runner.Details) (*Run, error) {
	instance, err := h.Runner.NewInstance(d)
	if err != nil {
		// Histories know this one as an error without a type.
		return nil, &taskError{
			cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
			failure: h.FailureConverter.ErrorToFailure(errors.New(err.Error())),
			err:     err,
		}
	}
	return &Run{instance: instance, details: d}, nil
}
