package task

import (
	"context"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/retrace"
	"github.com/mainspring-go/mainspring/workflow/machine"
)

// retrace replays the run once more, to learn where in its code nd was made.
// Only those attempts are worth it that the server is told of.
func (w *work) retrace(
	ctx context.Context, t *polled, task machine.Task, pages *pager, nd *machine.NondeterminismError,
) error {
	instance, err := w.Runner.NewInstance(w.details(t))
	if err != nil {
		return w.broken(nd)
	}
	defer instance.Close()
	again := pages.again()
	retrace.Explain(ctx, instance, task, func(ctx context.Context) ([]*historypb.HistoryEvent, bool, error) {
		if start := again.start; start != nil {
			again.start = nil
			return start, !again.more(), nil
		}
		events, err := again.next(ctx)
		return events, !again.more(), err
	}, nd)
	return w.broken(nd)
}
