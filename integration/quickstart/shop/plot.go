package shop

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/quickstart/story"
)

// askEvery is the pause between two questions for the status.
const askEvery = 50 * time.Millisecond

// Plot is what happens to one order, from the outside.
type Plot struct {
	// Client of the namespace that the worker polls.
	Client client.Client
	// Story is told what happens.
	Story *story.Story
	// Stats are those of the worker.
	Stats func() worker.Stats
}

// Run places an order and sees it through. It returns when the order is complete
// and everything has been told, or with the first error.
func (p Plot) Run(ctx context.Context) error {
	purchase := Purchase{
		ID: "order-" + time.Now().Format("150405.000"),
		Items: []Item{
			{Name: "mainspring, steel", Count: 1, Cents: 3450},
			{Name: "winding key", Count: 2, Cents: 475},
		},
		Address: "12 Old Lane, Geneva",
	}
	run, err := p.Client.ExecuteWorkflow(ctx,
		client.StartWorkflowOptions{ID: purchase.ID, TaskQueue: TaskQueue}, WorkflowType, purchase)
	if err != nil {
		return fmt.Errorf("place the order: %w", err)
	}
	p.Story.Tell("you", "placed %s for %s", purchase.ID, euros(purchase.cents()))
	for _, step := range []func(context.Context, client.WorkflowRun) error{
		p.ask, p.tryWrongAddress, p.changeAddress, p.approve,
	} {
		if err := step(ctx, run); err != nil {
			return err
		}
	}
	var receipt Receipt
	if err := run.Get(ctx, &receipt); err != nil {
		return fmt.Errorf("the order failed: %w", err)
	}
	p.Story.Tell("server", "the workflow is complete")
	return p.epilogue(ctx, run, receipt)
}

// ask queries the running workflow.
func (p Plot) ask(ctx context.Context, run client.WorkflowRun) error {
	status, err := p.status(ctx, run)
	if err != nil {
		return err
	}
	p.Story.Tell("you", "asked for the status: %s", status)
	return nil
}

func (p Plot) status(ctx context.Context, run client.WorkflowRun) (string, error) {
	answer, err := p.Client.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), QueryStatus)
	if err != nil {
		return "", fmt.Errorf("ask for the status: %w", err)
	}
	var status string
	if err := answer.Get(&status); err != nil {
		return "", fmt.Errorf("read the status: %w", err)
	}
	return status, nil
}

// update asks for another address.
func (p Plot) update(ctx context.Context, run client.WorkflowRun, address string) (string, error) {
	handle, err := p.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: UpdateAddress,
		Args: []any{address}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return "", err
	}
	var stored string
	return stored, handle.Get(ctx, &stored)
}

// errAccepted says that a check of the workflow's did not work.
var errAccepted = errors.New("the workflow accepted an address that it should have rejected")

func (p Plot) tryWrongAddress(ctx context.Context, run client.WorkflowRun) error {
	_, err := p.update(ctx, run, "nowhere")
	if err == nil {
		return errAccepted
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	reason := err.Error()
	if rejection, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		reason = rejection.Message()
	}
	p.Story.Tell("you", "tried a wrong address; rejected: %s", reason)
	return nil
}

func (p Plot) changeAddress(ctx context.Context, run client.WorkflowRun) error {
	stored, err := p.update(ctx, run, "3 New Street, Bern")
	if err != nil {
		return fmt.Errorf("change the address: %w", err)
	}
	p.Story.Tell("you", "changed the address: %s", stored)
	return nil
}

// approve waits for the workflow to wait, and lets it go.
func (p Plot) approve(ctx context.Context, run client.WorkflowRun) error {
	told := ""
	for {
		status, err := p.status(ctx, run)
		if err != nil {
			return err
		}
		if status != told {
			p.Story.Tell("you", "asked again: %s", status)
			told = status
		}
		if status == StatusWaiting {
			break
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := p.Client.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), SignalApprove, "Ada")
	if err != nil {
		return fmt.Errorf("approve the order: %w", err)
	}
	p.Story.Tell("you", "approved it, by a signal")
	return nil
}

// epilogue tells the result, where the time went, and what the cache did.
func (p Plot) epilogue(ctx context.Context, run client.WorkflowRun, receipt Receipt) error {
	events, err := p.history(ctx, run)
	if err != nil {
		return err
	}
	p.Story.Receipt("Receipt", [][2]string{
		{"order", receipt.Order},
		{"paid", euros(receipt.Cents) + " (" + receipt.Charge + ")"},
		{"packed", receipt.Shelf},
		{"courier", receipt.Courier},
		{"to", receipt.Address},
		{"approved by", receipt.Approved},
	})
	p.Story.Spans(story.WhereTheTimeWent(events))
	stats := p.Stats()
	p.Story.Say("\nSticky cache: %d of %d workflow tasks, queries among them, found the "+
		"workflow in memory\nand needed no replay.", stats.StickyHits, stats.WorkflowTasks)
	return nil
}

func (p Plot) history(ctx context.Context, run client.WorkflowRun) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	pages := p.Client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		events = append(events, event)
	}
	return events, nil
}
