package realserver_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/integration/embedded"
)

// greet is the trivial workflow, with a timer so that the server's timer queue
// has something to do.
func greet(ctx workflow.Context, name string) (string, error) {
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return "", err
	}
	return "hello, " + name, nil
}

// runGreet runs greet on a worker of the SDK.
func runGreet(t *testing.T, c client.Client) {
	t.Helper()
	queue := taskQueue(t)
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	if err := w.Start(); err != nil {
		t.Fatalf("start the worker: %v", err)
	}
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue},
		greet, "Mainspring")
	if err != nil {
		t.Fatalf("start the workflow: %v", err)
	}
	var got string
	if err := run.Get(t.Context(), &got); err != nil {
		t.Fatalf("the workflow failed: %v", err)
	}
	if want := "hello, Mainspring"; got != want {
		t.Fatalf("the workflow returned %q, want %q", got, want)
	}
}

func TestServerRunsAWorkflowInEveryNamespace(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{embedded.DefaultNamespace, otherNamespace} {
		t.Run(namespace, func(t *testing.T) {
			t.Parallel()
			runGreet(t, sdkClientOf(t, namespace))
		})
	}
}

func TestServerRefusesANamespaceNobodyAskedFor(t *testing.T) {
	t.Parallel()
	c := sdkClientOf(t, "nobody-asked")
	_, err := c.ExecuteWorkflow(t.Context(),
		client.StartWorkflowOptions{TaskQueue: taskQueue(t)}, greet, "x")
	if err == nil || !strings.Contains(err.Error(), "nobody-asked") {
		t.Fatalf("started a workflow in a namespace that does not exist: error %v", err)
	}
}

func TestServersInOneProcessAreApart(t *testing.T) {
	t.Parallel()
	second, err := embedded.Start(t.Context(), embedded.Options{Namespaces: []string{"second"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, second)
	if second.Address() == server.Address() {
		t.Fatalf("both servers are at %s", server.Address())
	}
	_, err = sdkClient(t).WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: "second"})
	if err == nil {
		t.Fatal("the first server knows the namespace of the second")
	}
}

// TestStopIsCompleteAndMayBeRepeated is not parallel because it counts goroutines.
func TestStopIsCompleteAndMayBeRepeated(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := embedded.Start(t.Context(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: s.Address(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	runGreet(t, c)
	c.Close()
	running := runtime.NumGoroutine() - before
	stop(t, s)
	stop(t, s)
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Address()); err == nil {
		conn.Close()
		t.Errorf("%s still takes connections", s.Address())
	}
	// The server's own system workers need a while to notice, and the server
	// leaves a hundred goroutines of some three thousand for good.
	left := runtime.NumGoroutine() - before
	for deadline := time.Now().Add(20 * time.Second); left > running/10; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d goroutines are left after Stop, want less than a tenth", left, running)
		}
		time.Sleep(50 * time.Millisecond)
		left = runtime.NumGoroutine() - before
	}
}

func TestStartRefusesWrongOptions(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancelCause(t.Context())
	because := errors.New("changed my mind")
	cancel(because)
	if _, err := embedded.Start(canceled, embedded.Options{}); !errors.Is(err, because) {
		t.Errorf("Start with a cancelled context: %v, want the cause", err)
	}
	_, err := embedded.Start(t.Context(), embedded.Options{Namespaces: []string{"a", ""}})
	if err == nil || !strings.Contains(err.Error(), "Namespaces[1]") {
		t.Errorf("Start with an empty namespace: %v, want an error that names Namespaces[1]", err)
	}
}

func TestLoggerGetsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	heard := &counter{}
	s, err := embedded.Start(t.Context(), embedded.Options{Logger: slog.New(heard)})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	if heard.lines.Load() == 0 {
		t.Error("the logger heard nothing")
	}
}

// counter is a handler that counts.
type counter struct{ lines atomic.Int64 }

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }
func (c *counter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *counter) WithGroup(string) slog.Handler            { return c }
func (c *counter) Handle(context.Context, slog.Record) error {
	c.lines.Add(1)
	return nil
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
