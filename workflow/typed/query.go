package typed

import "github.com/mainspring-go/mainspring/workflow"

// A Query0 is the name of queries that take no argument and return an R.
type Query0[R any] string

// Handle answers the queries with handler: see [workflow.SetQueryHandler].
func (q Query0[R]) Handle(ctx workflow.Context, handler func() (R, error)) error {
	return workflow.SetQueryHandler(ctx, string(q), handler)
}

// HandleWithOptions is Handle with options.
func (q Query0[R]) HandleWithOptions(
	ctx workflow.Context, handler func() (R, error), options workflow.QueryHandlerOptions,
) error {
	return workflow.SetQueryHandlerWithOptions(ctx, string(q), handler, options)
}

// A Query1 is the name of queries that take one argument and return an R.
type Query1[A, R any] string

// Handle answers the queries with handler: see [workflow.SetQueryHandler].
func (q Query1[A, R]) Handle(ctx workflow.Context, handler func(A) (R, error)) error {
	return workflow.SetQueryHandler(ctx, string(q), handler)
}

// HandleWithOptions is Handle with options.
func (q Query1[A, R]) HandleWithOptions(
	ctx workflow.Context, handler func(A) (R, error), options workflow.QueryHandlerOptions,
) error {
	return workflow.SetQueryHandlerWithOptions(ctx, string(q), handler, options)
}

// A Query2 is the name of queries that take two arguments and return an R.
type Query2[A, B, R any] string

// Handle answers the queries with handler: see [workflow.SetQueryHandler].
func (q Query2[A, B, R]) Handle(ctx workflow.Context, handler func(A, B) (R, error)) error {
	return workflow.SetQueryHandler(ctx, string(q), handler)
}

// HandleWithOptions is Handle with options.
func (q Query2[A, B, R]) HandleWithOptions(
	ctx workflow.Context, handler func(A, B) (R, error), options workflow.QueryHandlerOptions,
) error {
	return workflow.SetQueryHandlerWithOptions(ctx, string(q), handler, options)
}

// A Query3 is the name of queries that take three arguments and return an R.
type Query3[A, B, C, R any] string

// Handle answers the queries with handler: see [workflow.SetQueryHandler].
func (q Query3[A, B, C, R]) Handle(ctx workflow.Context, handler func(A, B, C) (R, error)) error {
	return workflow.SetQueryHandler(ctx, string(q), handler)
}

// HandleWithOptions is Handle with options.
func (q Query3[A, B, C, R]) HandleWithOptions(
	ctx workflow.Context, handler func(A, B, C) (R, error), options workflow.QueryHandlerOptions,
) error {
	return workflow.SetQueryHandlerWithOptions(ctx, string(q), handler, options)
}
