// Package core composes Mainspring's modules into a Temporal worker.
//
// It has no code of its own; its packages have:
//
//   - [github.com/mainspring-go/mainspring/core/worker] is the conventional worker.
//   - [github.com/mainspring-go/mainspring/core/connect] dials a server.
//   - [github.com/mainspring-go/mainspring/core/codec] encodes payloads on a connection.
//
// A program that needs both:
//
//	client, err := connect.Dial(connect.Options{Address: "localhost:7233"})
//	...
//	w, err := worker.New(client, "orders", worker.Options{
//		Workflows:  []any{Order},
//		Activities: []any{Charge},
//	})
//	...
//	err = w.Run(ctx)
//
// It holds no algorithm: whatever has a name of its own lives in one of the
// other modules, and a team that wants another shape composes those itself.
package core
