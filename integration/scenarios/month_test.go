package scenarios_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestMonth lets a workflow of the Go SDK sleep for a month. Its worker polls all
// the while over gRPC, at least once a minute, which is all that takes time.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("the polls of a month take seconds")
	}
	const month = 30 * 24 * time.Hour
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		fake, err := service.New(service.Options{WaitTimeout: month})
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.DialContext(t.Context(), client.Options{
			HostPort: "passthrough:///service", Logger: slog.New(slog.DiscardHandler),
			ConnectionOptions: client.ConnectionOptions{
				DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := worker.New(c, "month", worker.Options{
			LocalActivityWorkerOnly: true, MaxConcurrentWorkflowTaskPollers: 2,
		})
		w.RegisterWorkflow(scenarios.Sleep)
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "month"}, scenarios.Sleep, month)
		if err == nil {
			time.Sleep(month)
			err = run.Get(t.Context(), nil)
		}
		if err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < month || took > month+time.Minute {
			t.Errorf("it took %v", took)
		}
		w.Stop()
		worker.PurgeStickyWorkflowCache()
		c.Close()
		synctest.Wait()
		if err := fake.Leftovers(); err != nil {
			t.Error(err)
		}
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("a month took %v", time.Since(began))
}

// TestMonthIsSkipped lets the same workflow sleep outside any bubble, on a clock
// that skips what nobody has to wait for.
func TestMonthIsSkipped(t *testing.T) {
	const month = 30 * 24 * time.Hour
	fake, err := service.New(service.Options{Time: service.TimeSkips})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: "passthrough:///service", Logger: slog.New(slog.DiscardHandler),
		ConnectionOptions: client.ConnectionOptions{
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := worker.New(c, "month", worker.Options{})
	w.RegisterWorkflow(scenarios.Carry)
	w.RegisterWorkflow(scenarios.Sleep)
	attempts := 0
	w.RegisterActivityWithOptions(func(context.Context) (string, error) {
		if attempts++; attempts < 3 {
			return "", errors.New("not yet")
		}
		return "at last", nil
	}, activity.RegisterOptions{Name: "Third"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	began, begin := fake.Now(), time.Now()
	for _, run := range []struct {
		workflow any
		argument any
		takes    time.Duration
	}{
		{scenarios.Sleep, month, month},
		{scenarios.Carry, scenarios.Plan{
			Activity: "Third", StartToClose: time.Hour,
			Retry: &temporal.RetryPolicy{InitialInterval: 24 * time.Hour, BackoffCoefficient: 1},
		}, 48 * time.Hour},
	} {
		from := fake.Now()
		execution, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "month"}, run.workflow, run.argument)
		if err == nil {
			err = execution.Get(t.Context(), nil)
		}
		if took := fake.Now().Sub(from); err != nil || took < run.takes || took > run.takes+time.Minute {
			t.Errorf("it took %v, want %v: %v", took, run.takes, err)
		}
	}
	t.Logf("%v took %v", fake.Now().Sub(began), time.Since(begin))
	w.Stop()
	worker.PurgeStickyWorkflowCache()
	c.Close()
	if err := fake.Close(); err != nil {
		t.Error(err)
	}
}
