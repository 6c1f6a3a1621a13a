// Package temporal has the words that workflows, activities and clients share: errors and how
// they travel, retry policies, priorities, search attributes.
//
// Errors cross process boundaries as failures. A [converter.FailureConverter] turns one into the
// other: what an activity returns as an [ApplicationError] a workflow receives as an
// [ActivityError] whose cause is that ApplicationError, and errors.As finds it.
//
//	err := temporal.NewNonRetryableApplicationError("card refused", "CardRefused", nil, orderID)
//	// ... on the other side, as err:
//	var app *temporal.ApplicationError
//	if errors.As(err, &app) && app.Type() == "CardRefused" {
//		var orderID string
//		if err := app.Details(&orderID); err != nil {
//			return err
//		}
//	}
//
// An error that was made from a failure keeps it and turns into the very same failure again, so
// that nothing written by another SDK is lost on the way. Other Go errors become application
// errors whose type is the bare name of the Go type; renaming an error type changes what retry
// policies match.
//
// All types are safe for concurrent use once made. Nothing here panics on data it is given, does
// I/O, or knows gRPC.
package temporal
