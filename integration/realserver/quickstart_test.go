package realserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	quickstart "github.com/mainspring-go/mainspring/integration/quickstart/shop"
	"github.com/mainspring-go/mainspring/integration/quickstart/story"
)

// transcript is what a story tells, for a reader on another goroutine.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// openShop starts the worker of the quickstart. Its task queue is fixed, so each
// test that opens a shop does it in a namespace of its own.
func openShop(t *testing.T, namespace string) (quickstart.Plot, *transcript) {
	t.Helper()
	told := &transcript{}
	tale := story.New(told, false)
	c := sdkClientOf(t, namespace)
	w, err := worker.New(c, quickstart.TaskQueue, worker.Options{
		Namespace: namespace,
		Workflows: []any{quickstart.Order},
		Activities: []any{&quickstart.Activities{Tell: func(format string, args ...any) {
			tale.Tell("worker", format, args...)
		}}},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := w.Shutdown(ctx); err != nil {
			t.Errorf("stop the worker: %v", err)
		}
	})
	return quickstart.Plot{Client: c, Story: tale, Stats: w.Stats}, told
}

func TestQuickstartTellsItsWholeStory(t *testing.T) {
	t.Parallel()
	plot, told := openShop(t, otherNamespace)
	if err := plot.Run(t.Context()); err != nil {
		t.Fatalf("%v; told so far:\n%s", err, told)
	}
	text := told.String()
	at := 0
	for _, want := range []string{
		"placed order-", "asked for the status", "rejected", "changed the address: 3 New Street, Bern",
		"asked again: waiting for approval", "approved it", "the workflow is complete",
		"\nReceipt\n", "44.00 EUR", "shelf 7", "3 New Street, Bern", "Ada",
		"Where the time went", "charge card", "2 attempts; the last failure: the card terminal",
		"timer", "workflow code", "Sticky cache: ",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("after %d characters no %q in:\n%s", at, want, text)
		}
		at += i + len(want)
	}
	for _, want := range []string{"attempt 1 failed", "attempt 2 went through", "reserved", "booked"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if stats := plot.Stats(); stats.StickyHits == 0 {
		t.Errorf("no workflow task found the workflow in memory: %+v", stats)
	}
}

func TestQuickstartRefusesABadOrder(t *testing.T) {
	t.Parallel()
	plot, _ := openShop(t, embedded.DefaultNamespace)
	purchases := map[string]quickstart.Purchase{
		"no items": {ID: "a", Address: "1 Street, Town"},
		"no price": {ID: "b", Address: "1 Street, Town", Items: []quickstart.Item{{Name: "gift", Count: 1}}},
		"no town":  {ID: "c", Address: "1 Street", Items: []quickstart.Item{{Name: "key", Count: 1, Cents: 1}}},
	}
	for name, purchase := range purchases {
		t.Run(name, func(t *testing.T) {
			run, err := plot.Client.ExecuteWorkflow(t.Context(),
				client.StartWorkflowOptions{TaskQueue: quickstart.TaskQueue}, quickstart.WorkflowType, purchase)
			if err != nil {
				t.Fatal(err)
			}
			err = run.Get(t.Context(), nil)
			refusal, ok := errors.AsType[*sdktemporal.ApplicationError](err)
			if !ok || !refusal.NonRetryable() || !strings.HasPrefix(refusal.Type(), "Invalid") {
				t.Errorf("the order ended with %v, want a refusal that is not retried", err)
			}
		})
	}
}

// What the invitation tells to type must be an order that goes through.
func TestQuickstartInvitesToAnOrderThatIsTaken(t *testing.T) {
	t.Parallel()
	text, err := quickstart.Invitation("localhost:7233", "sales")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"start", "query", "signal", "result"} {
		line := "temporal workflow " + command + " --address localhost:7233 --namespace sales --workflow-id my-order"
		if !strings.Contains(text, line) {
			t.Errorf("no %q in:\n%s", line, text)
		}
	}
	found := regexp.MustCompile(`--task-queue (\S+) --type (\S+) --input '(.*)'\n`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no order in:\n%s", text)
	}
	queue, workflowType, input := found[1], found[2], found[3]
	plot, _ := openShop(t, invitedNamespace)
	run, err := plot.Client.ExecuteWorkflow(t.Context(),
		client.StartWorkflowOptions{ID: "my-order", TaskQueue: queue}, workflowType, json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	if err := plot.Client.SignalWorkflow(t.Context(), run.GetID(), "", quickstart.SignalApprove, "Ada"); err != nil {
		t.Fatal(err)
	}
	var receipt quickstart.Receipt
	if err := run.Get(t.Context(), &receipt); err != nil || receipt.Order != "my-order" || receipt.Approved != "Ada" {
		t.Errorf("the order ended with %+v, %v", receipt, err)
	}
}
