package frontend

import (
	"errors"
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// Kinds of work with workflows that stay in the cache of the worker.
const (
	// Park starts workflows that wait for signals; a unit is one that waits. What a worker holds of
	// them can be made large, see [Order].
	Park Work = "workflow that is parked"
	// Parked are signals to parked workflows, chosen at random; a unit is one.
	Parked Work = "signal to a parked workflow"
	// Release ends parked workflows that have had a signal since they began, and checks what they
	// return; a unit is one. If there are fewer, all of them end.
	Release Work = "end of a parked workflow"
)

// SumSignals is the workflow that is parked. Its argument is in how many coroutines it waits, and its
// result the sum of the lengths of the signals before [End].
const (
	SumSignals = "SumSignals"
	End        = "end"
)

// A parking is what the frontend knows of a workflow that is parked.
type parking struct {
	coroutines int
	events     int  // that it has when it begins
	sum        int  // of the lengths of what it was sent
	signals    int  // that it was sent by orders
	open       bool // a task is
	due        int  // signals that wait until it is answered
	ending     bool
}

// past are the signals in the history of a parked workflow from before, and pastSignals how many come
// with each of its tasks.
const (
	past        = "x"
	pastSignals = 50
)

// addPast adds a past to a history that has just begun, of about as many events as there should be.
func (r *run) addPast() {
	p := r.parking
	for len(r.events) < p.events {
		for range min(pastSignals, p.events-len(r.events)) {
			p.sum += len(past)
			r.addSignal(jsonPayload(`"` + past + `"`))
		}
		scheduled := r.addTask()
		r.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
					ScheduledEventId: scheduled, StartedEventId: r.started,
				},
			},
		})
	}
}

// send makes tasks of n signals to parked workflows. One to whom a task is open gets its signal after
// that. Called with the lock held, as all that follows.
func (f *Frontend) send(n int) (puts []put, err error) {
	if len(f.parked) == 0 {
		return nil, errors.New("frontend: a signal to a parked workflow: none is parked")
	}
	for range n {
		r := f.parked[f.random.IntN(len(f.parked))]
		r.parking.due++
		if r.parking.open {
			continue
		}
		puts = append(puts, f.workflows.putter(r.sticky, r.nextSignal()))
	}
	return puts, nil
}

// nextSignal is the task for a signal that is due.
func (r *run) nextSignal() *workflowservice.PollWorkflowTaskQueueResponse {
	p := r.parking
	p.due, p.open = p.due-1, true
	p.signals++
	p.sum += len(Text)
	return r.addSignal(textPayload(len(Text) + len(`""`))).nextTask()
}

// release makes the tasks that end up to n parked workflows.
func (f *Frontend) release(n int) (puts []put, err error) {
	var rest []*run
	for _, r := range f.parked {
		if r.parking.signals == 0 || len(puts) == n {
			rest = append(rest, r)
			continue
		}
		r.parking.ending = true
		puts = append(puts, f.workflows.putter(r.sticky, r.addSignal(jsonPayload(`"`+End+`"`)).nextTask()))
	}
	f.parked = rest
	if len(puts) == 0 {
		return nil, errors.New("frontend: the end of a parked workflow: none has had a signal")
	}
	return puts, nil
}

// answered takes the answer to a task of a parked workflow.
func (f *Frontend) answered(r *run, commands []*commandpb.Command) error {
	p := r.parking
	if p.ending {
		err := r.checkEnd(commands, jsonPayload(fmt.Sprint(p.sum)))
		f.ended(r, err)
		return err
	}
	if len(commands) != 0 {
		return fmt.Errorf("frontend: a parked workflow answered with %v, want nothing", commands)
	}
	if p.signals == 0 {
		f.parked = append(f.parked, r)
	}
	p.open = false
	f.count(nil)
	if p.due == 0 {
		return nil
	}
	return f.workflows.push(r.sticky, r.nextSignal())
}

// addSignal adds a signal to the history.
func (r *run) addSignal(input *commonpb.Payloads) *run {
	r.add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: Signal, Input: input,
			},
		},
	})
	return r
}
