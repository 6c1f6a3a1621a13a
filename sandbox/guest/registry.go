package guest

import (
	"errors"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Registry knows what a guest has. Mistakes are returned, and told to the worker when
// it prepares its workflows, so that they are not missed.
type Registry struct {
	workflows  workflow.Registry
	activities *activity.Registry
	wrong      []error
}

func (r *Registry) keep(err error) error {
	if err != nil {
		r.wrong = append(r.wrong, err)
	}
	return err
}

func (r *Registry) problem() string {
	if err := errors.Join(r.wrong...); err != nil {
		return err.Error()
	}
	return ""
}

// RegisterWorkflow registers a workflow function under its own name.
func (r *Registry) RegisterWorkflow(f any) error { return r.keep(r.workflows.RegisterWorkflow(f)) }

// RegisterWorkflowWithOptions is RegisterWorkflow with options.
func (r *Registry) RegisterWorkflowWithOptions(f any, o workflow.RegisterOptions) error {
	return r.keep(r.workflows.RegisterWorkflowWithOptions(f, o))
}

// RegisterDynamicWorkflow registers the workflow that runs every type that nothing else is
// registered for.
func (r *Registry) RegisterDynamicWorkflow(f any, o workflow.DynamicRegisterOptions) error {
	return r.keep(r.workflows.RegisterDynamicWorkflow(f, o))
}

// RegisterActivity tells the name of an activity, or of a struct's, that workflows name by the
// function. Nothing calls it here. Only those need it that the worker registers
// under another name than their own.
func (r *Registry) RegisterActivity(a any) error { return r.keep(r.activities.RegisterActivity(a)) }

// RegisterActivityWithOptions is RegisterActivity with options, of which only the name counts here.
func (r *Registry) RegisterActivityWithOptions(a any, o activity.RegisterOptions) error {
	return r.keep(r.activities.RegisterActivityWithOptions(a, o))
}
