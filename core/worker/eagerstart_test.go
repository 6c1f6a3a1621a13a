package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

func (f *frontend) StartWorkflowExecution(
	_ context.Context, req *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.record(req)
	if f.eager.starting != nil {
		if err := f.eager.starting(); err != nil {
			return nil, err
		}
	}
	resp := &workflowservice.StartWorkflowExecutionResponse{RunId: "run of " + req.GetWorkflowId()}
	if req.GetRequestEagerExecution() {
		resp.EagerWorkflowTask = firstTask(req.GetWorkflowType().GetName(), resp.GetRunId(), "world")
	}
	return resp, nil
}

// starting is a request to start Greet eagerly.
func starting() *workflowservice.StartWorkflowExecutionRequest {
	return &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: "w", WorkflowType: &commonpb.WorkflowType{Name: "Greet"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: taskQueue}, RequestEagerExecution: true,
	}
}

// startEagerly starts a workflow and returns what the server was asked.
func (f *frontend) startEagerly(
	t *testing.T, req *workflowservice.StartWorkflowExecutionRequest, workers ...*worker.Worker,
) *workflowservice.StartWorkflowExecutionRequest {
	t.Helper()
	client := worker.EagerClient(f.client.WorkflowService(), workers...)
	resp, err := client.StartWorkflowExecution(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.GetRunId() == "" || resp.GetEagerWorkflowTask() != nil {
		t.Errorf("response %v", resp)
	}
	synctest.Wait()
	all, _ := arrivals[*workflowservice.StartWorkflowExecutionRequest](f)
	return all[len(all)-1]
}

func TestWorkflowsStartEagerly(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.eager.starts, f.drains = true, true
		breakPolls(f, normal, codes.Unavailable)
		w := f.start(t, worker.Options{
			Workflows: []any{Greet}, WorkflowRunner: newSlowRunner(time.Minute),
			DeploymentOptions: worker.DeploymentOptions{
				Version: worker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: "v1"},
			},
		})
		sent := f.startEagerly(t, starting(), w)
		if !sent.GetRequestEagerExecution() || sent.GetEagerWorkerDeploymentOptions().GetBuildId() != "v1" {
			t.Errorf("sent %v", sent)
		}
		if s := w.Stats(); s.WorkflowSlots.Used != 1 || s.Pollers[0].Handling != 1 || s.Pollers[0].Unpolled != 1 {
			t.Errorf("while it runs: slots %+v, poller %+v", s.WorkflowSlots, s.Pollers[0])
		}
		pass(time.Minute)
		if got := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f); string(got.GetTaskToken()) != "run of w/1" {
			t.Errorf("answered %s", got.GetTaskToken())
		}
		if s := w.Stats(); s.WorkflowTasks != 1 || s.WorkflowSlots.Used != 0 {
			t.Errorf("when it has ended: %+v", s)
		}
	})
}

func TestWorkflowsThatStartAsOthers(t *testing.T) {
	for name, edit := range map[string]func(*frontend, *workflowservice.StartWorkflowExecutionRequest, *worker.Options){
		"another queue": func(_ *frontend, r *workflowservice.StartWorkflowExecutionRequest, _ *worker.Options) {
			r.TaskQueue.Name = "other"
		},
		"another namespace": func(_ *frontend, r *workflowservice.StartWorkflowExecutionRequest, _ *worker.Options) {
			r.Namespace = "other"
		},
		"an unknown type": func(_ *frontend, r *workflowservice.StartWorkflowExecutionRequest, _ *worker.Options) {
			r.WorkflowType.Name = "Unknown"
		},
		"nobody asks": func(_ *frontend, r *workflowservice.StartWorkflowExecutionRequest, _ *worker.Options) {
			r.RequestEagerExecution = false
		},
		"the namespace cannot": func(f *frontend, _ *workflowservice.StartWorkflowExecutionRequest, _ *worker.Options) {
			f.eager.starts = false
		},
		"no workflows here": func(_ *frontend, _ *workflowservice.StartWorkflowExecutionRequest, o *worker.Options) {
			o.Workflows = nil
		},
		"a build id that a start cannot tell": func(_ *frontend, _ *workflowservice.StartWorkflowExecutionRequest, o *worker.Options) {
			o.BuildID, o.UseWorkerVersioning = "v1", true
		},
		"idle polls have all slots": func(_ *frontend, _ *workflowservice.StartWorkflowExecutionRequest, o *worker.Options) {
			o.MaxConcurrentWorkflowTasks = 2
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.eager.starts = true
				o, req := both(), starting()
				edit(f, req, &o)
				if sent := f.startEagerly(t, req, f.start(t, o)); sent.GetRequestEagerExecution() {
					t.Errorf("sent %v", sent)
				}
				if len(f.answers()) > 0 {
					t.Error("a task has run")
				}
			})
		})
	}
}

