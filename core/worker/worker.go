package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/temporal/settings"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Worker polls one task queue and runs what is registered with it. Make one
// with [New].
type Worker struct {
	service   service
	taskQueue string
	options   Options
	given     Options // by the user
	identity  identity
	rates     rates

	workflows  workflow.Registry
	activities *activity.Registry

	mu         sync.Mutex
	state      state
	rejected   []error            // registrations that failed
	abortStart context.CancelFunc // while starting
	startEnded chan struct{}      // closed when Start has returned

	// Written while running begins and only read afterwards.
	parts       parts
	namespace   *namespacepb.NamespaceInfo_Limits // nil if the server does not tell
	server      *workflowservice.GetSystemInfoResponse_Capabilities
	cancelTasks context.CancelCauseFunc

	startsEagerly bool        // the namespace lets workflows start so
	grace         *time.Timer // cancels the tasks; set when stopping begins

	stopping    chan struct{} // closed when the worker begins to stop
	coordinator *shutdown.Coordinator
	counters    counters
	running     activity.Running // also local ones
}

// state is where a worker is in its life.
type state uint8

const (
	created state = iota
	starting
	running
	stopping // or stopped: the coordinator knows
)

// Errors of the life cycle.
var (
	// ErrStarted is returned by Start and Run of a worker that was started
	// before: make a new one.
	ErrStarted = errors.New("worker: it was started before: make a new one with New")
	// ErrStopped is returned by Start and Run of a worker that was stopped.
	ErrStopped = errors.New("worker: it was stopped: make a new one with New")
	// ErrRegisteredLate is returned by registrations after the start.
	ErrRegisteredLate = errors.New("worker: register before Start or Run")
	// ErrNothingRegistered is returned by Start and Run.
	ErrNothingRegistered = errors.New("worker: neither workflows nor activities are registered: " +
		"set Options.Workflows or Options.Activities, or call RegisterWorkflow or RegisterActivity")
)

// New returns a worker for a task queue. The error names every argument and
// option that is wrong, what it is and what to do. Nothing is sent before Start.
func New(client Client, taskQueue string, options Options) (*Worker, error) {
	options = settings.Clone(options)
	given := settings.Clone(options)
	wrong := options.complete(client, taskQueue)
	restricted := activity.RegistryOptions{}
	if e, ok := options.ActivityExecutor.(activity.RemoteExecutor); ok && !options.NoRemoteActivities && !settings.NilInside(e) {
		restricted.Check = e.Check
	}
	w := &Worker{
		taskQueue:  taskQueue,
		activities: activity.NewRegistryWithOptions(restricted),
		startEnded: make(chan struct{}),
		stopping:   make(chan struct{}),
	}
	if options.WorkflowRunner != nil || options.UnsandboxedWorkflowRunner != nil {
		w.workflows.AcceptNames()
	}
	for i, f := range options.Workflows {
		wrong.Refused(fmt.Sprintf("Workflows[%d]", i), f, w.workflows.RegisterWorkflow(f))
	}
	for i, a := range options.Activities {
		wrong.Refused(fmt.Sprintf("Activities[%d]", i), a, w.activities.RegisterActivity(a))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	w.options, w.given = options, given
	w.service = service{client.WorkflowService(), connect.NewLimit(callTimeout)}
	w.counters.logger = options.Logger
	w.identity = identity{
		namespace: options.Namespace,
		identity:  options.Identity,
		buildID:   options.BuildID,
		instance:  newUUID(),

		deployment: options.DeploymentOptions.toProto(),
		byBuildID:  options.UseWorkerVersioning,
	}
	if err := w.rates.set(&options); err != nil {
		return nil, err
	}
	var err error
	w.coordinator, err = shutdown.New(shutdown.Options{Logger: options.Logger, Linger: linger}, w.stages()...)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// newUUID returns a random version 4 UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// stickyQueue is the worker's own queue.
func (w *Worker) stickyQueue() string {
	return w.identity.identity + "-" + strings.ReplaceAll(w.identity.instance, "-", "")
}

// TaskQueue returns the name of the task queue.
func (w *Worker) TaskQueue() string { return w.taskQueue }

// RegisterWorkflow registers a workflow function under its own name. A mistake
// is returned, and again by Start, so that it is not missed.
func (w *Worker) RegisterWorkflow(f any) error {
	return w.register(func() error { return w.workflows.RegisterWorkflow(f) })
}

// RegisterWorkflowWithOptions is RegisterWorkflow with options.
func (w *Worker) RegisterWorkflowWithOptions(f any, o workflow.RegisterOptions) error {
	return w.register(func() error { return w.workflows.RegisterWorkflowWithOptions(f, o) })
}

// RegisterDynamicWorkflow registers the workflow that runs every type that
// nothing else is registered for.
func (w *Worker) RegisterDynamicWorkflow(f any, o workflow.DynamicRegisterOptions) error {
	return w.register(func() error { return w.workflows.RegisterDynamicWorkflow(f, o) })
}

// RegisterActivity registers an activity function under its own name, or the
// methods of a pointer to a struct. A mistake is returned, and again by Start.
func (w *Worker) RegisterActivity(a any) error {
	return w.register(func() error { return w.activities.RegisterActivity(a) })
}

// RegisterActivityWithOptions is RegisterActivity with options.
func (w *Worker) RegisterActivityWithOptions(a any, o activity.RegisterOptions) error {
	return w.register(func() error { return w.activities.RegisterActivityWithOptions(a, o) })
}

// RegisterDynamicActivity registers the activity that runs every type that
// nothing else is registered for.
func (w *Worker) RegisterDynamicActivity(a any, o activity.DynamicRegisterOptions) error {
	return w.register(func() error { return w.activities.RegisterDynamicActivity(a, o) })
}

func (w *Worker) register(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != created {
		return ErrRegisteredLate
	}
	err := do()
	if err != nil {
		w.rejected = append(w.rejected, err)
	}
	return err
}
