// Package typed registers activities whose shape the compiler has checked, under names that their
// callers share: what could only fail at the start of a worker, or in a workflow, does not compile.
//
//	// Where both the workflow and the worker can see it:
//	var Charge = typed.Func1[Order, Receipt]("Charge", nil)
//
//	// On the worker, with the function that does it:
//	err := typed.Register(w, Charge.With(shop.Charge))
//
//	// In a workflow, with package workflow/typed, which has the same words:
//	receipt, err := typed.ExecuteActivity(ctx,
//		typed.Call1(Charge.Function(), order).Named(Charge.Name())).Get(ctx)
//
// Func0 to Func6 are for functions that return a result and an error, Do0 to Do6 for those that
// return an error only; beyond six arguments, take a struct. An [Activity] is a plain value: a name
// and a function, which is nil where only the types matter. Register takes a worker or an
// activity.Registry, and says what is wrong with each that it cannot register.
//
// What it will not do: activities without a context parameter, variadic and dynamic ones, and whole
// structs are for the Register functions of package activity.
package typed
