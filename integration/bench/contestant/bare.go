package contestant

import (
	"context"
	"fmt"
	"sync"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// What a worker tells of itself, in as many bytes.
const (
	identity    = "12345@some-host-of-many@bench"
	instance    = "01234567-0123-0123-0123-0123456789ab"
	stickyQueue = identity + "-0123456701230123012301234567"
)

// A bare is a client that makes the calls of a worker with answers that are ready.
type bare struct {
	stub   workflowservice.WorkflowServiceClient
	honest bool
	work   frontend.Work
	text   *commonpb.Payloads // of the latest task; all are alike
}

// startBare has as many calls in flight as Mainspring's worker: its polls, and for each one that
// brought a task the answer.
func (j Job) startBare(ctx context.Context) (stop func(context.Context) error, err error) {
	conn, err := grpc.NewClient(j.Address,
		append(j.dialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var hands sync.WaitGroup
	polls := worker.DefaultMaxConcurrentActivityTaskPolls
	if j.Work == frontend.TwoTasks || j.Work == frontend.Whole {
		polls = evenPolls
	}
	for range 2 * polls {
		b := &bare{stub: workflowservice.NewWorkflowServiceClient(conn), honest: j.Contestant == Honest, work: j.Work}
		if j.activities() {
			hands.Go(func() { b.repeat(ctx, b.activity) })
		}
		if j.workflows() {
			hands.Go(func() { b.repeat(ctx, b.workflow) })
		}
	}
	return func(context.Context) error {
		cancel()
		hands.Wait()
		return conn.Close()
	}, nil
}

// repeat does one thing until it is to stop. The frontend notices what is not done.
func (b *bare) repeat(ctx context.Context, do func(context.Context) error) {
	for ctx.Err() == nil {
		_ = do(ctx)
	}
}

// dress gives an honest call its deadline and its headers.
func (b *bare) dress(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if !b.honest {
		return ctx, func() {}
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "client-name", "mainspring-go", "client-version", "0.1.0",
		"supported-server-versions", ">=1.0.0 <2.0.0", "temporal-namespace", frontend.Namespace)
	return context.WithTimeout(ctx, limit)
}

// activity does one activity.
func (b *bare) activity(ctx context.Context) error {
	pollCtx, cancel := b.dress(ctx, 70*time.Second)
	defer cancel()
	t, err := b.stub.PollActivityTaskQueue(pollCtx, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: frontend.Namespace, Identity: identity, WorkerInstanceKey: instance, TaskQueue: normalQueue(),
	})
	if err != nil || len(t.GetTaskToken()) == 0 { // nothing came in time
		return err
	}
	result := t.GetInput()
	if b.work == frontend.Latency {
		if result, err = frontend.Stamp(); err != nil {
			return err
		}
	}
	ctx, cancel = b.dress(ctx, 30*time.Second)
	defer cancel()
	_, err = b.stub.RespondActivityTaskCompleted(ctx, &workflowservice.RespondActivityTaskCompletedRequest{
		TaskToken: t.GetTaskToken(), Result: result, Identity: identity,
		Namespace: frontend.Namespace, ResourceId: t.GetWorkflowExecution().GetWorkflowId(),
	})
	return err
}

func normalQueue() *taskqueuepb.TaskQueue {
	return &taskqueuepb.TaskQueue{Name: frontend.TaskQueue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
}

// workflow does all tasks of one workflow, or as many.
func (b *bare) workflow(ctx context.Context) error {
	tasks := 2
	if b.work == frontend.Signals {
		tasks = 1 + frontend.SignalsPerFlow
	}
	queue := normalQueue()
	for tasks > 0 {
		switch done, err := b.workflowTask(ctx, queue); {
		case err != nil:
			return err
		case !done:
			continue
		}
		tasks--
		queue = &taskqueuepb.TaskQueue{
			Name: stickyQueue, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: frontend.TaskQueue,
		}
	}
	return nil
}

// workflowTask does a task of the queue, if one comes in time.
func (b *bare) workflowTask(ctx context.Context, queue *taskqueuepb.TaskQueue) (done bool, err error) {
	pollCtx, cancel := b.dress(ctx, 70*time.Second)
	defer cancel()
	t, err := b.stub.PollWorkflowTaskQueue(pollCtx, &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: frontend.Namespace, Identity: identity, WorkerInstanceKey: instance, TaskQueue: queue,
	})
	if err != nil || len(t.GetTaskToken()) == 0 {
		return false, err
	}
	ctx, cancel = b.dress(ctx, 30*time.Second)
	defer cancel()
	_, err = b.stub.RespondWorkflowTaskCompleted(ctx, &workflowservice.RespondWorkflowTaskCompletedRequest{
		TaskToken: t.GetTaskToken(), Identity: identity, Namespace: frontend.Namespace,
		Commands:              b.commands(t),
		ReturnNewWorkflowTask: true,
		StickyAttributes: &taskqueuepb.StickyExecutionAttributes{
			WorkerTaskQueue: &taskqueuepb.TaskQueue{
				Name: stickyQueue, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: frontend.TaskQueue,
			},
			ScheduleToStartTimeout: durationpb.New(10 * time.Second),
		},
		SdkMetadata: &sdkpb.WorkflowTaskCompletedMetadata{},
		Capabilities: &workflowservice.RespondWorkflowTaskCompletedRequest_Capabilities{
			DiscardSpeculativeWorkflowTaskWithEvents: true,
		},
		ResourceId: t.GetWorkflowExecution().GetWorkflowId(),
	})
	return err == nil, err
}

// commands are what a workflow would answer to t.
func (b *bare) commands(t *workflowservice.PollWorkflowTaskQueueResponse) []*commandpb.Command {
	started := t.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	if started != nil {
		b.text = started.GetInput()
	}
	switch {
	case b.work == frontend.Signals && t.GetStartedEventId() < 4*frontend.SignalsPerFlow:
		return nil
	case b.work == frontend.Signals:
		sum := []byte(fmt.Sprint(frontend.SignalsPerFlow * len(frontend.Text)))
		return complete(&commonpb.Payloads{Payloads: []*commonpb.Payload{
			{Metadata: b.text.GetPayloads()[0].GetMetadata(), Data: sum},
		}})
	case started == nil:
		return complete(b.text)
	}
	return []*commandpb.Command{{
		CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: frontend.EchoActivity},
				TaskQueue: normalQueue(), Input: b.text, StartToCloseTimeout: durationpb.New(time.Minute),
			},
		},
	}}
}

func complete(result *commonpb.Payloads) []*commandpb.Command {
	return []*commandpb.Command{{
		CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{
				Result: result,
			},
		},
	}}
}
