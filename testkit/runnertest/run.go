package runnertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A run is one instance on its way through a history.
type run struct {
	machine  machine.Machine
	instance runner.Instance
	did      map[int64]*did // by WorkflowTaskStarted
	started  int64          // of the task at hand
	closed   bool
}

func (s *study) run() (*run, error) {
	i, err := s.runner.NewInstance(s.details)
	if err != nil {
		return nil, err
	}
	return &run{instance: i, did: make(map[int64]*did)}, nil
}

func (r *run) close() { r.instance.Close() }

// replay replays all tasks up to the last one that was completed.
func (r *run) replay(ctx context.Context, last *recorded, pages [][]*historypb.HistoryEvent) error {
	return r.drive(ctx, machine.Task{PreviousStartedID: last.started}, pages, last.started)
}

// errForeign says that history was written by code or a release that does
// something else when it is live.
var errForeign = errors.New("history used other flags")

// live has the run do a task as a worker would that has just got it.
func (r *run) live(ctx context.Context, t *recorded, pages [][]*historypb.HistoryEvent) error {
	err := r.drive(ctx, machine.Task{
		PreviousStartedID: t.previous, StartedID: t.started, Messages: t.messages,
	}, pages, t.started)
	if err == nil && !sameFlags(r.machine.Answer().Flags, t.flags) {
		return errForeign
	}
	return err
}

func sameFlags(a, b []uint32) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// drive takes the run through a task, up to the WorkflowTaskStarted event last.
func (r *run) drive(
	ctx context.Context, t machine.Task, pages [][]*historypb.HistoryEvent, last int64,
) error {
	r.machine.Begin(t)
	for {
		a, next, err := r.machine.Next()
		if err != nil {
			return err
		}
		switch next {
		case machine.NeedHistory:
			var page []*historypb.HistoryEvent
			if len(pages) > 0 {
				page, pages = pages[0], pages[1:]
			}
			if err := r.machine.Feed(page, len(pages) == 0); err != nil {
				return err
			}
		case machine.Activate:
			if a.Local == nil && (a.StartedID == 0 || a.StartedID > last) {
				return nil // nothing says what came of it
			}
			if err := r.activate(ctx, a); err != nil {
				return err
			}
		case machine.AwaitLocal:
			r.machine.Locals()
			r.machine.Heartbeat() // as history has it: they end in a later task
		case machine.Done:
			return nil
		default:
			return fmt.Errorf("the machines ask for something that is not known here: %d", next)
		}
	}
}

func (r *run) activate(ctx context.Context, a *runner.Activation) error {
	if a.Local == nil {
		r.started = a.StartedID
	}
	c := r.instance.Activate(ctx, a)
	if c.Failure != nil {
		return fmt.Errorf("the task of event %d fails: %s", r.started, c.Failure.Failure.GetMessage())
	}
	if r.did[r.started] == nil {
		r.did[r.started] = new(did)
	}
	r.did[r.started].add(c)
	r.closed = r.closed || c.Closed
	return r.machine.Apply(c)
}
