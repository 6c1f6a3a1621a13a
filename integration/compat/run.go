package compat

import (
	"context"
	"fmt"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Server is what stories happen on.
type Server struct {
	// HostPort and DialOptions reach it.
	HostPort    string
	DialOptions []grpc.DialOption
}

// A Story is what has come of a case.
type Story struct {
	// Histories of its runs, in the order in which they are known to have begun.
	Histories []*historypb.History
	// Notes are what its client has seen.
	Notes []string
}

// Workers keep workers on a task queue for a run until stop is called.
type Workers func(t testing.TB, c client.Client, queue string) (began func(client.WorkflowRun), stop func())

// OnRunner has a worker of ours do everything, with another runner of workflows than its own. It has
// to have those of package workflows.
func OnRunner(run runner.Runner) Workers {
	return func(t testing.TB, c client.Client, queue string) (func(client.WorkflowRun), func()) {
		t.Helper()
		stop, err := startOurs(t, c, queue, role{workflows: true, activities: true}, worker.Options{WorkflowRunner: run})
		if err != nil {
			t.Fatal(err)
		}
		return func(client.WorkflowRun) {}, stop
	}
}

// On has all of a story on one side.
func On(s Side) Workers {
	return func(t testing.TB, c client.Client, queue string) (func(client.WorkflowRun), func()) {
		t.Helper()
		stop, err := s.start(t, c, queue, role{workflows: true, activities: true})
		if err != nil {
			t.Fatal(err)
		}
		return func(client.WorkflowRun) {}, stop
	}
}

// Run takes the case through its story on a server. The queue must be its own.
func Run(t testing.TB, server Server, queue string, c Case, workers Workers) Story {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	sdk, err := client.DialContext(ctx, client.Options{
		HostPort: server.HostPort, Identity: identity, Logger: quiet(),
		ContextPropagators: sdkworkflows.Propagators(),
		ConnectionOptions:  client.ConnectionOptions{DialOptions: server.DialOptions},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Close()
	d := &Driver{TB: t, Client: sdk, ctx: ctx}
	began, stop := workers(t, sdk, queue)
	defer stop()
	d.begin(queue, c)
	began(d.Run)
	if c.Drive != nil {
		c.Drive(d)
	}
	d.end(c)
	story := Story{Notes: d.notes}
	for _, run := range d.runs {
		// A run that was ended before its first task has nothing to tell.
		if h := d.history(run); completed(h.GetEvents()) > 0 {
			story.Histories = append(story.Histories, h)
		}
	}
	return story
}

func (d *Driver) begin(queue string, c Case) {
	d.Helper()
	o := c.Options
	o.ID, o.TaskQueue = queue, queue
	var err error
	if c.Begin != nil {
		d.Run, err = c.Begin(d, o)
	} else {
		d.Run, err = d.Client.ExecuteWorkflow(d.ctx, o, c.Workflow, c.Args...)
	}
	d.Must(err)
	d.Keep(d.Run.GetID(), d.Run.GetRunID())
}

// end waits until the run is over, with the runs that continue it.
func (d *Driver) end(c Case) {
	d.Helper()
	id, runID := d.Run.GetID(), d.Run.GetRunID()
	for {
		var last *historypb.HistoryEvent
		events, err := follow(d.ctx, d.Client, id, runID, func(events []*historypb.HistoryEvent) bool {
			last = events[len(events)-1]
			return closes(last)
		})
		if err != nil {
			d.Fatalf("%s does not end: %v\n%s", id, err, outline(events))
		}
		next := continues(last)
		if next == "" {
			if got := last.GetEventType(); got != c.ends() {
				d.Errorf("%s ends with %v, want %v: %v", id, got, c.ends(), last)
			}
			return
		}
		runID = next
		d.Keep(id, runID)
	}
}

// closes reports whether the event is the last of a history.
func closes(e *historypb.HistoryEvent) bool {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		return true
	default:
		return false
	}
}

// continues is the run that a closing event names as the next one.
func continues(e *historypb.HistoryEvent) string {
	return e.GetWorkflowExecutionCompletedEventAttributes().GetNewExecutionRunId() +
		e.GetWorkflowExecutionFailedEventAttributes().GetNewExecutionRunId() +
		e.GetWorkflowExecutionTimedOutEventAttributes().GetNewExecutionRunId() +
		e.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
}

// history is all of that of a run that is over.
func (d *Driver) history(run *commonpb.WorkflowExecution) *historypb.History {
	d.Helper()
	events, err := follow(d.ctx, d.Client, run.GetWorkflowId(), run.GetRunId(),
		func(events []*historypb.HistoryEvent) bool { return closes(events[len(events)-1]) })
	if err != nil {
		d.Fatalf("history of %s: %v", run.GetWorkflowId(), err)
	}
	return &historypb.History{Events: events}
}

// outline is what has happened in a few words.
func outline(events []*historypb.HistoryEvent) (text string) {
	for _, e := range events {
		text += fmt.Sprintf("%4d %v", e.GetEventId(), e.GetEventType())
		if f := e.GetWorkflowTaskFailedEventAttributes(); f != nil {
			text += ": " + f.GetFailure().GetMessage()
		}
		text += "\n"
	}
	return text
}
