package scenarios

import (
	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workerpb "go.temporal.io/api/worker/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// heartbeatsIn is the namespace of workers that only send heartbeats: those of
// other scenarios send them too.
const heartbeatsIn = "other"

func heartbeatScenarios() []Scenario {
	return []Scenario{
		{"heartbeats", heartbeats},
		{"heartbeats-errors", func(e *Env) {
			e.beat(enumspb.WORKER_STATUS_SHUTDOWN, uuid.NewString()) // the namespace has heard of workers
			_, err := e.Service.DescribeWorker(e.Ctx(), &workflowservice.DescribeWorkerRequest{
				Namespace: heartbeatsIn, WorkerInstanceKey: "nobody",
			})
			e.NoteErr("describe nobody", err)
			_, err = e.Service.DescribeWorker(e.Ctx(), &workflowservice.DescribeWorkerRequest{Namespace: "nowhere"})
			e.NoteErr("describe nowhere", err)
			_, err = e.Service.ListWorkers(e.Ctx(), &workflowservice.ListWorkersRequest{Namespace: "nowhere"})
			e.NoteErr("list nowhere", err)
			_, err = e.Service.CountWorkers(e.Ctx(), &workflowservice.CountWorkersRequest{Namespace: "nowhere"})
			e.NoteErr("count nowhere", err)
			_, err = e.Service.RecordWorkerHeartbeat(e.Ctx(), &workflowservice.RecordWorkerHeartbeatRequest{
				Namespace: "nowhere",
			})
			e.NoteErr("record nowhere", err)
		}},
		{"heartbeats-capabilities", func(e *Env) {
			d, err := e.Service.DescribeNamespace(e.Ctx(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
			e.Must(err)
			c := d.GetNamespaceInfo().GetCapabilities()
			e.Note("heartbeats %v, commands %v, autoscaling %v and by itself %v, polls complete %v",
				c.GetWorkerHeartbeats(), c.GetWorkerCommands(), c.GetPollerAutoscaling(), c.GetPollerAutoscalingAutoEnroll(),
				c.GetWorkerPollCompleteOnShutdown())
		}},
		{"shutdown-forgets-pollers", func(e *Env) {
			e.anew()
			key := uuid.NewString()
			done := e.inBackground(func() error {
				_, err := e.Service.PollActivityTaskQueue(e.Ctx(), &workflowservice.PollActivityTaskQueueRequest{
					Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
					WorkerInstanceKey: key,
				})
				return err
			})
			e.Until(func() bool { return len(e.describeQueue(activityTasks).GetPollers()) == 1 })
			_, err := e.Service.ShutdownWorker(e.Ctx(), &workflowservice.ShutdownWorkerRequest{
				Namespace: "default", Identity: Identity, WorkerInstanceKey: key, StickyTaskQueue: e.Name + sticky,
				TaskQueue: e.Name, TaskQueueTypes: []enumspb.TaskQueueType{activityTasks},
			})
			e.NoteErr("shut down", err)
			e.NoteErr("the poll", <-done)
			e.noteQueue(activityTasks)
		}},
	}
}

// heartbeats has workers come, be seen and go.
func heartbeats(e *Env) {
	keys := []string{"b-" + e.Name, "a-" + e.Name, "c-" + e.Name}
	e.beat(enumspb.WORKER_STATUS_RUNNING, keys...)
	e.noteWorkers()
	e.beat(enumspb.WORKER_STATUS_SHUTTING_DOWN, keys[0])
	d, err := e.Service.DescribeWorker(e.Ctx(), &workflowservice.DescribeWorkerRequest{
		Namespace: heartbeatsIn, WorkerInstanceKey: keys[0],
	})
	e.Must(err)
	e.Note("described: %s", Message(d))
	e.beat(enumspb.WORKER_STATUS_SHUTDOWN, keys[0])
	e.noteWorkers()
	_, err = e.Service.ShutdownWorker(e.Ctx(), &workflowservice.ShutdownWorkerRequest{
		Namespace: heartbeatsIn, WorkerInstanceKey: keys[1], StickyTaskQueue: e.Name + sticky,
		WorkerHeartbeat: heartbeatOf(e, enumspb.WORKER_STATUS_SHUTTING_DOWN, keys[1]),
	})
	e.NoteErr("shut down", err)
	e.noteWorkers()
	_, err = e.Service.ListWorkers(e.Ctx(), &workflowservice.ListWorkersRequest{
		Namespace: heartbeatsIn, NextPageToken: []byte("nonsense"),
	})
	e.NoteErr("a page of nonsense", err)
	e.beat(enumspb.WORKER_STATUS_SHUTDOWN, keys[1], keys[2])
	e.noteWorkers()
}

func heartbeatOf(e *Env, status enumspb.WorkerStatus, key string) *workerpb.WorkerHeartbeat {
	return &workerpb.WorkerHeartbeat{
		WorkerInstanceKey: key, WorkerIdentity: Identity, TaskQueue: e.Name, SdkName: "by-hand", SdkVersion: "1",
		Status: status, HostInfo: &workerpb.WorkerHostInfo{
			HostName: "host", ProcessId: "1", WorkerGroupingKey: "group", CurrentHostCpuUsage: 0.5,
		},
	}
}

// beat sends heartbeats of workers, each with its instance key.
func (e *Env) beat(status enumspb.WorkerStatus, keys ...string) {
	e.Helper()
	req := &workflowservice.RecordWorkerHeartbeatRequest{Namespace: heartbeatsIn, Identity: Identity}
	for _, key := range keys {
		req.WorkerHeartbeat = append(req.WorkerHeartbeat, heartbeatOf(e, status, key))
	}
	resp, err := e.Service.RecordWorkerHeartbeat(e.Ctx(), req)
	e.NoteErr("heartbeat", err)
	e.Note("answer: %s", Message(resp))
}

// noteWorkers notes all workers, in pages of two.
func (e *Env) noteWorkers() {
	e.Helper()
	count, err := e.Service.CountWorkers(e.Ctx(), &workflowservice.CountWorkersRequest{Namespace: heartbeatsIn})
	e.Must(err)
	e.Note("workers: %d", count.GetCount())
	var next []byte
	for {
		page, err := e.Service.ListWorkers(e.Ctx(), &workflowservice.ListWorkersRequest{
			Namespace: heartbeatsIn, PageSize: 2, NextPageToken: next,
		})
		e.Must(err)
		e.Note("page: %s", Message(page, "nextPageToken"))
		if next = page.GetNextPageToken(); len(next) == 0 {
			return
		}
	}
}
