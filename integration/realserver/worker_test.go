package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// shop has the activities of the order workflow.
type shop struct{ charges atomic.Int32 }

// Charge fails the first time.
func (s *shop) Charge(_ context.Context, order string) (string, error) {
	if s.charges.Add(1) == 1 {
		return "", temporal.NewApplicationError("the bank is asleep", "BankAsleep")
	}
	return "charged " + order, nil
}

// Reserve is run beside Book.
func (*shop) Reserve(_ context.Context, order string) (string, error) {
	return "reserved " + order, nil
}

// Book is run beside Reserve.
func (*shop) Book(_ context.Context, order string) (string, error) { return "booked " + order, nil }

// order uses every kind of thing that a workflow of this release has.
func order(ctx workflow.Context, id string) (string, error) {
	var s *shop
	status, address := "new", "nowhere"
	if err := workflow.SetQueryHandler(ctx, "status", func() (string, error) { return status, nil }); err != nil {
		return "", err
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, "change-address",
		func(_ workflow.Context, to string) (string, error) {
			was := address
			address = to
			return was, nil
		}, workflow.UpdateHandlerOptions{Validator: func(to string) error {
			if to == "" {
				return errors.New("an address is required")
			}
			return nil
		}})
	if err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond},
	})
	var charged, reserved, booked string
	if err := workflow.ExecuteActivity(ctx, s.Charge, id).Get(ctx, &charged); err != nil {
		return "", err
	}
	status = "charged"
	stock, courier := workflow.ExecuteActivity(ctx, s.Reserve, id), workflow.ExecuteActivity(ctx, s.Book, id)
	if err := stock.Get(ctx, &reserved); err != nil {
		return "", err
	}
	if err := courier.Get(ctx, &booked); err != nil {
		return "", err
	}
	if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
		return "", err
	}
	status = "waiting"
	var by string
	workflow.GetSignalChannel(ctx, "approve").Receive(ctx, &by)
	status = "approved"
	return fmt.Sprintf("%s, %s, %s, to %s by %s", charged, reserved, booked, address, by), nil
}

// quiet logs nothing: what goes wrong here is meant to.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startWorker runs a worker until the test ends.
func startWorker(t *testing.T, c worker.Client, queue string, o worker.Options) *worker.Worker {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet()
	}
	w, err := worker.New(c, queue, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, w)
	return w
}

// run starts a worker and stops it when the test ends.
func run(t *testing.T, w *worker.Worker) {
	t.Helper()
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			report, _ := w.Report()
			t.Errorf("the worker did not stop cleanly: %v\n%v", err, report)
		}
	})
}

// dial returns a client of ours.
func dial(t *testing.T) *connect.Client {
	t.Helper()
	c, err := connect.Dial(connect.Options{Address: server.Address()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for name, dial := range map[string]func(t *testing.T) worker.Client{
		"our client":       func(t *testing.T) worker.Client { t.Helper(); return dial(t) },
		"the SDK's client": func(t *testing.T) worker.Client { t.Helper(); return sdkClient(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := taskQueue(t)
			s := &shop{}
			w := startWorker(t, dial(t), queue, worker.Options{
				Workflows: []any{order}, Activities: []any{s},
			})
			c := sdkClient(t)
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "order", "A7")
			if err != nil {
				t.Fatal(err)
			}
			awaitStatus(t, c, run.GetID(), "waiting")
			if _, err := changeAddress(t, c, run.GetID(), ""); err == nil ||
				!strings.Contains(err.Error(), "an address is required") {
				t.Errorf("an update that the validator refuses: got error %v", err)
			}
			if was, err := changeAddress(t, c, run.GetID(), "home"); err != nil || was != "nowhere" {
				t.Errorf("the update returned %q, %v; want nowhere", was, err)
			}
			if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "approve", "Ada"); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := run.Get(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if want := "charged A7, reserved A7, booked A7, to home by Ada"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if n := s.charges.Load(); n != 2 {
				t.Errorf("Charge ran %d times, want 2: once in vain", n)
			}
			if stats := w.Stats(); stats.StickyHits == 0 || stats.WorkflowTasksFailed != 0 {
				t.Errorf("got %d sticky hits and %d failed tasks, want some and none",
					stats.StickyHits, stats.WorkflowTasksFailed)
			}
			if events := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED); events != 0 {
				t.Errorf("history has %d failed workflow tasks", events)
			}
		})
	}
}

// changeAddress updates an order and returns the address it had.
func changeAddress(t *testing.T, c client.Client, id, to string) (was string, err error) {
	t.Helper()
	update, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: "change-address", Args: []any{to},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return "", err
	}
	err = update.Get(t.Context(), &was)
	return was, err
}

// awaitStatus asks the status query until it gives want.
func awaitStatus(t *testing.T, c client.Client, id, want string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(patience); got != want; {
		if time.Now().After(deadline) {
			t.Fatalf("the status of %s is %q, want %q", id, got, want)
		}
		v, err := c.QueryWorkflow(t.Context(), id, "", "status")
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Get(&got); err != nil {
			t.Fatal(err)
		}
	}
}

// countEvents counts the events of a type in the history of a run.
func countEvents(t *testing.T, c client.Client, run client.WorkflowRun, typ enumspb.EventType) (n int) {
	t.Helper()
	for _, e := range history(t, c, run).GetEvents() {
		if e.GetEventType() == typ {
			n++
		}
	}
	return n
}
