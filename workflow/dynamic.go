package workflow

import (
	"errors"
	"fmt"
	"reflect"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// DynamicRegisterOptions are the options of [Registry.RegisterDynamicWorkflow].
type DynamicRegisterOptions struct {
	// LoadDynamicRuntimeOptions returns what is to hold for workflows of one
	// type; nil is the defaults for all, and so is an error.
	LoadDynamicRuntimeOptions func(details LoadDynamicRuntimeOptionsDetails) (DynamicRuntimeOptions, error)
	// Unsandboxed is that of [RegisterOptions], for all types.
	Unsandboxed bool
}

// LoadDynamicRuntimeOptionsDetails say what options are asked for.
type LoadDynamicRuntimeOptionsDetails struct {
	// WorkflowType is the type of the workflow.
	WorkflowType Type
}

// DynamicRuntimeOptions are those of the dynamic workflow that depend on the
// type that it runs as.
type DynamicRuntimeOptions struct {
	// VersioningBehavior of workflows of this type, for workers that run as a
	// version of a deployment; default: that of the worker.
	VersioningBehavior VersioningBehavior
}

// behavior is how runners ask for a type's versioning behavior.
func (o DynamicRegisterOptions) behavior() func(string) enumspb.VersioningBehavior {
	if o.LoadDynamicRuntimeOptions == nil {
		return nil
	}
	return func(workflowType string) enumspb.VersioningBehavior {
		found, err := o.LoadDynamicRuntimeOptions(
			LoadDynamicRuntimeOptionsDetails{WorkflowType: Type{Name: workflowType}})
		if err != nil {
			return enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED
		}
		return found.VersioningBehavior.toProto()
	}
}

// RegisterDynamicWorkflow registers the workflow that runs every type that
// nothing else is registered for: a func(Context, converter.EncodedValues) that
// returns an error, alone or after a result. [GetInfo] tells it what type it
// runs as. There is one at most.
func (r *Registry) RegisterDynamicWorkflow(w any, options DynamicRegisterOptions) error {
	wrong := func(problem, fix string) error {
		return &RegistrationError{Value: "dynamic (" + spelled(w) + ")", Problem: problem, Fix: fix}
	}
	const form = "register a func(workflow.Context, converter.EncodedValues) error or (T, error)"
	call, err := newCallable(w, shape{what: "it", context: true})
	if err != nil {
		return wrong(err.Error(), form)
	}
	if err := call.mustBeDynamic(); err != nil {
		return wrong(err.Error(), form)
	}
	if r.dynamic != nil {
		return wrong("is the second one", "register one function, and let it look at workflow.GetInfo")
	}
	r.dynamic = &runner.Definition{
		Dynamic: true, Func: w, Behavior: options.behavior(), Unsandboxed: options.Unsandboxed,
	}
	return nil
}

var errNotDynamic = errors.New("it must take all of its input as one converter.EncodedValues")

func (c *callable) mustBeDynamic() error {
	t := c.fn.Type()
	if t.NumIn() != 2 || t.In(1) != reflect.TypeFor[converter.EncodedValues]() {
		return fmt.Errorf("%w, but is %s", errNotDynamic, t)
	}
	return nil
}
