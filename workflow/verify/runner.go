package verify

import (
	"fmt"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// DefaultMaxTasks is the default of [Options.MaxTasks].
const DefaultMaxTasks = 1000

// Options of a [Runner]. The zero value works.
type Options struct {
	// Report is told of each difference, on the task's goroutine, and the task
	// goes on as if there was none. Default: the task fails with it.
	Report func(*DifferenceError)
	// FailureConverter encodes the error that a task fails with; default: temporal's.
	FailureConverter converter.FailureConverter
	// IgnorePayloads leaves payloads out of the comparison, for converters that
	// encode the same value differently each time, as encryption does.
	IgnorePayloads bool
	// MaxTasks is up to how many workflow tasks of a run are verified; the run
	// then goes on without. Default: 1000.
	MaxTasks int
}

// A Runner runs workflows on another one and verifies them.
type Runner struct {
	inner   runner.Runner
	options Options
}

var _ runner.Runner = (*Runner)(nil)

// New returns a runner that verifies what inner runs.
func New(inner runner.Runner, o Options) (*Runner, error) {
	switch {
	case inner == nil:
		return nil, fmt.Errorf("verify: the runner is nil: give the one to verify")
	case o.MaxTasks < 0:
		return nil, fmt.Errorf("verify options: MaxTasks is %d: use zero for the default of %d or a positive number",
			o.MaxTasks, DefaultMaxTasks)
	case o.MaxTasks == 0:
		o.MaxTasks = DefaultMaxTasks
	}
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: converter.GetDefaultDataConverter(),
		})
	}
	return &Runner{inner: inner, options: o}, nil
}

// Prepare implements [runner.Runner].
func (r *Runner) Prepare(def runner.Definition) error { return r.inner.Prepare(def) }

// NewInstance implements [runner.Runner].
func (r *Runner) NewInstance(d runner.Details) (runner.Instance, error) {
	inner, err := r.inner.NewInstance(d)
	if err != nil {
		return nil, err
	}
	i := &instance{Instance: inner, runner: r, details: d}
	if caller, ok := inner.(runner.LocalCaller); ok {
		return struct {
			*instance
			runner.LocalCaller
		}{i, caller}, nil
	}
	return i, nil
}
