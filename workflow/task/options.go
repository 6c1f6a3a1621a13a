package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Service is what a handler asks of the server. Errors are those of
// go.temporal.io/api/serviceerror. It is safe for concurrent use.
type Service interface {
	RespondWorkflowTaskCompleted(
		context.Context, *workflowservice.RespondWorkflowTaskCompletedRequest,
	) (*workflowservice.RespondWorkflowTaskCompletedResponse, error)
	RespondWorkflowTaskFailed(
		context.Context, *workflowservice.RespondWorkflowTaskFailedRequest,
	) (*workflowservice.RespondWorkflowTaskFailedResponse, error)
	RespondQueryTaskCompleted(
		context.Context, *workflowservice.RespondQueryTaskCompletedRequest,
	) (*workflowservice.RespondQueryTaskCompletedResponse, error)
	GetWorkflowExecutionHistory(
		context.Context, *workflowservice.GetWorkflowExecutionHistoryRequest,
	) (*workflowservice.GetWorkflowExecutionHistoryResponse, error)
}

// A Cache keeps runs between their tasks, by run id. What it evicts it closes
// with [Run.Close].
type Cache interface {
	// Acquire gives the run to one task at a time; it blocks while another has it.
	Acquire(ctx context.Context, runID string) (Lease, error)
}

// A Lease is the right to use one cached run.
type Lease interface {
	// Run returns the run if it is in the cache.
	Run() (*Run, bool)
	// Keep puts a run there.
	Keep(*Run)
	// Drop takes the run out of the cache for the reason, if there is one; the
	// lease goes on.
	Drop(Reason)
	// Release ends the lease; a run that is kept stays if there is room.
	Release()
}

// A Reason says why a run left the cache.
type Reason string

// Why a handler evicts runs.
const (
	// Stale: the run in the cache is not where the task begins.
	Stale Reason = "stale"
	// Failed: the task failed, so the run's memory cannot be trusted.
	Failed Reason = "task failed"
	// Refused: the server did not take the answer.
	Refused Reason = "answer refused"
	// Completed: the workflow has returned.
	Completed Reason = "completed"
	// LeftLocals: local activities were to go on in another task, and it did not
	// come here. They are canceled here and run again where it is.
	LeftLocals Reason = "local activities left"
)

// Options of a [Handler].
type Options struct {
	// Service is required.
	Service Service
	// Runner is required; the workflow types it knows are those that run.
	Runner runner.Runner
	// Cache is required.
	Cache Cache
	// Namespace is required.
	Namespace string
	// Identity tells people who answered; it should be set.
	Identity string
	// BuildID names the code; empty is left out.
	BuildID string
	// UseVersioning says that the server hands out tasks by BuildID, by the rules of the task
	// queue. A Deployment says itself whether it does.
	UseVersioning bool
	// Deployment is the version of a deployment that the worker runs as; nil is none.
	Deployment *deploymentpb.WorkerDeploymentOptions
	// DefaultVersioningBehavior is that of workflows that leave theirs
	// unspecified. It needs a Deployment.
	DefaultVersioningBehavior enumspb.VersioningBehavior
	// TaskQueue is the task queue that is polled; required with StickyQueue and Eager.
	TaskQueue string
	// StickyQueue is the worker's own queue, where the server is to put the next
	// tasks of runs that are cached here; empty asks for none.
	StickyQueue string
	// StickyScheduleToStartTimeout is how long a task waits there before any
	// worker may have it; default 10 s.
	StickyScheduleToStartTimeout time.Duration
	// DataConverter and FailureConverter encode what the handler itself says;
	// default: those that all Temporal SDKs share.
	DataConverter    converter.DataConverter
	FailureConverter converter.FailureConverter
	// Executor decides where and when workflow code runs; default: on the goroutine of its task.
	Executor Executor
	// Locals runs local activities. Without it, tasks fail that ask for one.
	Locals LocalExecutor
	// LocalStop is closed when local activities have to end because the worker
	// stops. Tasks that wait for some are then answered at once with what there
	// is, so that another worker goes on, and runs again what has not ended.
	// Answers bring no next task from then on: that is for others, too.
	LocalStop <-chan struct{}
	// Eager starts activities that come with the answers to workflow tasks, of those
	// that the workflow wants so on TaskQueue. Without it none is asked for.
	Eager EagerActivities
	// MaxEagerActivities is how many of one workflow task; default
	// [DefaultMaxEagerActivities].
	MaxEagerActivities int
	// Limits are the sizes of what the server takes.
	Limits Limits
	// PanicPolicy says what becomes of workflows whose code panics, does not let
	// go or does not fit its history; default: their tasks fail.
	PanicPolicy PanicPolicy
	// FailWorkflow reports whether such an error of a workflow of this type fails
	// the workflow, with it as the reason, whatever PanicPolicy says. The error is a
	// [*temporal.PanicError] or a [*machine.NondeterminismError]. Default: none does.
	FailWorkflow func(workflowType string, err error) bool
	// Logger; default: nothing is logged.
	Logger *slog.Logger
	// Observer is told of every task that ends; may be nil.
	Observer Observer
}

