package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// Defaults of [Options].
const (
	// DefaultMaxHeartbeatThrottleInterval is the longest pause between two heartbeats.
	DefaultMaxHeartbeatThrottleInterval = 60 * time.Second
	// DefaultHeartbeatThrottleInterval is the pause without a heartbeat timeout.
	DefaultHeartbeatThrottleInterval = 30 * time.Second
	// DefaultReportTimeout bounds one report.
	DefaultReportTimeout = 30 * time.Second
)

// Service is the part of a Temporal service that a task needs. Implementations retry what is
// worth retrying until ctx is done, are safe for use by several goroutines, and return errors
// of go.temporal.io/api/serviceerror, alone or wrapped.
type Service interface {
	// RespondActivityTaskCompleted reports a result.
	RespondActivityTaskCompleted(
		ctx context.Context, request *workflowservice.RespondActivityTaskCompletedRequest,
	) (*workflowservice.RespondActivityTaskCompletedResponse, error)
	// RespondActivityTaskFailed reports a failure.
	RespondActivityTaskFailed(
		ctx context.Context, request *workflowservice.RespondActivityTaskFailedRequest,
	) (*workflowservice.RespondActivityTaskFailedResponse, error)
	// RespondActivityTaskCanceled reports that a requested cancellation was followed.
	RespondActivityTaskCanceled(
		ctx context.Context, request *workflowservice.RespondActivityTaskCanceledRequest,
	) (*workflowservice.RespondActivityTaskCanceledResponse, error)
	// RecordActivityTaskHeartbeat reports that the activity is alive.
	RecordActivityTaskHeartbeat(
		ctx context.Context, request *workflowservice.RecordActivityTaskHeartbeatRequest,
	) (*workflowservice.RecordActivityTaskHeartbeatResponse, error)
}

// Options are what a [Handler] is made of. Service, Registry, Namespace and TaskQueue are
// required.
type Options struct {
	// Service takes heartbeats and reports.
	Service Service
	// Registry knows the activities. It may grow while the handler is in use.
	Registry *activity.Registry
	// Namespace and TaskQueue are where the tasks come from.
	Namespace string
	TaskQueue string
	// Identity names the worker in what it reports.
	Identity string

	// Executor runs the calls; nil means activity.InPlace, on the goroutine of Handle.
	Executor activity.Executor
	// Middleware wraps each call, the first one outermost.
	Middleware []activity.Middleware
	// Extract puts what came in the header of a task into the context of its activity, and of
	// the converters; an error fails the attempt. nil leaves the context alone. Context
	// propagators are called by it.
	Extract func(ctx context.Context, header *commonpb.Header) (context.Context, error)
	// DataConverter decodes inputs and encodes results and heartbeat details; nil means the
	// default one.
	DataConverter converter.DataConverter
	// FailureConverter encodes errors; nil means the default one over DataConverter.
	FailureConverter converter.FailureConverter

	// MaxHeartbeatThrottleInterval is the longest pause between two heartbeats that are sent;
	// 0 means 60 s.
	MaxHeartbeatThrottleInterval time.Duration
	// DefaultHeartbeatThrottleInterval is the pause for an activity without a heartbeat
	// timeout, others pause for 0.8 of theirs; 0 means 30 s.
	DefaultHeartbeatThrottleInterval time.Duration
	// AutoHeartbeat has every activity with a heartbeat timeout heartbeat without its doing, as
	// [activity.RegisterOptions] tells; false leaves that to the activities that were
	// registered so.
	AutoHeartbeat bool
	// FailureIncludesHeartbeat says that the server takes heartbeat details with the report of a
	// failed attempt (its capability activity_failure_include_heartbeat); false sends what is
	// unsent in a heartbeat of its own, before.
	FailureIncludesHeartbeat bool
	// ReportTimeout bounds one report, the retries of Service included; 0 means 30 s.
	ReportTimeout time.Duration
	// BoundReport bounds one report in place of ReportTimeout, such as by a deadline that the
	// reports of a moment share: the report is made in the context that it returns for the one
	// of [Handler.Handle], whose cancellation was left behind, and then the other result is
	// called. It must be safe for concurrent use; nil gives each report a deadline of its own.
	BoundReport func(ctx context.Context) (context.Context, context.CancelFunc)
	// MaxResultBytes is the largest encoded result that is sent, and so for heartbeat details and
	// those of a cancellation; a larger one fails the attempt for good, with its size. An error
	// that is larger is shortened. 0 leaves that to the server.
	MaxResultBytes int

	// DeploymentOptions is sent with each report if it is set.
	DeploymentOptions *deploymentpb.WorkerDeploymentOptions
	// WorkerVersion is sent with each report if it is set.
	WorkerVersion *commonpb.WorkerVersionStamp

	// WorkerStop is closed when the worker begins to stop: activities can see it, and unsent
	// heartbeats are sent at once. nil means never.
	WorkerStop <-chan struct{}
	// Running keeps the attempts that run, until their report is made; nil keeps none.
	Running *activity.Running
	// Logger takes what goes wrong, and is what activities get, with attributes that name the
	// attempt; nil means slog's default.
	Logger *slog.Logger
	// Metrics is what activities get, with tags that name the attempt's type; nil drops
	// everything.
	Metrics metrics.Handler
	// OnPanic is told of activities that panicked, also of one whose time was over by then; nil
	// tells nobody.
	OnPanic activity.PanicHook
	// Observers are told what happens. Each implements one or more of [StartObserver],
	// [EndObserver], [PanicObserver] and [HeartbeatObserver].
	Observers []any
}

