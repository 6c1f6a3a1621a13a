package compat

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Side is a library that runs workflows.
type Side string

// The sides.
const (
	Ours Side = "ours"
	SDK  Side = "sdk"
	// Verified is ours, and runs each workflow again after each of its tasks.
	Verified Side = "verified"
)

// Sides are both libraries.
func Sides() []Side { return []Side{Ours, SDK} }

func (s Side) other() Side {
	if s == Ours {
		return SDK
	}
	return Ours
}

// identity is that of workers and clients of both sides.
const identity = "compat"

// stickyTimeout is how long a task waits for a worker that has stopped before
// another may have it.
func (r role) stickyTimeout() time.Duration {
	if r.activities {
		return patience // it is the only one
	}
	return time.Second
}

// quiet logs nothing: what goes wrong in these stories is meant to.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A role is what a worker is there for.
type role struct{ workflows, activities bool }

// start starts a worker of the side; the function that is returned stops it.
func (s Side) start(t testing.TB, c client.Client, queue string, r role) (stop func(), err error) {
	t.Helper()
	if s == Ours || s == Verified {
		return startOurs(t, c, queue, r, worker.Options{VerifyWorkflows: s == Verified})
	}
	return startSDK(c, queue, r)
}

// startOurs starts a worker of ours, with the options that all have alike and those that are given.
func startOurs(
	t testing.TB, c client.Client, queue string, r role, o worker.Options,
) (stop func(), err error) {
	t.Helper()
	o.Workflows, o.Activities = workflows.Workflows(), workflows.Activities()
	o.Identity, o.Logger, o.NoRemoteActivities = identity, quiet(), !r.activities
	o.Interceptors, o.ContextPropagators = workflows.Interceptors(), workflows.Propagators()
	o.EnableSessionWorker, o.DeadlockDetectionTimeout = r.activities, patience
	o.MaxConcurrentWorkflowTaskPolls, o.MaxConcurrentActivityTaskPolls = 2, 2
	o.StickyQueueScheduleToStartTimeout = r.stickyTimeout()
	o.MaxHeartbeatThrottleInterval, o.DefaultHeartbeatThrottleInterval = 10*time.Millisecond, 10*time.Millisecond
	o.DisableEagerActivityExecution = true // as the SDK's below: who runs an activity must not be chance
	w, err := worker.New(c, queue, o)
	if err != nil {
		return nil, err
	}
	if err := w.RegisterDynamicWorkflow(workflows.Anything, workflow.DynamicRegisterOptions{}); err != nil {
		return nil, err
	}
	ctx := context.WithoutCancel(t.Context())
	if err := w.Start(ctx); err != nil {
		return nil, err
	}
	return func() {
		t.Helper()
		if err := w.Shutdown(ctx); err != nil {
			t.Errorf("stop our worker: %v", err)
		}
	}, nil
}

func startSDK(c client.Client, queue string, r role) (stop func(), err error) {
	w := sdkworker.New(c, queue, sdkworker.Options{
		Identity: identity, DisableWorkflowWorker: !r.workflows, LocalActivityWorkerOnly: !r.activities,
		Interceptors: sdkworkflows.Interceptors(), EnableSessionWorker: r.activities,
		MaxConcurrentWorkflowTaskPollers: 2,
		MaxConcurrentActivityTaskPollers: 2,
		StickyScheduleToStartTimeout:     r.stickyTimeout(),
		MaxHeartbeatThrottleInterval:     10 * time.Millisecond,
		DefaultHeartbeatThrottleInterval: 10 * time.Millisecond,
		DisableEagerActivities:           true,     // they would be lost with a worker that stops
		DeadlockDetectionTimeout:         patience, // a busy machine keeps coroutines waiting
	})
	if r.workflows {
		for _, f := range sdkworkflows.Workflows() {
			w.RegisterWorkflow(f)
		}
		w.RegisterDynamicWorkflow(sdkworkflows.Anything, sdkworkflow.DynamicRegisterOptions{})
	}
	for _, a := range sdkworkflows.Activities() {
		w.RegisterActivity(a)
	}
	if err := w.Start(); err != nil {
		return nil, err
	}
	return w.Stop, nil
}
