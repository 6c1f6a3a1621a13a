// Package metrics is what workflows and activities report their own numbers to: an interface of
// the shape that the official Go SDK's clients have, so that an adapter for the metrics system at
// hand is a few lines long.
//
// # Usage
//
//	func Resize(ctx context.Context, path string) error {
//		activity.GetMetricsHandler(ctx).Counter("resized").Inc(1)
//		...
//	}
//
// [Forward] makes what is reported plain data, a [Report], which is reported elsewhere: in another
// process, or outside of a sandbox.
//
// # Promises
//
// There is no global registry and no metrics system in here. [NopHandler] drops everything. What
// a workflow reports while it is replayed is dropped by package workflow.
package metrics
