package typed

import (
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/direct"
)

// Workflow0 is a workflow function, for registrations, that takes nothing but its context and returns
// a result and an error: see [workflow.Function].
func Workflow0[R any](fn func(workflow.Context) (R, error)) workflow.Function {
	return workflow.NewFunction(fn, direct.Call0(fn))
}

// Workflow1 is a workflow function of one argument that returns a result and an error.
func Workflow1[A, R any](fn func(workflow.Context, A) (R, error)) workflow.Function {
	return workflow.NewFunction(fn, direct.Call1(fn))
}

// Workflow2 is a workflow function of two arguments that returns a result and an error.
func Workflow2[A, B, R any](fn func(workflow.Context, A, B) (R, error)) workflow.Function {
	return workflow.NewFunction(fn, direct.Call2(fn))
}

// Workflow3 is a workflow function of three arguments that returns a result and an error.
func Workflow3[A, B, C, R any](fn func(workflow.Context, A, B, C) (R, error)) workflow.Function {
	return workflow.NewFunction(fn, direct.Call3(fn))
}

// WorkflowDo0 is a workflow function that takes nothing but its context and returns an error only.
func WorkflowDo0(fn func(workflow.Context) error) workflow.Function {
	return workflow.NewFunction(fn, direct.Do0(fn))
}

// WorkflowDo1 is a workflow function of one argument that returns an error only.
func WorkflowDo1[A any](fn func(workflow.Context, A) error) workflow.Function {
	return workflow.NewFunction(fn, direct.Do1(fn))
}

// WorkflowDo2 is a workflow function of two arguments that returns an error only.
func WorkflowDo2[A, B any](fn func(workflow.Context, A, B) error) workflow.Function {
	return workflow.NewFunction(fn, direct.Do2(fn))
}

// WorkflowDo3 is a workflow function of three arguments that returns an error only.
func WorkflowDo3[A, B, C any](fn func(workflow.Context, A, B, C) error) workflow.Function {
	return workflow.NewFunction(fn, direct.Do3(fn))
}
