package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/integration/examples/sandbox/flows"
)

func start(ctx context.Context, c client.Client, workflow, input string) (client.WorkflowRun, error) {
	return c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: queue}, workflow, input)
}

// tellOrders has two orders done. Both are the first that their program has seen.
func tellOrders(ctx context.Context, out io.Writer, c client.Client) error {
	for _, id := range []string{"A-1", "A-2"} {
		run, err := start(ctx, c, "Order", id)
		if err != nil {
			return err
		}
		if err := c.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), flows.Address, "Main Street"); err != nil {
			return err
		}
		var result, status string
		if err := run.Get(ctx, &result); err != nil {
			return err
		}
		answer, err := c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), flows.Status)
		if err != nil {
			return err
		}
		if err := answer.Get(&status); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n  It says of itself: %s\n", result, status)
	}
	return nil
}

// tellMisdeeds tells what the server is told of each misdeed.
func tellMisdeeds(ctx context.Context, out io.Writer, c client.Client) error {
	fmt.Fprintln(out, "\nThe task of a workflow fails that")
	for _, m := range flows.Misdeeds() {
		event, err := failed(ctx, c, "Misbehave", m.Name)
		if err != nil {
			return err
		}
		told := event.GetWorkflowTaskFailedEventAttributes().GetFailure()
		fmt.Fprintf(out, "- %s:\n  %s\n", m.Name, told.GetMessage())
	}
	m := flows.Misdeeds()[0]
	event, err := failed(ctx, c, "MisbehaveOnce", m.Name)
	if err != nil {
		return err
	}
	told := event.GetWorkflowExecutionFailedEventAttributes().GetFailure()
	fmt.Fprintf(out, "\nWhere FailWorkflowOn says so, the workflow fails that %s:\n  %s: %s\n",
		m.Name, told.GetApplicationFailureInfo().GetType(), told.GetMessage())
	return nil
}

// failed has a workflow misbehave, and returns the event that says that its first task failed, or that
// it has. The task would be tried again and again, so that the workflow is terminated.
func failed(ctx context.Context, c client.Client, workflow, misdeed string) (*historypb.HistoryEvent, error) {
	run, err := start(ctx, c, workflow, misdeed)
	if err != nil {
		return nil, err
	}
	events := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		switch {
		case err != nil:
			return nil, err
		case event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			return event, c.TerminateWorkflow(ctx, run.GetID(), run.GetRunID(), "seen")
		case event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
			return event, nil
		}
	}
	return nil, errors.New("the workflow has not failed")
}
