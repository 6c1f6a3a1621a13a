package service_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestRestartEndsWhatWaits has one call of each kind wait while the service restarts.
func TestRestartEndsWhatWaits(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		e := r.start("w", "Any")
		task := r.poll()
		ctx := r.t.Context()
		waiting := map[string]func() error{
			"poll": func() error {
				_, err := r.c.PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
					Namespace: service.DefaultNamespace, TaskQueue: queue(),
				})
				return err
			},
			"poll for activities": func() error {
				_, err := r.c.PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
					Namespace: service.DefaultNamespace, TaskQueue: queue(),
				})
				return err
			},
			"history": func() error {
				_, err := r.c.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
					Namespace: service.DefaultNamespace, Execution: e, WaitNewEvent: true,
					HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
				})
				return err
			},
			"query": func() error {
				_, err := r.c.QueryWorkflow(ctx, &workflowservice.QueryWorkflowRequest{
					Namespace: service.DefaultNamespace, Execution: e, Query: &querypb.WorkflowQuery{QueryType: "what"},
				})
				return err
			},
			"update": func() error {
				_, err := r.c.UpdateWorkflowExecution(ctx, &workflowservice.UpdateWorkflowExecutionRequest{
					Namespace: service.DefaultNamespace, WorkflowExecution: e, Request: &updatepb.Request{
						Meta: &updatepb.Meta{UpdateId: "u"}, Input: &updatepb.Input{Name: "say"},
					},
				})
				return err
			},
		}
		type end struct {
			what string
			err  error
		}
		ends := make(chan end)
		for what, call := range waiting {
			go func() { ends <- end{what, call()} }()
		}
		synctest.Wait()
		r.s.Restart()
		for range waiting {
			if got := <-ends; status.Code(got.err) != codes.Unavailable {
				t.Errorf("%s ended with %v", got.what, got.err)
			}
		}
		r.respond(task) // the task that was in flight still is
		if got := types(r.history(e)); len(got) != 4 {
			t.Errorf("history: %v", got)
		}
		r.terminate(e)
	})
}

// TestRestartForgetsPolls: tasks go to the queue of a worker again once it polls.
func TestRestartForgetsPolls(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		own := &taskqueuepb.TaskQueue{Name: "own", Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: tasks}
		poll := func(on *taskqueuepb.TaskQueue) *workflowservice.PollWorkflowTaskQueueResponse {
			ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
			defer cancel()
			task, err := r.c.PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
				Namespace: service.DefaultNamespace, TaskQueue: on,
			})
			if err != nil {
				t.Error(err)
			}
			return task
		}
		poll(own)
		e := r.start("w", "Any")
		_, err := r.c.RespondWorkflowTaskCompleted(r.t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: service.DefaultNamespace, TaskToken: r.poll().GetTaskToken(),
			StickyAttributes: &taskqueuepb.StickyExecutionAttributes{WorkerTaskQueue: own},
		})
		if err != nil {
			t.Error(err)
		}
		r.s.Restart()
		if err := r.signal(e); err != nil {
			t.Error(err)
		}
		if task := poll(own); len(task.GetTaskToken()) > 0 {
			t.Error("the task went to the queue of a worker that has not polled since")
		}
		if task := poll(queue()); task.GetHistory().GetEvents()[0].GetEventId() != 1 {
			t.Errorf("the task on the normal queue begins with event %v", task.GetHistory().GetEvents()[0])
		}
		r.terminate(e)
	})
}

// TestConnectionsSurviveRestart reaches the service over both kinds of connections
// before and after it has restarted.
func TestConnectionsSurviveRestart(t *testing.T) {
	t.Parallel()
	s, listener, served := listening(t)
	tcp, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]overGRPC{"pipe": dialled(t, s), "tcp": {tcp}} {
		for range 3 {
			_, err := c.WorkflowService().GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{},
				grpc.WaitForReady(true))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			s.Restart()
			if !c.WaitForStateChange(t.Context(), connectivity.Ready) {
				t.Errorf("%s: the connection has not broken", name)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v", err)
	}
	s.Restart() // there is nothing to restart
}

// TestServeEndsWithItsListener closes the listener of a service that lives on.
func TestServeEndsWithItsListener(t *testing.T) {
	t.Parallel()
	s, listener, served := listening(t)
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err == nil {
		t.Error("Serve does not say that its listener is gone")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestWorkersSurviveRestarts restarts the service every few days of a month.
func TestWorkersSurviveRestarts(t *testing.T) {
	t.Parallel()
	in(t, service.Options{WaitTimeout: 2 * month}, func(r rig) {
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		defer stop()
		e := r.start("sleeper", "Sleepy")
		for range 10 {
			time.Sleep(79 * time.Hour) // not when the timer fires: the worker would be away
			r.s.Restart()
		}
		if got := types(r.history(e)); len(got) != 16 {
			t.Errorf("history: %v", got)
		}
		r.s.Restart() // also while the worker is about to stop
	})
}

// listening is a service that serves a port of its own; served tells how that ends.
func listening(t *testing.T) (s *service.Service, listener net.Listener, served <-chan error) {
	t.Helper()
	s, err := service.New(service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err = net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	return s, listener, ended
}
