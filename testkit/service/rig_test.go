package service_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
)

const tasks = "orders"

// rig is a service in a bubble, and how tests use it.
type rig struct {
	t *testing.T
	s *service.Service
	c workflowservice.WorkflowServiceClient
}

// in runs the test in a bubble; at its end nothing may be left in the service.
func in(t *testing.T, o service.Options, test func(r rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := service.New(o)
		if err != nil {
			t.Fatal(err)
		}
		test(rig{t, s, s.Client()})
		if err := s.Leftovers(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// worker starts a worker; the function that is returned stops it.
func (r rig) worker(o worker.Options) func() {
	r.t.Helper()
	return r.workerOver(r.s.Direct(), o)
}

// workerOver is worker for one that reaches the service some other way.
func (r rig) workerOver(c worker.Client, o worker.Options) func() {
	r.t.Helper()
	stop := r.workerOf(c, o)
	return func() {
		if err := stop(context.Background()); err != nil {
			r.t.Errorf("the worker did not stop cleanly: %v", err)
		}
	}
}

// workerOf starts a worker and returns what shuts it down.
func (r rig) workerOf(c worker.Client, o worker.Options) func(context.Context) error {
	r.t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	w, err := worker.New(c, tasks, o)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := w.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return w.Shutdown
}

// start starts a workflow.
func (r rig) start(id, kind string) *commonpb.WorkflowExecution {
	r.t.Helper()
	resp, err := r.c.StartWorkflowExecution(r.t.Context(), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: service.DefaultNamespace, WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: kind},
		TaskQueue: queue(), RequestId: "start " + id,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return &commonpb.WorkflowExecution{WorkflowId: id, RunId: resp.GetRunId()}
}

func queue() *taskqueuepb.TaskQueue { return &taskqueuepb.TaskQueue{Name: tasks} }

// end waits for the end of a workflow.
func (r rig) end(e *commonpb.WorkflowExecution) *historypb.HistoryEvent {
	r.t.Helper()
	var next []byte
	for {
		resp, err := r.c.GetWorkflowExecutionHistory(r.t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: service.DefaultNamespace, Execution: e, WaitNewEvent: true, NextPageToken: next,
			HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
		})
		if err != nil {
			r.t.Fatal(err)
		}
		if events := resp.GetHistory().GetEvents(); len(events) > 0 {
			return events[0]
		}
		next = resp.GetNextPageToken()
	}
}

// history returns the events of a workflow.
func (r rig) history(e *commonpb.WorkflowExecution) []*historypb.HistoryEvent {
	r.t.Helper()
	resp, err := r.c.GetWorkflowExecutionHistory(r.t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: service.DefaultNamespace, Execution: e,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.GetHistory().GetEvents()
}

// types are the types of events, in a form to compare and read.
func types(events []*historypb.HistoryEvent) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.GetEventType().String()
	}
	return out
}
