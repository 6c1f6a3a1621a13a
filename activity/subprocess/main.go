package subprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Program is what a child runs. It is made before [Main] is called, by the same lines in both
// processes; in the parent it has no effect.
type Program struct {
	// Activities are registered as by activity.Registry.RegisterActivity: those that the worker
	// is given.
	Activities []any
	// Registry, if not nil, has activities that are registered otherwise, by a name for example.
	// Those of Activities are added to it, in the child only.
	Registry *activity.Registry
	// Middleware wraps each call, the first one outermost. The worker's own interceptors do not
	// get here: give activity.Intercept(interceptor.Activities(interceptors)...) of the same ones.
	Middleware []activity.Middleware
	// Extract puts what came in the header of a task into the context of its activity; nil leaves
	// the context alone. Give interceptor.Extract of the worker's context propagators.
	Extract func(ctx context.Context, header *commonpb.Header) (context.Context, error)
	// DataConverter decodes inputs and encodes results and heartbeat details; nil means the
	// default one. It must be the worker's.
	DataConverter converter.DataConverter
	// FailureConverter encodes errors; nil means the default one over DataConverter.
	FailureConverter converter.FailureConverter
	// SharedStateManager makes the activity's half of what it shares with its worker; nil means
	// [SharedState]. It must be made for the worker's.
	SharedStateManager activity.SharedStateManager
}

// variable of the environment that makes a process a child, and tells it how.
const variable = "MAINSPRING_SUBPROCESS"

// The files that a child is given.
const (
	childReads  = 3
	childWrites = 4
)

// orders are what the variable holds.
type orders struct {
	Protocol uint64 `json:"protocol"`
	Limits   Limits `json:"limits"`
}

// IsChild says whether an executor has started this process, until [Main] has been called.
func IsChild() bool { return os.Getenv(variable) != "" }

// Main serves calls, if an executor has started this process, and never returns: the process ends
// when the executor is done with it. In any other process it returns at once. Call it first thing
// in main, before anything that children should not do; in tests, in TestMain.
func Main(p Program) {
	if !IsChild() {
		return
	}
	if err := child(&p); err != nil {
		fmt.Fprintf(os.Stderr, "activities in this process: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child makes a server of this process and has it serve.
func child(p *Program) error {
	var o orders
	err := json.Unmarshal([]byte(os.Getenv(variable)), &o)
	_ = os.Unsetenv(variable) // programs that activities start are no children
	if err != nil || o.Protocol != protocol {
		return fmt.Errorf("%s is not what this version of the program expects (%w): start children by an executor only",
			variable, err)
	}
	in, out, err := inherited()
	if err != nil {
		return err
	}
	if err := o.Limits.apply(); err != nil {
		return err
	}
	registry, err := p.registry()
	if err != nil {
		return err
	}
	return newServer(p, registry, o.Limits, in, out).serve()
}

func (p *Program) registry() (*activity.Registry, error) {
	r := p.Registry
	if r == nil {
		r = activity.NewRegistry()
	}
	for _, a := range p.Activities {
		if err := r.RegisterActivity(a); err != nil {
			return nil, err
		}
	}
	if r.Len() == 0 {
		return nil, errors.New("subprocess.Program has no activities: set Activities or Registry, as the worker's")
	}
	return r, nil
}
