// Package activity is what activity code is written against and registered with.
//
// # Promises
//
// The functions that take a context ([GetInfo], [RecordHeartbeat], ...) may be called from any
// goroutine of the activity, for as long as the activity runs. Outside an activity they do
// nothing and return zero values; [IsActivity] tells. A [Registry] may be used and added to
// from any goroutine. Nothing in this package panics on what a caller hands in: mistakes are
// errors that name the value and the fix. A panic of an activity is caught and becomes a
// temporal.PanicError with its stack.
//
// # Usage
//
//	func Resize(ctx context.Context, path string, width int) (string, error) {
//		activity.GetLogger(ctx).Info("resizing", "path", path)
//		activity.RecordHeartbeat(ctx, "opened")
//		return resize(ctx, path, width)
//	}
//
//	registry := activity.NewRegistry()
//	if err := registry.RegisterActivity(Resize); err != nil {
//		return err
//	}
//
// # Seams
//
// An [Executor] decides where calls run: [InPlace], a [Pool], or one of your own. A
// [Middleware] sees each call between decoding and encoding, and may put its own [Outbound]
// into the context to see what the activity asks for. [Intercept] makes one of interceptors
// that were written for the official SDK. A [PanicHook] hears of panics.
//
// # What it will not do
//
// It does not talk to a server: activity/task does, over an interface. A panic in a goroutine
// that an activity starts itself ends the process, as everywhere in Go.
package activity
