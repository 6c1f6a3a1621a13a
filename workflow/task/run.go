package task

import (
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
	reported machine.SDK // the library that history knows of
}

// Close ends the run's code. The cache calls it when the run leaves.
func (r *Run) Close() { r.instance.Close() }

// fits reports whether a task whose history begins with the event first can go
// on from where the run stands.
func (r *Run) fits(first int64) bool { return first == r.machine.LastStarted()+1 }

// A failedTask is an error with the cause that the server is told.
type failedTask struct {
	cause   enumspb.WorkflowTaskFailedCause
	failure *failurepb.Failure
	err     error
}

func (e *failedTask) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.failure.GetMessage()
}

func (e *failedTask) Unwrap() error { return e.err }

// process drives the run through a task. A *failedTask is for the server to
// know; any other error means that history could not be had.
func (h *Handler) process(
	ctx context.Context, r *Run, t machine.Task, pages *pager,
) (machine.Answer, error) {
	r.machine.Begin(t)
	if pages.start != nil || !pages.more() {
		if err := r.machine.Feed(pages.start, !pages.more()); err != nil {
			return machine.Answer{}, h.broken(err)
		}
	}
	for {
		a, next, err := r.machine.Next()
		if err != nil {
			return machine.Answer{}, h.broken(err)
		}
		switch next {
		case machine.Activate:
			c := r.instance.Activate(ctx, a)
			if c.Failure != nil {
				return machine.Answer{}, &failedTask{cause: c.Failure.Cause, failure: c.Failure.Failure}
			}
			if err := r.machine.Apply(c); err != nil {
				return machine.Answer{}, h.broken(err)
			}
		case machine.NeedHistory:
			events, err := pages.next(ctx)
			if err != nil {
				return machine.Answer{}, err
			}
			if err := r.machine.Feed(events, !pages.more()); err != nil {
				return machine.Answer{}, h.broken(err)
			}
		case machine.Done:
			return r.machine.Answer(), nil
		}
	}
}

// broken is the failed task of an error of the machines.
func (h *Handler) broken(err error) error {
	cause := enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
	var nd *machine.NondeterminismError
	if errors.As(err, &nd) {
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
	}
	return &failedTask{cause: cause, failure: h.FailureConverter.ErrorToFailure(err), err: err}
}

// newRun makes a run that knows nothing yet.
func (h *Handler) newRun(d runner.Details) (*Run, error) {
	instance, err := h.Runner.NewInstance(d)
	if err != nil {
		// Histories know this one as an error without a type.
		return nil, &failedTask{
			cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
			failure: h.FailureConverter.ErrorToFailure(errors.New(err.Error())),
			err:     err,
		}
	}
	return &Run{instance: instance}, nil
}