func TestOnlyRunningWorkersTakeFirstTasks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.eager.starts = true
		asks := func(w *worker.Worker) bool {
			return f.startEagerly(t, starting(), w).GetRequestEagerExecution()
		}
		w := f.worker(t, both())
		if asks(w) {
			t.Error("before the start")
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !asks(w) {
			t.Error("not while it runs")
		}
		stop(t, w)
		if asks(w) {
			t.Error("after the stop")
		}
	})
}

func TestFirstTasksAreSharedByWorkers(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.eager.starts = true
		dynamic := f.worker(t, worker.Options{})
		err := dynamic.RegisterDynamicWorkflow(func(workflow.Context, converter.EncodedValues) (string, error) {
			return "", nil
		}, workflow.DynamicRegisterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := dynamic.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, dynamic)
		one, other := f.start(t, both()), f.start(t, both())
		const n = 60
		for range n {
			f.startEagerly(t, starting(), one, other, dynamic)
		}
		a, b, c := one.Stats().WorkflowTasks, other.Stats().WorkflowTasks, dynamic.Stats().WorkflowTasks
		if a+b+c != n || a == 0 || b == 0 || c == 0 {
			t.Errorf("%d, %d and %d of %d", a, b, c, n)
		}
	})
}

func TestRoomForFirstTasksIsGivenBack(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.eager.starts = true
		no := refused(codes.AlreadyExists)
		f.eager.starting = func() error { return no }
		w := f.start(t, both())
		client := worker.EagerClient(f.client.WorkflowService(), w)
		for range 200 {
			if _, err := client.StartWorkflowExecution(t.Context(), starting()); err == nil {
				t.Fatal("no error")
			}
		}
		synctest.Wait()
		if s := w.Stats(); s.WorkflowSlots.Issued != 2 || s.Pollers[0].Expecting != 0 {
			t.Errorf("slots %+v, poller %+v", s.WorkflowSlots, s.Pollers[0])
		}
	})
}

// A start is on its way when the worker is told to stop: its first task is answered.
func TestFirstTasksThatComeDuringTheStopAreAnswered(t *testing.T) {
	for _, fails := range []bool{false, true} {
		for _, grace := range []time.Duration{0, time.Hour} {
			in(t, func(t *testing.T, f *frontend) {
				f.eager.starts = true
				f.eager.starting = func() error {
					time.Sleep(5 * time.Second)
					if fails {
						return refused(codes.AlreadyExists)
					}
					return nil
				}
				o := both()
				o.GracefulShutdownTimeout = grace
				w := f.start(t, o)
				client := worker.EagerClient(f.client.WorkflowService(), w)
				started := make(chan error, 1)
				go func() {
					_, err := client.StartWorkflowExecution(context.WithoutCancel(t.Context()), starting())
					started <- err
				}()
				synctest.Wait()
				if took := stop(t, w); took != 5*time.Second {
					t.Errorf("the stop took %v", took)
				}
				if err := <-started; (err != nil) != fails {
					t.Error(err)
				}
				if n := len(f.answers()); (n == 0) != fails {
					t.Errorf("%d answers", n)
				}
				if s := w.Stats(); s.WorkflowSlots.Issued != 0 || s.Pollers[0].State != poller.StateStopped {
					t.Errorf("slots %+v, poller %+v", s.WorkflowSlots, s.Pollers[0])
				}
			})
		}
	}
}
