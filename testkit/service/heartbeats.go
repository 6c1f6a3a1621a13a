package service

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workerpb "go.temporal.io/api/worker/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// workerMemory is how long a namespace remembers a worker that sends no heartbeats.
const workerMemory = 5 * time.Minute

// liveWorker is what a namespace knows of a worker.
type liveWorker struct {
	heartbeat *workerpb.WorkerHeartbeat
	seen      time.Time // in real time
}

// RecordWorkerHeartbeat takes what workers say of themselves.
func (v *server) RecordWorkerHeartbeat(
	_ context.Context, req *workflowservice.RecordWorkerHeartbeatRequest,
) (*workflowservice.RecordWorkerHeartbeatResponse, error) {
	if !v.s.options.Capabilities.GetWorkerHeartbeats() {
		return &workflowservice.RecordWorkerHeartbeatResponse{}, nil
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	n.record(req.GetWorkerHeartbeat())
	return &workflowservice.RecordWorkerHeartbeatResponse{}, nil
}

// record keeps the heartbeats. A worker that has stopped is forgotten.
func (n *namespace) record(heartbeats []*workerpb.WorkerHeartbeat) {
	if n.workers == nil {
		n.workers = make(map[string]liveWorker)
	}
	for _, h := range heartbeats {
		if h.GetStatus() == enumspb.WORKER_STATUS_SHUTDOWN {
			delete(n.workers, h.GetWorkerInstanceKey())
			continue
		}
		n.workers[h.GetWorkerInstanceKey()] = liveWorker{h, time.Now()}
	}
}

// live are the heartbeats of the workers that are known, by instance key.
func (n *namespace) live(system bool) []*workerpb.WorkerHeartbeat {
	var out []*workerpb.WorkerHeartbeat
	for key, w := range n.workers {
		switch {
		case time.Since(w.seen) > workerMemory:
			delete(n.workers, key)
		case system || !strings.HasPrefix(w.heartbeat.GetTaskQueue(), reservedPrefix):
			out = append(out, w.heartbeat)
		}
	}
	slices.SortFunc(out, func(a, b *workerpb.WorkerHeartbeat) int {
		return cmp.Compare(a.GetWorkerInstanceKey(), b.GetWorkerInstanceKey())
	})
	return out
}

// workersToken is what tokens of pages of workers hold.
type workersToken struct {
	Last string `json:"last"` // instance key
}

// ListWorkers lists the workers that send heartbeats.
func (v *server) ListWorkers(
	_ context.Context, req *workflowservice.ListWorkersRequest,
) (*workflowservice.ListWorkersResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := firstUnimplemented("ListWorkers", []use{{"Query", req.GetQuery() != ""}}); err != nil {
		return nil, err
	}
	page := n.live(req.GetIncludeSystemWorkers())
	if len(page) > 0 && len(req.GetNextPageToken()) > 0 {
		var after workersToken
		if json.Unmarshal(req.GetNextPageToken(), &after) != nil {
			return nil, serviceerror.NewInvalidArgument("invalid next_page_token")
		}
		page = slices.DeleteFunc(page, func(h *workerpb.WorkerHeartbeat) bool {
			return h.GetWorkerInstanceKey() <= after.Last
		})
	}
	response := &workflowservice.ListWorkersResponse{}
	if size := int(req.GetPageSize()); size > 0 && len(page) > size {
		page = page[:size]
		response.NextPageToken, err = json.Marshal(workersToken{page[size-1].GetWorkerInstanceKey()})
	}
	for _, h := range page {
		//nolint:staticcheck // clients still read it
		response.WorkersInfo = append(response.WorkersInfo, &workerpb.WorkerInfo{WorkerHeartbeat: h})
		response.Workers = append(response.Workers, listed(h))
	}
	return response, err
}

func listed(h *workerpb.WorkerHeartbeat) *workerpb.WorkerListInfo {
	return &workerpb.WorkerListInfo{
		WorkerInstanceKey: h.GetWorkerInstanceKey(), WorkerIdentity: h.GetWorkerIdentity(),
		TaskQueue: h.GetTaskQueue(), DeploymentVersion: h.GetDeploymentVersion(),
		SdkName: h.GetSdkName(), SdkVersion: h.GetSdkVersion(), Status: h.GetStatus(),
		StartTime: h.GetStartTime(), HostName: h.GetHostInfo().GetHostName(),
		WorkerGroupingKey: h.GetHostInfo().GetWorkerGroupingKey(), ProcessId: h.GetHostInfo().GetProcessId(),
		Plugins: h.GetPlugins(), Drivers: h.GetDrivers(),
	}
}

// CountWorkers counts the workers that send heartbeats.
func (v *server) CountWorkers(
	_ context.Context, req *workflowservice.CountWorkersRequest,
) (*workflowservice.CountWorkersResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := firstUnimplemented("CountWorkers", []use{{"Query", req.GetQuery() != ""}}); err != nil {
		return nil, err
	}
	return &workflowservice.CountWorkersResponse{Count: int64(len(n.live(req.GetIncludeSystemWorkers())))}, nil
}

// DescribeWorker tells the last heartbeat of a worker.
func (v *server) DescribeWorker(
	_ context.Context, req *workflowservice.DescribeWorkerRequest,
) (*workflowservice.DescribeWorkerResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if n.workers == nil {
		return nil, serviceerror.NewNamespaceNotFound(n.id) // nobody has ever sent one
	}
	for _, h := range n.live(true) {
		if h.GetWorkerInstanceKey() == req.GetWorkerInstanceKey() {
			return &workflowservice.DescribeWorkerResponse{WorkerInfo: &workerpb.WorkerInfo{WorkerHeartbeat: h}}, nil
		}
	}
	return nil, serviceerror.NewNotFoundf("Worker %s not found", req.GetWorkerInstanceKey())
}
