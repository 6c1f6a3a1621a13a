package service_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
)

func TestFailoverFailsTasksInFlight(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		e := r.start("w", "Any")
		r.respond(r.poll(), anActivity())
		activity := r.pollActivity()
		if err := r.signal(e); err != nil {
			t.Error(err)
		}
		task := r.poll()
		if err := r.signal(e); err != nil { // it is buffered
			t.Error(err)
		}
		if err := r.s.Failover(service.DefaultNamespace); err != nil {
			t.Error(err)
		}
		_, err := r.c.RespondWorkflowTaskCompleted(r.t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: service.DefaultNamespace, TaskToken: task.GetTaskToken(),
		})
		if status.Code(err) != codes.NotFound {
			t.Errorf("an answer to the old task: %v", err)
		}
		again := r.poll()
		events := again.GetHistory().GetEvents()
		failed := events[8].GetWorkflowTaskFailedEventAttributes()
		if failed.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_FAILOVER_CLOSE_COMMAND || again.GetAttempt() != 1 ||
			events[9].GetWorkflowExecutionSignaledEventAttributes() == nil {
			t.Errorf("attempt %d after %v", again.GetAttempt(), events[5:])
		}
		_, err = r.c.RespondActivityTaskCompleted(r.t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{
			Namespace: service.DefaultNamespace, TaskToken: activity.GetTaskToken(),
		})
		if err != nil {
			t.Errorf("an activity that went on: %v", err)
		}
		r.terminate(e)
	})
}

// TestStandby has a worker wait for a namespace to come back.
func TestStandby(t *testing.T) {
	t.Parallel()
	in(t, service.Options{WaitTimeout: 2 * month}, func(r rig) {
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		defer stop()
		e := r.start("sleeper", "Sleepy")
		synctest.Wait()
		if err := r.s.Standby(service.DefaultNamespace, "passive"); err != nil {
			t.Error(err)
		}
		err := r.signal(e)
		if status.Code(err) != codes.FailedPrecondition || status.Convert(err).Message() !=
			"Namespace: default is active in cluster: passive, while current cluster active is a standby cluster." {
			t.Errorf("a signal to a standby: %v", err)
		}
		d, err := r.c.DescribeNamespace(r.t.Context(), &workflowservice.DescribeNamespaceRequest{
			Namespace: service.DefaultNamespace,
		})
		if err != nil || d.GetReplicationConfig().GetActiveClusterName() != "passive" {
			t.Errorf("the namespace: %v, %v", d, err)
		}
		time.Sleep(2 * month)
		if got := r.history(e); len(got) != 5 {
			t.Errorf("something happened on a standby: %v", types(got))
		}
		if err := r.s.Failover(service.DefaultNamespace); err != nil {
			t.Error(err)
		}
		if last := r.end(e); last.GetWorkflowExecutionCompletedEventAttributes() == nil {
			t.Errorf("it ended with %v", last)
		}
	})
}

func TestFailoverRefuses(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		for _, err := range []error{r.s.Failover("nowhere"), r.s.Standby("nowhere", "other")} {
			if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); !ok {
				t.Errorf("a namespace that is not there: %v", err)
			}
		}
		for _, cluster := range []string{"", "active"} {
			if err := r.s.Standby(service.DefaultNamespace, cluster); err == nil {
				t.Errorf("%q is another cluster", cluster)
			}
		}
		_, err := r.c.SignalWorkflowExecution(r.t.Context(), &workflowservice.SignalWorkflowExecutionRequest{
			Namespace: "nowhere", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "w"}, SignalName: "say",
		})
		if status.Code(err) != codes.NotFound {
			t.Errorf("a signal to nowhere: %v", err)
		}
	})
}
