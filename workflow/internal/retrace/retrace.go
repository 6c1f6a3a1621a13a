package retrace

import (
	"context"
	"errors"
	"strings"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Pages gives the history of the run from its first event on, page by page; last
// says that there is no other.
type Pages func(context.Context) (events []*historypb.HistoryEvent, last bool, err error)

// Explain replays t on a fresh instance until the point where found was found,
// and adds to found what it learns. The caller closes the instance. Code that
// would not be in replay is not run.
func Explain(
	ctx context.Context, i runner.Instance, t machine.Task, pages Pages, found *machine.NondeterminismError,
) {
	if found.Task == 0 {
		return // no code was compared
	}
	var m machine.Machine
	m.Begin(t)
	var trace runner.Trace // of the activations of the task in question
	tracing := false
	for {
		a, next, err := m.Next()
		switch {
		case err != nil || next == machine.Done:
			found.Change = machine.Unstable
			return
		case next == machine.NeedHistory:
			events, last, err := pages(ctx)
			if err != nil || m.Feed(events, last) != nil {
				return // it cannot be had again: the error is as good as it was
			}
			continue
		case next != machine.Activate:
			return
		case !a.Replaying || a.StartedID > found.Task:
			found.Change = machine.Unstable
			return
		}
		tracing = tracing || a.StartedID == found.Task
		a.Trace = tracing
		c := i.Activate(ctx, a)
		if c.Failure != nil {
			found.Change = machine.Unstable
			return
		}
		if c.Trace != nil {
			trace.Commands = append(trace.Commands, c.Trace.Commands...)
			trace.Blocked = c.Trace.Blocked
		}
		if err := m.Apply(c); err != nil {
			compare(found, err, trace)
			return
		}
	}
}

// compare completes found if the second replay has found the same.
func compare(found *machine.NondeterminismError, err error, trace runner.Trace) {
	again, ok := errors.AsType[*machine.NondeterminismError](err)
	switch {
	case !ok || again.Task != found.Task || again.Event != found.Event || again.Command != found.Command:
		found.Change = machine.Unstable
	case found.Command == "":
		found.Stack = trace.Blocked
	case found.At < len(trace.Commands):
		found.Stack = trace.Commands[found.At]
	}
	found.Stack = strings.TrimSpace(found.Stack)
}