func (o *Options) validate() error {
	var errs []error
	if o.Service == nil {
		errs = append(errs, errors.New("task.Options.Service is nil: pass the connection to the server"))
	}
	if o.Registry == nil {
		errs = append(errs, errors.New("task.Options.Registry is nil: pass activity.NewRegistry()"))
	}
	if o.Namespace == "" {
		errs = append(errs, errors.New("task.Options.Namespace is empty: "+
			"name the namespace of the tasks"))
	}
	if o.TaskQueue == "" {
		errs = append(errs, errors.New("task.Options.TaskQueue is empty: "+
			"name the queue of the tasks"))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"MaxHeartbeatThrottleInterval", o.MaxHeartbeatThrottleInterval},
		{"DefaultHeartbeatThrottleInterval", o.DefaultHeartbeatThrottleInterval},
		{"ReportTimeout", o.ReportTimeout},
	} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("task.Options.%s is %v: it must not be negative", d.name, d.value))
		}
	}
	if o.MaxResultBytes < 0 {
		errs = append(errs, fmt.Errorf("task.Options.MaxResultBytes is %d: it must not be negative",
			o.MaxResultBytes))
	}
	for i, m := range o.Middleware {
		if m == nil {
			errs = append(errs, fmt.Errorf("task.Options.Middleware[%d] is nil: leave it out", i))
		}
	}
	return errors.Join(errs...)
}

func (o *Options) setDefaults() {
	if o.Executor == nil {
		o.Executor = activity.InPlace{}
	}
	o.DataConverter = converter.MakeTransferAware(o.DataConverter)
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	if o.MaxHeartbeatThrottleInterval == 0 {
		o.MaxHeartbeatThrottleInterval = DefaultMaxHeartbeatThrottleInterval
	}
	if o.DefaultHeartbeatThrottleInterval == 0 {
		o.DefaultHeartbeatThrottleInterval = DefaultHeartbeatThrottleInterval
	}
	if o.ReportTimeout == 0 {
		o.ReportTimeout = DefaultReportTimeout
	}
	if o.BoundReport == nil {
		within := o.ReportTimeout
		o.BoundReport = func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, within)
		}
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NopHandler{}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}
