package service_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/testkit/service"
)

func TestSearchAttributesOfOptions(t *testing.T) {
	const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	for name, kind := range map[string]enumspb.IndexedValueType{
		"": keyword, "RunId": keyword, "TemporalPauseInfo": keyword, "TemporalColor": keyword, "Color": 0, "Size": 99,
	} {
		_, err := service.New(service.Options{SearchAttributes: map[string]enumspb.IndexedValueType{name: kind}})
		if err == nil || !strings.Contains(err.Error(), "SearchAttributes") {
			t.Errorf("attribute %q of type %v: %v", name, kind, err)
		}
	}
}

func TestDeepQuery(t *testing.T) {
	in(t, service.Options{}, func(r rig) {
		for _, deep := range []string{
			strings.Repeat("(", 1e6), strings.Repeat("not ", 1e6), "Size = " + strings.Repeat("-", 1e6) + "1",
			strings.Repeat("f(", 1e6), "RunId is null" + strings.Repeat(" or RunId is null", 1e4),
		} {
			_, err := r.c.ListWorkflowExecutions(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
				Namespace: "default", Query: deep,
			})
			if refused := strings.HasPrefix(deep, "RunId") == (err == nil); !refused {
				t.Errorf("%.20s...: %v", deep, err)
			}
		}
	})
}

func TestDeleteClosed(t *testing.T) {
	in(t, service.Options{}, func(r rig) {
		execution := r.start("order", "Order")
		r.terminate(execution)
		_, err := r.c.DeleteWorkflowExecution(r.t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: "default", WorkflowExecution: execution,
		})
		if err != nil {
			r.t.Fatal(err)
		}
		_, err = r.c.DescribeWorkflowExecution(r.t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: "default", Execution: execution,
		})
		if code := serviceerror.ToStatus(err).Code(); code != codes.NotFound {
			r.t.Errorf("describe: %v", err)
		}
		list, err := r.c.ListWorkflowExecutions(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default",
		})
		if err != nil || len(list.GetExecutions()) > 0 {
			r.t.Errorf("list: %v, %v", list, err)
		}
	})
}

// TestShutdownWithoutCapability tells a namespace that cannot end polls that a
// worker stops: its polls go on until their time is over.
func TestShutdownWithoutCapability(t *testing.T) {
	in(t, service.Options{Capabilities: &namespacepb.NamespaceInfo_Capabilities{}}, func(r rig) {
		began := time.Now()
		done := make(chan time.Duration, 1)
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Hour)
		defer cancel()
		go func() {
			response, err := r.c.PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
				Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{Name: tasks}, WorkerInstanceKey: "worker",
			})
			if err != nil || len(response.GetTaskToken()) > 0 {
				r.t.Errorf("poll: %v, %v", response, err)
			}
			done <- time.Since(began)
		}()
		synctest.Wait()
		_, err := r.c.ShutdownWorker(r.t.Context(), &workflowservice.ShutdownWorkerRequest{
			Namespace: "default", WorkerInstanceKey: "worker", TaskQueue: tasks,
		})
		if err != nil {
			t.Error(err)
		}
		if took := <-done; took != service.DefaultPollTimeout {
			t.Errorf("the poll ended after %v", took)
		}
	})
}