// Origin says where the run of a task came from.
type Origin string

// Origins of runs.
const (
	// Fresh: the task was the run's first.
	Fresh Origin = "fresh"
	// Cached: the run was in the cache and fitted.
	Cached Origin = "cached"
	// Rebuilt: the run was replayed from history, which came with the task.
	Rebuilt Origin = "rebuilt"
	// Missed: the task expected a cached run; history had to be fetched.
	Missed Origin = "missed"
)

// Outcome says what the server was told.
type Outcome string

// Outcomes of tasks.
const (
	// Answered: the workflow got on.
	Answered Outcome = "answered"
	// Queried: only a query was answered.
	Queried Outcome = "queried"
	// TaskFailed: the server was told that the task failed.
	TaskFailed Outcome = "failed"
	// Silent: the server was told nothing and will time the task out.
	Silent Outcome = "silent"
	// NotTaken: the server did not take the answer.
	NotTaken Outcome = "not taken"
)

// An Event is one workflow task that has ended.
type Event struct {
	WorkflowType, WorkflowID, RunID string
	Attempt                         int32
	// Origin is empty if the task was refused before its run was looked for.
	Origin  Origin
	Outcome Outcome
	// Took is how long the task was with the handler.
	Took time.Duration
	// Err is why it failed or was not taken. It is set too when Handle does not
	// report it as an error: the server could not take the answer because of what
	// has happened since, and makes another task of it; or the workflow was failed.
	Err error
}

// An Observer is told of workflow tasks. It is called on the task's goroutine
// and must not block.
type Observer interface {
	WorkflowTaskEnded(Event)
}

// A Handler processes workflow tasks.
type Handler struct {
	Options

	same same
}

// The name and version that histories carry of this library.
const (
	sdkName    = "mainspring-go"
	sdkVersion = "0.1.0"
)

// New returns a handler, or an error that names every option that is wrong.
func New(o Options) (*Handler, error) {
	var errs []error
	for _, required := range []struct {
		field   string
		missing bool
	}{
		{"Service", o.Service == nil},
		{"Runner", o.Runner == nil},
		{"Cache", o.Cache == nil},
		{"Namespace", o.Namespace == ""},
		{"TaskQueue", (o.StickyQueue != "" || o.Eager != nil) && o.TaskQueue == ""},
	} {
		if required.missing {
			errs = append(errs, fmt.Errorf("task options: %s is not set: it is required", required.field))
		}
	}
	if o.DefaultVersioningBehavior != 0 && o.Deployment == nil {
		errs = append(errs, fmt.Errorf("task options: DefaultVersioningBehavior is %v without a Deployment: "+
			"set both or neither", o.DefaultVersioningBehavior))
	}
	if o.UseVersioning && o.BuildID == "" {
		errs = append(errs, errors.New("task options: UseVersioning is true without a BuildID: set both or neither"))
	}
	if o.StickyScheduleToStartTimeout < 0 {
		errs = append(errs, fmt.Errorf("task options: StickyScheduleToStartTimeout is %v: "+
			"use zero for the default of 10s or a positive duration", o.StickyScheduleToStartTimeout))
	}
	if o.MaxEagerActivities < 0 {
		errs = append(errs, fmt.Errorf("task options: MaxEagerActivities is %d: "+
			"use zero for the default of %d or a positive number", o.MaxEagerActivities, DefaultMaxEagerActivities))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.MaxEagerActivities == 0 {
		o.MaxEagerActivities = DefaultMaxEagerActivities
	}
	if o.StickyScheduleToStartTimeout == 0 {
		o.StickyScheduleToStartTimeout = 10 * time.Second
	}
	o.DataConverter = converter.MakeTransferAware(o.DataConverter)
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Limits.Complete()
	return &Handler{o, newSame(&o)}, nil
}
