// Package typed has variants of package workflow's functions that know types: a
// call whose arguments or result do not fit does not compile.
//
//	receipt, err := typed.ExecuteActivity(ctx, typed.Call1(shop.Charge, order)).Get(ctx)
//
// Call1 pairs a function of one argument with its argument, and what the
// function returns is what Get returns. Call0 to Call6 are for functions that
// return a result and an error, Do0 to Do6 for those that return an error only;
// beyond six arguments, take a struct. The first parameter decides where a call
// may go: functions of a context.Context are activities, local ones too, and
// functions of a workflow.Context are workflows. Methods of structs are
// functions like others; a nil pointer will do for what only names them:
//
//	var shop *Shop
//	typed.Do1(shop.Ship, order)
//
// The function itself is handed on to package workflow, so that its name is
// found just as there. [Call.Named] gives a call another name.
//
// Signals, queries and updates are constants with the types of what they carry,
// which workflow code and its callers share:
//
//	const Approve typed.Signal[Approval] = "approve"
//
// Workflow functions are registered as they are, or as what Workflow0 to Workflow3
// and WorkflowDo0 to WorkflowDo3 make of them, which spares reflection and, while
// they wait, memory:
//
//	err := w.RegisterWorkflow(typed.Workflow1(shop.Sell))
//
// All of this is a thin layer: the same commands, histories and errors, at the
// same cost, and typed and untyped code may be mixed. What a future or a channel
// is underneath, Untyped tells. An argument is checked against the function that
// is named, not against what runs on some other worker under that name.
//
// Activities without a context parameter are for package workflow only, and so
// are variadic functions.
package typed
