package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/integration/scenarios"
)

// A Driver is the client of a story.
type Driver struct {
	testing.TB

	// Client is the Go SDK's.
	Client client.Client
	// Run is what was started.
	Run client.WorkflowRun

	ctx   context.Context //nolint:containedctx // the story's, which is over when Run returns
	runs  []*commonpb.WorkflowExecution
	notes []string
}

// Must ends the story if something failed that has nothing to do with it.
func (d *Driver) Must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// Note records something that was seen: it must be the same on both sides.
func (d *Driver) Note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// Keep makes the history of a run part of what is compared.
func (d *Driver) Keep(id, runID string) {
	d.runs = append(d.runs, &commonpb.WorkflowExecution{WorkflowId: id, RunId: runID})
}

// Signal sends a signal when the run is idle.
func (d *Driver) Signal(name string, arg any) {
	d.Helper()
	d.Idle()
	d.Must(d.Client.SignalWorkflow(d.ctx, d.Run.GetID(), "", name, arg))
}

// GoOn sends the signal that workflows wait for.
func (d *Driver) GoOn() {
	d.Helper()
	d.Signal("go on", nil)
}

// Cancel cancels the run when it is idle.
func (d *Driver) Cancel() {
	d.Helper()
	d.Idle()
	d.Must(d.Client.CancelWorkflow(d.ctx, d.Run.GetID(), ""))
}

// Query asks the idle run a question and notes the answer.
func (d *Driver) Query(name string, args ...any) {
	d.Helper()
	d.Idle()
	v, err := d.Client.QueryWorkflow(d.ctx, d.Run.GetID(), "", name, args...)
	if err != nil {
		d.Note("query %s: %v", name, err)
		return
	}
	var answer any
	err = v.Get(&answer)
	d.Note("query %s: %s %v", name, asJSON(answer), err)
}

// Update has an update done, when the run is idle, and notes how it ended.
func (d *Driver) Update(id, name string, args ...any) {
	d.Helper()
	d.UpdateTo(client.WorkflowUpdateStageCompleted, id, name, args...)()
}

// UpdateTo brings an update to a stage when the run is idle. The function that is
// returned waits for its end and notes it.
func (d *Driver) UpdateTo(stage client.WorkflowUpdateStage, id, name string, args ...any) (end func()) {
	d.Helper()
	d.Idle()
	u, err := d.Client.UpdateWorkflow(d.ctx, client.UpdateWorkflowOptions{
		WorkflowID: d.Run.GetID(), UpdateID: id, UpdateName: name, Args: args, WaitForStage: stage,
	})
	return func() {
		d.Helper()
		var result any
		if err == nil {
			err = u.Get(d.ctx, &result)
		}
		d.Note("update %s: %s %v", id, asJSON(result), err)
	}
}

// CompleteActivity ends an activity that is done elsewhere.
func (d *Driver) CompleteActivity(id string, result any, err error) {
	d.Helper()
	d.Idle()
	d.Must(d.Client.CompleteActivityByID(d.ctx, "default", d.Run.GetID(), "", id, result, err))
}

// Idle waits until nothing happens to the run by itself any more: no task is due,
// no timer is about to fire, and no activity is going to end. It returns the
// history.
func (d *Driver) Idle() []*historypb.HistoryEvent {
	d.Helper()
	events := d.Until(idle)
	// What is done elsewhere can be completed, and is told of a cancellation, from
	// when it was started on; histories do not have that.
	wait := scenarios.Env{TB: d.TB}
	wait.Until(func() bool {
		run, err := d.Client.DescribeWorkflowExecution(d.ctx, d.Run.GetID(), d.Run.GetRunID())
		d.Must(err)
		return !slices.ContainsFunc(run.GetPendingActivities(), func(a *workflowpb.PendingActivityInfo) bool {
			return a.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED
		})
	})
	return events
}

// Await waits for the nth event of a type.
func (d *Driver) Await(typ enumspb.EventType, nth int) {
	d.Helper()
	d.Until(func(events []*historypb.HistoryEvent) bool {
		n := 0
		for _, e := range events {
			if e.GetEventType() == typ {
				n++
			}
		}
		return n >= nth
	})
}

// Until waits until the history of the run is as it shall be, and returns it.
func (d *Driver) Until(holds func([]*historypb.HistoryEvent) bool) []*historypb.HistoryEvent {
	d.Helper()
	events, err := follow(d.ctx, d.Client, d.Run.GetID(), d.Run.GetRunID(), holds)
	if err != nil {
		d.Fatalf("%s, of which this has happened, does not get to where it should: %v\n%s",
			d.Run.GetID(), err, outline(events))
	}
	return events
}

// follow reads the history of a run until it is as it shall be.
func follow(
	ctx context.Context, c client.Client, id, runID string, holds func([]*historypb.HistoryEvent) bool,
) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	var next []byte
	for {
		resp, err := c.WorkflowService().GetWorkflowExecutionHistory(ctx,
			&workflowservice.GetWorkflowExecutionHistoryRequest{
				Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: runID},
				NextPageToken: next, WaitNewEvent: true,
			})
		if err != nil {
			return events, err
		}
		// The events of a task that is tried again are told before they are there to
		// stay, and may come again as others.
		if more := resp.GetHistory().GetEvents(); len(more) > 0 {
			events = append(events[:min(int64(len(events)), more[0].GetEventId()-1)], more...)
		}
		if holds(events) {
			return events, nil
		}
		if next = resp.GetNextPageToken(); len(next) == 0 {
			return events, errors.New("the run is over")
		}
	}
}

// idle reports whether nothing is about to happen by itself. Long timers are not
// waited for, nor activities that others decide about.
func idle(events []*historypb.HistoryEvent) bool {
	task := false // one that fails or times out is tried again
	busy := make(map[int64]bool)
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
			task = true
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			task = false
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			a := e.GetTimerStartedEventAttributes()
			busy[e.GetEventId()] = a.GetStartToFireTimeout().AsDuration() < time.Minute
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			a := e.GetActivityTaskScheduledEventAttributes()
			busy[e.GetEventId()] = !waits(a.GetActivityType().GetName())
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
			if id := e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId(); !elsewhere(events, id) {
				busy[id] = true
			}
		case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
			enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
			enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
			busy[e.GetEventId()] = true
		default:
			delete(busy, decided(e)+otherDecided(e))
		}
	}
	for _, b := range busy {
		if b {
			return false
		}
	}
	return !task
}

// elsewhere reports whether the event scheduled what is done elsewhere.
func elsewhere(events []*historypb.HistoryEvent, id int64) bool {
	return events[id-1].GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "Elsewhere"
}

// waits reports whether activities of the type end only when someone says so.
func waits(activity string) bool { return activity == "Elsewhere" || activity == "Obey" }

// decided is the event that began what the event ends; zero if it ends nothing.
func decided(e *historypb.HistoryEvent) int64 {
	return e.GetTimerFiredEventAttributes().GetStartedEventId() +
		e.GetTimerCanceledEventAttributes().GetStartedEventId() +
		e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskFailedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId()
}

// scheduled are the ids of the activities of a history.
func scheduled(events []*historypb.HistoryEvent) (ids []string) {
	for _, e := range events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			ids = append(ids, a.GetActivityId())
		}
	}
	return ids
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
