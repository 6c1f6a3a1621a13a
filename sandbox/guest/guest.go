package guest

import (
	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/sandbox/engine/abi"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Options are what workflow code is run with. They are to be those of the worker, which cannot
// hand in its own. The zero value works.
type Options struct {
	// DataConverter encodes arguments and results; default: the one that all Temporal SDKs share.
	DataConverter converter.DataConverter
	// FailureConverter encodes errors; default: temporal's.
	FailureConverter converter.FailureConverter
	// Interceptors see what arrives and what workflows do, the first one outermost.
	Interceptors []workflow.Interceptor
	// ContextPropagators carry values of contexts through headers.
	ContextPropagators []workflow.ContextPropagator
	// PreferredVersion chooses the versions that workflow.GetVersion returns to runs that have
	// none; default: the newest that the code supports.
	PreferredVersion workflow.PreferredVersionProvider
	// FailWorkflow reports whether a panic in a workflow of this type ends the workflow rather than fail
	// the task, as FailWorkflowOn of the worker does; it must always answer the same. Default: the
	// worker decides, which sees the panic as a failure and never its value.
	FailWorkflow func(workflowType string, err error) bool
}

// Serve makes the program a guest with what register registers. It is to be called
// while packages are initialised; the last call counts.
func Serve(register func(r *Registry), o Options) abi.Served {
	p := New(register, o)
	return abi.Serve(p.Start(), warm)
}

// A Program is what [Serve] serves, for tests that need no sandbox.
type Program struct {
	options     Options
	registry    *Registry
	definitions map[string]runner.Definition // "" is dynamic
	native      *native.Runner               // that of a run is made from it
}

// New returns a program with what register registers.
func New(register func(r *Registry), o Options) *Program {
	r := &Registry{activities: activity.NewRegistry()}
	register(r)
	p := &Program{options: o, registry: r, definitions: make(map[string]runner.Definition)}
	p.native = native.New(p.shared())
	for _, d := range r.workflows.Definitions() {
		p.definitions[d.Type] = d
		_ = r.keep(p.native.Prepare(d)) // the worker is told
	}
	return p
}

// shared are the options of all runs.
func (p *Program) shared() native.Options {
	o := &p.options
	return native.Options{
		DataConverter:            o.DataConverter,
		FailureConverter:         o.FailureConverter,
		ActivityName:             p.registry.activities.Name,
		WorkflowName:             p.registry.workflows.Name,
		Interceptors:             o.Interceptors,
		ContextPropagators:       o.ContextPropagators,
		PreferredVersion:         o.PreferredVersion,
		FailWorkflow:             o.FailWorkflow,
		DeadlockDetectionTimeout: -1, // the sandbox sees to it
		LocalActivity: func(activity any) (string, any, error) {
			name, err := p.registry.activities.Name(activity)
			return name, nil, err
		},
	}
}

// Start returns what serves the requests of one run, which are those of package wire. One
// goroutine at a time may use it. What it returns must not be changed, and is good until the
// next call.
func (p *Program) Start() func(request []byte) []byte { return (&run{program: p}).serve }

// definition is the workflow of a type, else the dynamic one.
func (p *Program) definition(workflowType string) (runner.Definition, bool) {
	if d, ok := p.definitions[workflowType]; ok {
		return d, true
	}
	d, ok := p.definitions[""]
	return d, ok
}

func (p *Program) describe() *wire.Description {
	d := &wire.Description{Problem: p.registry.problem()}
	for _, def := range p.registry.workflows.Definitions() {
		if def.Dynamic {
			d.Dynamic = true
			continue
		}
		d.Types = append(d.Types, def.Type)
	}
	return d
}
