package frontend

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	_ "google.golang.org/grpc/encoding/gzip" // answers as it is asked
)

// A Work is a kind of task that the frontend hands out.
type Work string

// The kinds. A unit is what is counted.
const (
	// Activity is an activity alone; a unit is one.
	Activity Work = "activity"
	// TwoTasks is a workflow that schedules an activity in its first task and ends in its second; the
	// frontend completes the activity itself. A unit is a workflow.
	TwoTasks Work = "two-task workflow"
	// Whole is the same with the activity done by the worker.
	Whole Work = "one-activity workflow"
	// Signals are signals to workflows that are cached; a unit is a signal.
	Signals Work = "signal to a cached workflow"
	// Idle and Idle11 are workflows that wait for ever, with 1 or with 11 coroutines; a unit is one that
	// has begun to wait.
	Idle   Work = "idle workflow, 1 coroutine"
	Idle11 Work = "idle workflow, 11 coroutines"
	// Slow is an activity that takes a while; a unit is one.
	Slow Work = "slow activity"
	// Nothing is nothing, for workers that are to be idle, and to ask for an [Outcome].
	Nothing Work = "nothing"
	// Real is what a real server hands out: workflows of one activity.
	Real Work = "one-activity workflow on a real server"
)

// The names that contestants poll and register.
const (
	Namespace      = "default"
	TaskQueue      = "bench"
	EchoActivity   = "Echo"
	OneActivity    = "OneActivity"
	CountSignals   = "CountSignals"
	Wait           = "Wait"
	SlowActivity   = "Slow"
	Signal         = "signal"
	SignalsPerFlow = 100
)

// Text is the argument, signal and result of everything: 100 bytes as JSON.
var Text = strings.Repeat("x", 98) //nolint:gochecknoglobals // a constant that Go cannot write

// textPayload is a text of so many bytes, quotes included, as the converters of all SDKs encode it.
func textPayload(bytes int) *commonpb.Payloads {
	return jsonPayload(`"` + strings.Repeat("x", bytes-len(`""`)) + `"`)
}

func jsonPayload(json string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(json),
	}}}
}

// A Frontend is the server. Make one with [New].
type Frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	mu         sync.Mutex
	activities queues[*workflowservice.PollActivityTaskQueueResponse]
	workflows  queues[*workflowservice.PollWorkflowTaskQueueResponse]

	running map[uint64]*run // by number
	next    uint64          // number of the next run
	left    int             // runs that have not ended, or units that are not done
	done    chan struct{}   // closed when none is left
	wrong   error           // what was wrong first

	latencies []time.Duration // of the order

	parked []*run     // workflows
	random *rand.Rand // chooses among them

	handed, completed int // activities
	polls             polls
}

// New returns a frontend.
func New() *Frontend {
	return &Frontend{
		activities: make(queues[*workflowservice.PollActivityTaskQueueResponse]),
		workflows:  make(queues[*workflowservice.PollWorkflowTaskQueueResponse]),
		running:    make(map[uint64]*run),
		random:     rand.New(rand.NewPCG(1, 1)),
		polls:      polls{ends: make(map[string]chan struct{})},
	}
}

// ended takes a run away; err says what is wrong with it. Called with the lock held.
func (f *Frontend) ended(r *run, err error) {
	delete(f.running, r.number)
	f.count(err)
}

// count counts what is done. Called with the lock held.
func (f *Frontend) count(err error) {
	f.left--
	if f.wrong == nil {
		f.wrong = err
	}
	if f.left == 0 || (err != nil && f.left > 0) {
		f.left = 0
		close(f.done)
	}
}

var errUnknown = errors.New("frontend: an answer to a task that is not open: it was answered before")

// fail notes what was wrong with an answer that belongs to no run. Called with the lock held.
func (f *Frontend) fail(err error) error {
	if f.wrong == nil {
		f.wrong = err
	}
	if f.left > 0 {
		f.left = 0
		close(f.done)
	}
	return err
}

// PollActivityTaskQueue implements the service.
func (f *Frontend) PollActivityTaskQueue(
	ctx context.Context, req *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	task, err := poll(ctx, f, f.activities, req)
	if len(task.GetTaskToken()) > 0 {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.handed++
	}
	return task, err
}

// PollWorkflowTaskQueue implements the service.
func (f *Frontend) PollWorkflowTaskQueue(
	ctx context.Context, req *workflowservice.PollWorkflowTaskQueueRequest,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	return poll(ctx, f, f.workflows, req)
}

// RespondActivityTaskCompleted implements the service.
func (f *Frontend) RespondActivityTaskCompleted(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.running[numberOf(req.GetTaskToken())]
	if !ok {
		return nil, f.fail(errUnknown)
	}
	f.completed++
	var err error
	switch r.work {
	case Latency:
		var took time.Duration
		took, err = r.latency(req.GetResult())
		f.latencies = append(f.latencies, took)
	default:
		err = r.checkText(req.GetResult())
	}
	switch {
	case err != nil || r.work == Activity || r.work == Latency || r.work == Slow:
		f.ended(r, err)
	default:
		err = f.workflows.push(r.sticky, r.activityDone().nextTask())
	}
	if err != nil {
		return nil, f.fail(err)
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// RespondActivityTaskFailed implements the service: no activity should fail.
func (f *Frontend) RespondActivityTaskFailed(
	_ context.Context, req *workflowservice.RespondActivityTaskFailedRequest,
) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nil, f.fail(fmt.Errorf("frontend: an activity failed: %s", req.GetFailure().GetMessage()))
}

// RespondWorkflowTaskFailed implements the service: no workflow task should fail.
func (f *Frontend) RespondWorkflowTaskFailed(
	_ context.Context, req *workflowservice.RespondWorkflowTaskFailedRequest,
) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nil, f.fail(fmt.Errorf("frontend: a workflow task failed: %s", req.GetFailure().GetMessage()))
}

// RespondWorkflowTaskCompleted implements the service.
func (f *Frontend) RespondWorkflowTaskCompleted(
	_ context.Context, req *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.running[numberOf(req.GetTaskToken())]
	if !ok {
		return nil, f.fail(errUnknown)
	}
	r.completed(req)
	if r.parking != nil {
		if err := f.answered(r, req.GetCommands()); err != nil {
			return nil, f.fail(err)
		}
		return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
	}
	ended, err := r.check(req.GetCommands())
	switch {
	case ended || err != nil:
		f.ended(r, err)
	case r.work == Whole:
		err = f.activities.push(r.home, r.activityTask())
	case r.work == TwoTasks:
		err = f.workflows.push(r.sticky, r.activityDone().nextTask())
	default:
		err = f.workflows.push(r.sticky, r.signaled().nextTask())
	}
	if err != nil {
		return nil, f.fail(err)
	}
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

// DescribeNamespace implements the service.
func (f *Frontend) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{
			Name:         Namespace,
			Capabilities: &namespacepb.NamespaceInfo_Capabilities{WorkerPollCompleteOnShutdown: f.polls.drains},
		},
	}, nil
}

// GetSystemInfo implements the service.
func (f *Frontend) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{
		Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{SdkMetadata: true},
	}, nil
}
