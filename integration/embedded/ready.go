package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// probeInterval is the pause between two probes of a server that is not ready.
const probeInterval = 10 * time.Millisecond

// awaitReady returns when every namespace takes work: the frontend knows it, the
// history service owns its shard, and the matching service answers.
func (s *Server) awaitReady(ctx context.Context, namespaces []string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	conn, err := grpc.NewClient(s.address,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("embedded: dial %s: %w", s.address, err)
	}
	defer conn.Close()
	service := workflowservice.NewWorkflowServiceClient(conn)
	for _, namespace := range namespaces {
		for {
			err := probe(ctx, service, namespace)
			if err == nil {
				break
			}
			select {
			case <-time.After(probeInterval):
			case <-ctx.Done():
				return fmt.Errorf("embedded: namespace %q is not ready: %w; the last answer was: %w",
					namespace, context.Cause(ctx), err)
			}
		}
	}
	return nil
}

// probe asks for what only a working server can answer, in a way that leaves no
// trace.
func probe(
	ctx context.Context, service workflowservice.WorkflowServiceClient, namespace string,
) error {
	const nobody = "embedded-probe"
	_, err := service.DescribeWorkflowExecution(ctx,
		&workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: namespace,
			Execution: &commonpb.WorkflowExecution{WorkflowId: nobody},
		})
	err = serviceerror.FromStatus(status.Convert(err))
	if _, ok := errors.AsType[*serviceerror.NotFound](err); !ok {
		return fmt.Errorf("describe a workflow that does not exist: %w", err)
	}
	_, err = service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     namespace,
		TaskQueue:     &taskqueuepb.TaskQueue{Name: nobody},
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return fmt.Errorf("describe a task queue: %w", err)
	}
	return nil
}
