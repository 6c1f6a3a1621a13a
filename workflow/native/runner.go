package native

import (
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/internal/watchdog"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Options of a [Runner]. The zero value works.
type Options struct {
	// DataConverter encodes arguments and results; default: the one that all
	// Temporal SDKs share.
	DataConverter converter.DataConverter
	// FailureConverter encodes errors; default: temporal's.
	FailureConverter converter.FailureConverter
	// Logger is what workflow.GetLogger writes to; default: nothing is logged.
	Logger *slog.Logger
	// BuildID is that of the worker: what workflow code sees as the build of a task
	// that is live.
	BuildID string
	// EnableLoggingInReplay lets workflows log also while they are replayed.
	EnableLoggingInReplay bool
	// MetricsHandler is what workflow.GetMetricsHandler returns, with a tag that
	// names the type; default: everything is dropped.
	MetricsHandler metrics.Handler
	// ActivityName resolves what a workflow gives as an activity to an activity
	// type; default: only names are accepted.
	ActivityName func(activity any) (string, error)
	// Interceptors see what arrives and what workflows do, the first one outermost.
	Interceptors []workflow.Interceptor
	// ContextPropagators carry values of contexts through headers.
	ContextPropagators []workflow.ContextPropagator
	// PreferredVersion chooses the versions that workflow.GetVersion returns to
	// runs that have none; default: the newest that the code supports.
	PreferredVersion workflow.PreferredVersionProvider
	// LocalActivity resolves what a workflow gives as a local activity: to its
	// type, and to what whoever runs local activities gets as the function.
	// Default: functions stand for themselves, and names for no function, which
	// is enough for replays.
	LocalActivity func(activity any) (name string, function any, err error)
	// WorkflowName resolves what a workflow gives as a workflow to a workflow
	// type; default: names, and functions under their own names.
	WorkflowName func(workflow any) (string, error)
	// DeadlockDetectionTimeout is how long workflow code may run without
	// blocking on the workflow API; then the task fails with the stack of the code.
	// Default: 1 s; negative: for ever, as when a debugger holds it. Only time
	// counts in which the machine would have let the code run. A conversion of
	// payloads may take thirty times as long, or as long as it likes with
	// workflow.DataConverterWithoutDeadlockDetection.
	DeadlockDetectionTimeout time.Duration
	// DisableSafeEviction makes Close return before the deferred functions of
	// the workflow have run. By default it waits for them, for as long as
	// DeadlockDetectionTimeout allows.
	DisableSafeEviction bool
	// FailWorkflow reports whether a panic in a workflow of this type ends the
	// workflow, as if its function had returned err, rather than fail the task. Err
	// is the value of the panic, or a [*temporal.PanicError] if that is no error.
	// It must always answer the same. Default: no panic does.
	FailWorkflow func(workflowType string, err error) bool
}

// A Runner is a [runner.Runner] of Go functions.
type Runner struct {
	options Options
	world   env.Options          // the same for all runs
	between workflow.BindOptions // and so is this
	dogs    *watchdog.Kennel     // nil if code may take as long as it likes

	mu       sync.RWMutex
	prepared map[string]*workflow.Prepared
	dynamic  *workflow.Prepared // for all other types; nil if there is none
	origin   *Runner            // whose workflows it knows beside its own; nil if it is nobody's
}

var _ runner.Runner = (*Runner)(nil)

// New returns a runner that knows no workflow yet.
func New(o Options) *Runner {
	o.DataConverter = converter.MakeTransferAware(o.DataConverter)
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MetricsHandler == nil {
		o.MetricsHandler = metrics.NopHandler{}
	}
	if o.ActivityName == nil {
		o.ActivityName = onlyNames
	}
	if o.LocalActivity == nil {
		o.LocalActivity = anyFunction
	}
	if o.WorkflowName == nil {
		o.WorkflowName = new(workflow.Registry).Name
	}
	if o.DeadlockDetectionTimeout == 0 {
		o.DeadlockDetectionTimeout = time.Second
	}
	_, adapts := o.FailureConverter.(converter.FailureConverterWithSerializationContext)
	probe := converter.WithDataConverterSerializationContext(o.DataConverter, converter.WorkflowSerializationContext{})
	r := &Runner{options: o, prepared: make(map[string]*workflow.Prepared)}
	r.world = env.Options{
		RootDataConverter:    o.DataConverter,
		RootFailureConverter: o.FailureConverter,
		Adapts:               adapts || !same(probe, o.DataConverter),
		NewLogger: func(d *runner.Details, attempt int32) log.Logger {
			return r.logger(*d, slog.Int("Attempt", int(attempt)))
		},
		LogInReplay:   o.EnableLoggingInReplay,
		Metrics:       o.MetricsHandler,
		ActivityName:  o.ActivityName,
		LocalActivity: o.LocalActivity,
		WorkflowName:  o.WorkflowName,
	}
	r.between = workflow.BindOptions{
		Interceptors:       o.Interceptors,
		ContextPropagators: o.ContextPropagators,
		PreferredVersion:   o.PreferredVersion,
	}
	if o.DeadlockDetectionTimeout > 0 {
		r.dogs = watchdog.New(o.DeadlockDetectionTimeout)
	}
	return r
}

// same reports whether two converters are one. Those that cannot be compared are
// taken for two.
func same(a, b converter.DataConverter) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// onlyNames resolves activities without a registry.
func onlyNames(activity any) (string, error) {
	if s, ok := activity.(string); ok {
		return s, nil
	}
	return "", fmt.Errorf("activity %T: this runner has no registry: give its name as a string", activity)
}

// Prepare implements [runner.Runner]. A later definition of a type replaces an
// earlier one for the instances to come.
func (r *Runner) Prepare(def runner.Definition) error {
	if err := check(def); err != nil {
		return err
	}
	main, err := workflow.Prepare(def)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if def.Dynamic {
		r.dynamic = main
		return nil
	}
	r.prepared[def.Type] = main
	return nil
}

// NewInstance implements [runner.Runner].
func (r *Runner) NewInstance(d runner.Details) (runner.Instance, error) {
	main := r.find(d.WorkflowType)
	if main == nil {
		return nil, &runner.UnknownTypeError{Type: d.WorkflowType, Known: r.types()}
	}
	return &instance{runner: r, main: main, details: d}, nil
}

// With returns a runner of the workflows that r knows, now and later, with r's options as change
// leaves them; what r took as a default is among them. It costs less than a new runner that
// prepares the same. What it prepares itself is its own.
func (r *Runner) With(change func(o *Options)) *Runner {
	o := r.options
	change(&o)
	d := New(o)
	d.origin = r
	return d
}

// find returns the workflow of a type, else the dynamic one, else nil.
func (r *Runner) find(workflowType string) *workflow.Prepared {
	for by := r; by != nil; by = by.origin {
		if main, _ := by.own(workflowType); main != nil {
			return main
		}
	}
	for by := r; by != nil; by = by.origin {
		if _, dynamic := by.own(workflowType); dynamic != nil {
			return dynamic.As(workflowType)
		}
	}
	return nil
}

func (r *Runner) own(workflowType string) (main, dynamic *workflow.Prepared) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.prepared[workflowType], r.dynamic
}

// types are those of the workflows that it knows.
func (r *Runner) types() []string {
	var all []string
	for by := r; by != nil; by = by.origin {
		by.mu.RLock()
		all = slices.AppendSeq(all, maps.Keys(by.prepared))
		by.mu.RUnlock()
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// bare reports whether nothing stands between workflows and their world.
func (r *Runner) bare() bool {
	return len(r.options.Interceptors) == 0 && len(r.options.ContextPropagators) == 0
}

// logger returns the logger of one run.
func (r *Runner) logger(d runner.Details, more ...any) log.Logger {
	return r.options.Logger.With(append([]any{
		slog.String("Namespace", d.Namespace),
		slog.String("WorkflowType", d.WorkflowType),
		slog.String("WorkflowID", d.WorkflowID),
		slog.String("RunID", d.RunID),
	}, more...)...)
}
