package machine

import (
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// timers are those of a run that have not ended, by id; the value says whether
// the event of the timer has been seen.
type timers struct{ started map[string]bool }

func (ts *timers) command(c *commandpb.Command) {
	attr := c.GetStartTimerCommandAttributes()
	if attr == nil {
		return
	}
	if ts.started == nil {
		ts.started = make(map[string]bool)
	}
	ts.started[attr.GetTimerId()] = false
}

func (ts *timers) event(e *historypb.HistoryEvent) (*runner.Resolve, error) {
	id := e.GetTimerStartedEventAttributes().GetTimerId() +
		e.GetTimerFiredEventAttributes().GetTimerId() +
		e.GetTimerCanceledEventAttributes().GetTimerId() // one of them has it
	seen, ok := ts.started[id]
	first := e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED
	if !ok || seen == first {
		return nil, unexpected("timer "+id, e)
	}
	if first {
		ts.started[id] = true
		return nil, nil //nolint:nilnil // nothing happened and nothing is wrong
	}
	delete(ts.started, id)
	r := &runner.Resolve{Kind: runner.Timer, ID: id}
	if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_CANCELED {
		r.Failure = &failurepb.Failure{
			Message: "canceled",
			FailureInfo: &failurepb.Failure_CanceledFailureInfo{
				CanceledFailureInfo: &failurepb.CanceledFailureInfo{},
			},
		}
	}
	return r, nil
}

// unexpected is the error of an event whose command the code did not make.
func unexpected(what string, e *historypb.HistoryEvent) error {
	return &NondeterminismError{
		EventID: e.GetEventId(),
		Event:   describeEvent(e),
		Detail: "During replay, a matching " + what + " command was expected in history event position " +
			itoa(e.GetEventId()) + ". However, the replayed code did not produce that. " +
			"Possible causes are nondeterministic workflow definition code, " +
			"or an incompatible change in the workflow definition.",
	}
}
