// Command orders is a small order service, written for the Go SDK as its users write it.
//
// Usage:
//
//	orders worker             # runs workflows and activities until it is interrupted
//	orders place ID           # starts the workflow of an order
//	orders approve ID         # lets it go on, and prints its receipt
//
// The server is at TEMPORAL_ADDRESS, the task queue is ORDERS_QUEUE.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	queue := os.Getenv("ORDERS_QUEUE")
	c, err := client.Dial(client.Options{
		HostPort: os.Getenv("TEMPORAL_ADDRESS"),
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	switch {
	case len(args) == 1 && args[0] == "worker":
		return runWorker(c, queue)
	case len(args) == 2 && args[0] == "place":
		return place(c, queue, args[1])
	case len(args) == 2 && args[0] == "approve":
		return approve(c, queue, args[1])
	}
	return fmt.Errorf("usage: orders worker | place ID | approve ID")
}

func place(c client.Client, queue, id string) error {
	ctx := context.Background()
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: queue + id, TaskQueue: queue, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}, Order, Purchase{ID: id, Cents: 4200})
	if err != nil {
		return err
	}
	update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: queue + id, UpdateName: "address", Args: []any{"Main Street 1"},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return update.Get(ctx, nil)
}

func approve(c client.Client, queue, id string) error {
	ctx := context.Background()
	if err := c.SignalWorkflow(ctx, queue+id, "", "approve", "Ada"); err != nil {
		return err
	}
	var receipt Receipt
	if err := c.GetWorkflow(ctx, queue+id, "").Get(ctx, &receipt); err != nil {
		return err
	}
	fmt.Println(receipt.Text)
	return nil
}
