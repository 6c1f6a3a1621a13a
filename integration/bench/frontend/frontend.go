package frontend

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
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
)

// The names that contestants poll and register.
const (
	Namespace      = "default"
	TaskQueue      = "bench"
	EchoActivity   = "Echo"
	OneActivity    = "OneActivity"
	CountSignals   = "CountSignals"
	Signal         = "signal"
	SignalsPerFlow = 100
)

// Text is the argument, signal and result of everything: 100 bytes as JSON.
var Text = strings.Repeat("x", 98) //nolint:gochecknoglobals // a constant that Go cannot write

// textPayload is Text as the converters of all SDKs encode it.
func textPayload() *commonpb.Payloads {
	return jsonPayload(`"` + Text + `"`)
}

func jsonPayload(json string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(json),
	}}}
}

// A Frontend is the server. Make one with [New].
type Frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	activities chan *workflowservice.PollActivityTaskQueueResponse
	starts     chan *workflowservice.PollWorkflowTaskQueueResponse

	mu     sync.Mutex
	sticky map[string]chan *workflowservice.PollWorkflowTaskQueueResponse
	open   map[uint64]*run // by number
	next   uint64          // number of the next run
	left   int             // units that were not done
	done   chan struct{}   // closed when none is left
	wrong  error           // what was wrong first
}

// queued is how many tasks may wait.
const queued = 1 << 17

// New returns a frontend.
func New() *Frontend {
	return &Frontend{
		activities: make(chan *workflowservice.PollActivityTaskQueueResponse, queued),
		starts:     make(chan *workflowservice.PollWorkflowTaskQueueResponse, queued),
		sticky:     make(map[string]chan *workflowservice.PollWorkflowTaskQueueResponse),
		open:       make(map[uint64]*run),
	}
}

// Serve is the life of the frontend's process: it writes its address as the first line, then
// answers each line "work n", where n is a number of units, with "ok" when they are done or with
// what was wrong. It returns at the end of in.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := New()
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }() // until Stop
	defer server.Stop()
	fmt.Fprintln(out, listener.Addr())
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		work, number, _ := strings.Cut(lines.Text(), "\t")
		var n int
		if _, err := fmt.Sscan(number, &n); err != nil {
			return fmt.Errorf("frontend: %q is not a kind of work and a number: %w", lines.Text(), err)
		}
		if err := f.HandOut(ctx, Work(work), n); err != nil {
			fmt.Fprintln(out, err)
			continue
		}
		fmt.Fprintln(out, "ok")
	}
	return lines.Err()
}

// HandOut hands out n units of work and returns when all are done, or something was wrong.
func (f *Frontend) HandOut(ctx context.Context, work Work, n int) error {
	perRun := 1
	if work == Signals {
		perRun = SignalsPerFlow
	}
	if n <= 0 || n%perRun != 0 {
		return fmt.Errorf("frontend: %d units of %s: give a multiple of %d", n, work, perRun)
	}
	f.mu.Lock()
	f.left, f.done = n/perRun, make(chan struct{})
	done := f.done
	for range n / perRun {
		r := &run{number: f.next, work: work}
		f.next++
		f.open[r.number] = r
		if work == Activity {
			f.activities <- r.activityTask()
		} else {
			f.starts <- r.firstTask()
		}
	}
	f.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrong
}

// ended takes a run away; err says what is wrong with it. Called with the lock held.
func (f *Frontend) ended(r *run, err error) {
	delete(f.open, r.number)
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

// wait is a poll: it lasts until there is a task or nobody waits for it any more.
func wait[T any](ctx context.Context, tasks <-chan T) (task T, err error) {
	select {
	case task = <-tasks:
		return task, nil
	case <-ctx.Done():
		return task, ctx.Err()
	}
}

// PollActivityTaskQueue implements the service.
func (f *Frontend) PollActivityTaskQueue(
	ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return wait(ctx, f.activities)
}

// PollWorkflowTaskQueue implements the service.
func (f *Frontend) PollWorkflowTaskQueue(
	ctx context.Context, req *workflowservice.PollWorkflowTaskQueueRequest,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	if req.GetTaskQueue().GetKind() != enumspb.TASK_QUEUE_KIND_STICKY {
		return wait(ctx, f.starts)
	}
	f.mu.Lock()
	tasks := f.stickyQueue(req.GetTaskQueue().GetName())
	f.mu.Unlock()
	return wait(ctx, tasks)
}

// stickyQueue is called with the lock held.
func (f *Frontend) stickyQueue(name string) chan *workflowservice.PollWorkflowTaskQueueResponse {
	tasks, ok := f.sticky[name]
	if !ok {
		tasks = make(chan *workflowservice.PollWorkflowTaskQueueResponse, queued)
		f.sticky[name] = tasks
	}
	return tasks
}

// RespondActivityTaskCompleted implements the service.
func (f *Frontend) RespondActivityTaskCompleted(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.open[numberOf(req.GetTaskToken())]
	if !ok {
		return nil, f.fail(errUnknown)
	}
	err := checkText(req.GetResult())
	switch {
	case err != nil || r.work == Activity:
		f.ended(r, err)
	default:
		f.stickyQueue(r.queue) <- r.activityDone().nextTask()
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
	r, ok := f.open[numberOf(req.GetTaskToken())]
	if !ok {
		return nil, f.fail(errUnknown)
	}
	r.completed(req)
	switch ended, err := r.check(req.GetCommands()); {
	case ended || err != nil:
		f.ended(r, err)
	case r.work == Whole:
		f.activities <- r.activityTask()
	case r.work == TwoTasks:
		f.stickyQueue(r.queue) <- r.activityDone().nextTask()
	default:
		f.stickyQueue(r.queue) <- r.signaled().nextTask()
	}
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

// DescribeNamespace implements the service.
func (f *Frontend) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{Name: Namespace},
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

// ShutdownWorker implements the service.
func (f *Frontend) ShutdownWorker(
	context.Context, *workflowservice.ShutdownWorkerRequest,
) (*workflowservice.ShutdownWorkerResponse, error) {
	return &workflowservice.ShutdownWorkerResponse{}, nil
}
