package runner

import (
	"context"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
)

// A Runner runs workflow code. It is safe for concurrent use.
type Runner interface {
	// Prepare makes a workflow type known and checks that this runner can run
	// it. It is called before any instance of the type is made.
	Prepare(def Definition) error
	// NewInstance makes one run of a workflow. Nothing runs until Activate.
	// A type that was not prepared is an [*UnknownTypeError].
	NewInstance(details Details) (Instance, error)
}

// An Instance is one run of a workflow. One goroutine at a time may use it, and
// none that is locked to its thread ([runtime.LockOSThread]).
type Instance interface {
	// Activate applies one activation and runs the workflow until it is
	// blocked, has ended or has failed. It returns a completion in every case;
	// what goes wrong is its Failure. The context bounds nothing but waiting
	// that has no place in workflow code.
	Activate(ctx context.Context, a *Activation) *Completion
	// Close ends the instance: deferred functions of the workflow run, its
	// coroutines end. It is idempotent and may be called at any time between
	// activations. It does not wait for ever: code that does not let go may end
	// after Close has returned.
	Close()
}

// A Definition is a workflow type as its author wrote it.
type Definition struct {
	// Type is the name that histories carry.
	Type string
	// Func is the workflow function. A runner that does not run Go functions
	// may leave it nil.
	Func any
	// VersioningBehavior is what completions of its runs say.
	VersioningBehavior enumspb.VersioningBehavior
	// Unsandboxed says that its author wants it run without a sandbox, where runners
	// of both kinds are at hand: see [Choose].
	Unsandboxed bool
	// Dynamic says that it is for every type that no other definition is for.
	// Type is then empty, and the function takes its input undecoded.
	Dynamic bool
	// Behavior is the VersioningBehavior of a type that a dynamic one runs as;
	// nil is unspecified for all.
	Behavior func(workflowType string) enumspb.VersioningBehavior
}

// As returns the definition of a type that a dynamic one runs as.
func (d Definition) As(workflowType string) Definition {
	d.Type = workflowType
	if d.Behavior != nil {
		d.VersioningBehavior = d.Behavior(workflowType)
	}
	return d
}

// Details say which run an instance is. They never change.
type Details struct {
	Namespace    string
	WorkflowID   string
	RunID        string
	WorkflowType string
}

// UnknownTypeError says that no workflow of this type was prepared.
type UnknownTypeError struct {
	Type  string
	Known []string
}

// Error implements error with the words that users of Temporal know.
func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("unable to find workflow type: %s. Supported types: [%s]",
		e.Type, strings.Join(e.Known, ", "))
}
