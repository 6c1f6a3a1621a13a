package scenarios

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// A Scenario is a story that a server is told.
type Scenario struct {
	// Name is unique; it names the workflows and the task queue.
	Name string
	// Run tells the story. It waits until what it has begun is over.
	Run func(e *Env)
}

// Env is what a scenario may use: one server, and a record of what is seen there.
type Env struct {
	testing.TB

	// Client is the Go SDK's.
	Client client.Client
	// Service is the same server without the SDK in between.
	Service workflowservice.WorkflowServiceClient
	// Name is the scenario's, and that of its task queue.
	Name string

	runs  []*commonpb.WorkflowExecution
	notes []string
	mu    sync.Mutex // guards ends: calls may be in the background
	ends  []func()   // what stops what was started, last first
}

// Identity is that of clients and workers.
const Identity = "tester"

// Namespaces are those of a server that scenarios run on: they happen in the first.
func Namespaces() []string { return []string{"default", "other", Limited} }

// A Server is something that scenarios run on.
type Server struct {
	// HostPort and DialOptions reach it.
	HostPort    string
	DialOptions []grpc.DialOption
}

// quiet logs nothing: what goes wrong in scenarios is meant to.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Run runs a scenario on a server and returns what was to be seen, line by line.
func Run(t testing.TB, s Scenario, server Server) []string {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.HostPort, Identity: Identity, Logger: quiet(),
		ConnectionOptions: client.ConnectionOptions{DialOptions: server.DialOptions},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e := &Env{TB: t, Client: c, Service: c.WorkflowService(), Name: s.Name}
	defer e.end()
	s.Run(e)
	for _, run := range e.runs {
		e.notes = append(e.notes, "history of "+run.GetWorkflowId())
		for _, event := range e.History(run) {
			e.notes = append(e.notes, eventText(event))
		}
	}
	return normalize(e.notes)
}

// end stops workers and calls, so that nothing is left when Run returns.
func (e *Env) end() {
	for _, end := range slices.Backward(e.ends) {
		end()
	}
	// Workflows that are still cached have goroutines, which belong to this server.
	worker.PurgeStickyWorkflowCache()
}

// Ctx bounds the calls of a scenario.
func (e *Env) Ctx() context.Context { return e.within(20 * time.Second) }

func (e *Env) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.Context()), d)
	e.atEnd(cancel)
	return ctx
}

// atEnd has end called when the scenario is over.
func (e *Env) atEnd(end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ends = append(e.ends, end)
}

// Note records something that was seen.
func (e *Env) Note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// NoteErr records an error as a client sees it: code, message and details.
func (e *Env) NoteErr(what string, err error) {
	if err == nil {
		e.Note("%s: no error", what)
		return
	}
	s, ok := status.FromError(err)
	if !ok {
		s = serviceerror.ToStatus(err)
	}
	e.Note("%s: %v: %s", what, s.Code(), s.Message())
	for _, detail := range s.Proto().GetDetails() {
		e.Note("  with %s", detailText(detail))
	}
}

// Must ends the scenario if something failed that has nothing to do with what it
// is about.
func (e *Env) Must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// Worker starts a worker of the SDK on the scenario's task queue; the function
// that is returned stops it. It polls for all its activities.
func (e *Env) Worker(o worker.Options, register ...any) func() {
	e.Helper()
	o.DisableEagerActivities = true
	return e.EagerWorker(o, register...)
}

// EagerWorker is Worker for one that asks for activities with the answers to its
// workflow tasks, unless the options say otherwise.
func (e *Env) EagerWorker(o worker.Options, register ...any) func() {
	e.Helper()
	o.Identity = Identity
	// A busy machine may keep a coroutine waiting for its turn for a second.
	o.DeadlockDetectionTimeout = time.Minute
	w := worker.New(e.Client, e.Name, o)
	for _, r := range register {
		switch r := r.(type) {
		case activityFunc:
			w.RegisterActivity(r.f)
		case named:
			w.RegisterWorkflowWithOptions(r.f, workflow.RegisterOptions{Name: r.name})
		default:
			w.RegisterWorkflow(r)
		}
	}
	if err := w.Start(); err != nil {
		e.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			w.Stop()
		}
	}
	e.atEnd(stop)
	return stop
}

// activityFunc is a function to be registered as an activity.
type activityFunc struct{ f any }

// named is a workflow to be registered under another name.
type named struct {
	name string
	f    any
}

// Start starts a workflow. Its history is part of what was seen.
func (e *Env) Start(workflow any, args ...any) client.WorkflowRun {
	e.Helper()
	return e.StartWith(client.StartWorkflowOptions{}, workflow, args...)
}

// StartWith is Start with options.
func (e *Env) StartWith(o client.StartWorkflowOptions, workflow any, args ...any) client.WorkflowRun {
	e.Helper()
	if o.ID == "" {
		o.ID = e.Name
	}
	if o.TaskQueue == "" {
		o.TaskQueue = e.Name
	}
	run, err := e.Client.ExecuteWorkflow(e.Ctx(), o, workflow, args...)
	if err != nil {
		e.Fatal(err)
	}
	e.Keep(run.GetID(), run.GetRunID())
	return run
}

// Keep makes the history of a run part of what was seen.
func (e *Env) Keep(id, runID string) {
	known := slices.ContainsFunc(e.runs, func(r *commonpb.WorkflowExecution) bool { return r.GetRunId() == runID })
	if !known {
		e.runs = append(e.runs, &commonpb.WorkflowExecution{WorkflowId: id, RunId: runID})
	}
}

// End waits for the end of a run and records its result.
func (e *Env) End(run client.WorkflowRun) {
	e.Helper()
	var result any
	if err := run.Get(e.Ctx(), &result); err != nil {
		e.Note("%s ended: %v", run.GetID(), err)
		return
	}
	e.Note("%s returned %v", run.GetID(), result)
}

// History returns all events of a run.
func (e *Env) History(run *commonpb.WorkflowExecution) []*historypb.HistoryEvent {
	e.Helper()
	var events []*historypb.HistoryEvent
	var next []byte
	for {
		resp, err := e.Service.GetWorkflowExecutionHistory(e.Ctx(),
			&workflowservice.GetWorkflowExecutionHistoryRequest{
				Namespace: "default", Execution: run, NextPageToken: next,
			})
		if err != nil {
			e.Fatalf("history of %s: %v", run.GetWorkflowId(), err)
		}
		events = append(events, resp.GetHistory().GetEvents()...)
		if next = resp.GetNextPageToken(); len(next) == 0 {
			return events
		}
	}
}

// Await waits until the latest run of the workflow has an event that fits.
func (e *Env) Await(id string, fits func(*historypb.HistoryEvent) bool) {
	e.Helper()
	e.Until(func() bool {
		return slices.ContainsFunc(e.History(&commonpb.WorkflowExecution{WorkflowId: id}), fits)
	})
}

// Until waits until the condition holds.
func (e *Env) Until(holds func() bool) {
	e.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	e.Fatal("what the scenario waits for has not happened")
}
