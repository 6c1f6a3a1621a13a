package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Options of a [Runner]. The zero value works. What is not here the guest has: see package guest.
type Options struct {
	// Logger takes what workflows log; default: it is dropped. Lines that the guest writes
	// to standard output and error come as messages of level Info.
	Logger *slog.Logger
	// EnableLoggingInReplay lets workflows log also while they are replayed.
	EnableLoggingInReplay bool
	// MetricsHandler takes what workflows report; default: it is dropped.
	MetricsHandler metrics.Handler
	// BuildID is that of the worker: what workflow code sees as the build of a task that is live.
	BuildID string
	// FailureConverter encodes the failures of tasks whose code was stopped; default: temporal's.
	FailureConverter converter.FailureConverter
}

// A Runner is a [runner.Runner] whose workflows are in a guest. Each run has an instance of the
// guest to itself. It needs no closing; the module belongs to whoever compiled it, and must stay open
// for as long as there are instances.
type Runner struct {
	options Options
	guest   source
	has     *wire.Description

	mu       sync.RWMutex
	prepared map[string]runner.Definition
	dynamic  *runner.Definition
}

var _ runner.Runner = (*Runner)(nil)

// A source is what instances are made of.
type source interface {
	start(ctx context.Context, host engine.Host) (instance, error)
}

// An instance of a guest answers requests.
type instance interface {
	Call(ctx context.Context, request []byte) ([]byte, error)
	Close()
}

// compiled is a guest that is WebAssembly.
type compiled struct{ *engine.Module }

func (c compiled) start(ctx context.Context, host engine.Host) (instance, error) {
	return c.Start(ctx, host)
}

// New returns a runner for the workflows of a guest that was made with package guest. It starts
// an instance to ask which these are: a guest that speaks another version of the
// format between the two is a [*wire.VersionError], and one whose registrations failed says so.
func New(ctx context.Context, module *engine.Module, o Options) (*Runner, error) {
	if module == nil {
		return nil, errors.New("sandbox: the module is nil: compile one with engine.Compile")
	}
	return newRunner(ctx, compiled{module}, o)
}

func newRunner(ctx context.Context, g source, o Options) (*Runner, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.GetDefaultFailureConverter()
	}
	r := &Runner{options: o, guest: g, prepared: make(map[string]runner.Definition)}
	var err error
	if r.has, err = r.describe(ctx); err != nil {
		return nil, fmt.Errorf("sandbox: ask the guest for its workflows: %w", err)
	}
	if r.has.Problem != "" {
		return nil, fmt.Errorf("sandbox: the guest's registrations failed: %s", r.has.Problem)
	}
	return r, nil
}

func (r *Runner) describe(ctx context.Context) (*wire.Description, error) {
	i, err := r.guest.start(ctx, engine.Host{})
	if err != nil {
		return nil, err
	}
	defer i.Close()
	b, err := i.Call(ctx, wire.Describe())
	if err != nil {
		return nil, err
	}
	return wire.ParseDescription(b)
}

// Types returns the workflow types that the guest has, sorted, but for its dynamic one.
func (r *Runner) Types() []string { return slices.Clone(r.has.Types) }

// Prepare implements [runner.Runner]. The Func of a definition stays unused: what counts is
// that the guest has the type. One that it lacks is a [*runner.UnknownTypeError].
func (r *Runner) Prepare(def runner.Definition) error {
	if def.Dynamic {
		if !r.has.Dynamic {
			return errors.New("the guest has no dynamic workflow: register one with guest.Registry")
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dynamic = &def
		return nil
	}
	if !r.has.Dynamic && !slices.Contains(r.has.Types, def.Type) {
		return fmt.Errorf("the guest lacks it: %w", &runner.UnknownTypeError{Type: def.Type, Known: r.has.Types})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepared[def.Type] = def
	return nil
}

// NewInstance implements [runner.Runner]. The instance of the guest starts with the
// first activation.
func (r *Runner) NewInstance(d runner.Details) (runner.Instance, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	def, ok := r.prepared[d.WorkflowType]
	switch {
	case ok:
	case r.dynamic != nil:
		def = r.dynamic.As(d.WorkflowType)
	default:
		return nil, &runner.UnknownTypeError{Type: d.WorkflowType, Known: slices.Sorted(maps.Keys(r.prepared))}
	}
	return &run{runner: r, begin: wire.Begin{
		Details:            d,
		VersioningBehavior: def.VersioningBehavior,
		BuildID:            r.options.BuildID,
		LogInReplay:        r.options.EnableLoggingInReplay,
		LogLevel:           int(log.Lowest(r.options.Logger)),
		Metrics:            r.options.MetricsHandler != nil,
	}}, nil
}
