package worker_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
)

// make returns a worker of the frontend that logs nothing unless the options say so.
func (f *frontend) worker(t *testing.T, o worker.Options) *worker.Worker {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w, err := worker.New(f.client, taskQueue, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// start starts a worker, which is stopped when the test ends, and waits until it polls.
func (f *frontend) start(t *testing.T, o worker.Options) *worker.Worker {
	t.Helper()
	w := f.worker(t, o)
	f.begin(t, w)
	return w
}

// begin is start of a worker that was made before.
func (f *frontend) begin(t *testing.T, w *worker.Worker) {
	t.Helper()
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stopping at the end: %v", err)
		}
	})
	synctest.Wait()
}

// in runs the test in a bubble with a frontend.
func in(t *testing.T, test func(t *testing.T, f *frontend)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFrontend(t)) })
}

// pass lets time go by and everything settle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// eventually is a context that ends long after everything should have happened.
func eventually(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

// stop stops a worker and returns how long that took.
func stop(t *testing.T, w *worker.Worker) time.Duration {
	t.Helper()
	began := time.Now()
	if err := w.Shutdown(eventually(t)); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

// completedTokens are the tokens of the activities that the worker completed.
func (f *frontend) completedTokens() []string {
	all, _ := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f)
	var tokens []string
	for _, req := range all {
		tokens = append(tokens, string(req.GetTaskToken()))
	}
	return tokens
}
