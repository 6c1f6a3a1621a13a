package typed

import "github.com/mainspring-go/mainspring/workflow"

// UpdateOptions are the options of updates' HandleWithOptions methods.
type UpdateOptions struct {
	// UnfinishedPolicy applies if the workflow returns before the handler does.
	UnfinishedPolicy workflow.HandlerUnfinishedPolicy
	// Description is one line that the metadata query shows.
	Description string
}

// handle sets the handler of an update; validator may be nil.
func handle(ctx workflow.Context, name string, handler, validator any, o UpdateOptions) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, workflow.UpdateHandlerOptions{
		Validator:        validator,
		UnfinishedPolicy: o.UnfinishedPolicy,
		Description:      o.Description,
	})
}

// An Update0 is the name of updates that take no argument and return an R; if that
// is [None], an error only.
type Update0[R any] string

// Handle handles the updates with handler: see [workflow.SetUpdateHandler].
func (u Update0[R]) Handle(
	ctx workflow.Context, handler func(workflow.Context) (R, error),
) error {
	return u.HandleWithOptions(ctx, handler, nil, UpdateOptions{})
}

// HandleWithOptions is Handle with options, and with a validator if that is not
// nil: see [workflow.UpdateHandlerOptions].
func (u Update0[R]) HandleWithOptions(
	ctx workflow.Context, handler func(workflow.Context) (R, error),
	validator func(workflow.Context) error, options UpdateOptions,
) error {
	var check any
	if validator != nil {
		check = validator
	}
	if !isNone[R]() {
		return handle(ctx, string(u), handler, check, options)
	}
	return handle(ctx, string(u), func(ctx workflow.Context) error {
		_, err := handler(ctx)
		return err
	}, check, options)
}

// An Update1 is the name of updates that take one argument and return an R; if that
// is [None], an error only.
type Update1[A, R any] string

// Handle handles the updates with handler: see [workflow.SetUpdateHandler].
func (u Update1[A, R]) Handle(
	ctx workflow.Context, handler func(workflow.Context, A) (R, error),
) error {
	return u.HandleWithOptions(ctx, handler, nil, UpdateOptions{})
}

// HandleWithOptions is Handle with options, and with a validator if that is not
// nil: see [workflow.UpdateHandlerOptions].
func (u Update1[A, R]) HandleWithOptions(
	ctx workflow.Context, handler func(workflow.Context, A) (R, error),
	validator func(workflow.Context, A) error, options UpdateOptions,
) error {
	var check any
	if validator != nil {
		check = validator
	}
	if !isNone[R]() {
		return handle(ctx, string(u), handler, check, options)
	}
	return handle(ctx, string(u), func(ctx workflow.Context, a A) error {
		_, err := handler(ctx, a)
		return err
	}, check, options)
}

// An Update2 is the name of updates that take two arguments and return an R; if that
// is [None], an error only.
type Update2[A, B, R any] string

// Handle handles the updates with handler: see [workflow.SetUpdateHandler].
func (u Update2[A, B, R]) Handle(
	ctx workflow.Context, handler func(workflow.Context, A, B) (R, error),
) error {
	return u.HandleWithOptions(ctx, handler, nil, UpdateOptions{})
}

// HandleWithOptions is Handle with options, and with a validator if that is not
// nil: see [workflow.UpdateHandlerOptions].
func (u Update2[A, B, R]) HandleWithOptions(
	ctx workflow.Context, handler func(workflow.Context, A, B) (R, error),
	validator func(workflow.Context, A, B) error, options UpdateOptions,
) error {
	var check any
	if validator != nil {
		check = validator
	}
	if !isNone[R]() {
		return handle(ctx, string(u), handler, check, options)
	}
	return handle(ctx, string(u), func(ctx workflow.Context, a A, b B) error {
		_, err := handler(ctx, a, b)
		return err
	}, check, options)
}

// An Update3 is the name of updates that take three arguments and return an R; if that
// is [None], an error only.
type Update3[A, B, C, R any] string

// Handle handles the updates with handler: see [workflow.SetUpdateHandler].
func (u Update3[A, B, C, R]) Handle(
	ctx workflow.Context, handler func(workflow.Context, A, B, C) (R, error),
) error {
	return u.HandleWithOptions(ctx, handler, nil, UpdateOptions{})
}

// HandleWithOptions is Handle with options, and with a validator if that is not
// nil: see [workflow.UpdateHandlerOptions].
func (u Update3[A, B, C, R]) HandleWithOptions(
	ctx workflow.Context, handler func(workflow.Context, A, B, C) (R, error),
	validator func(workflow.Context, A, B, C) error, options UpdateOptions,
) error {
	var check any
	if validator != nil {
		check = validator
	}
	if !isNone[R]() {
		return handle(ctx, string(u), handler, check, options)
	}
	return handle(ctx, string(u), func(ctx workflow.Context, a A, b B, c C) error {
		_, err := handler(ctx, a, b, c)
		return err
	}, check, options)
}
