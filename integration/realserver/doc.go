// Package realserver holds the tests that need a real Temporal server.
//
// It has no code of its own: all such tests live here because linking the
// server takes half a minute and hundreds of megabytes, and one package of
// tests is one binary. TestMain starts one server for all of them; a test asks
// for a task queue of its own with taskQueue and for a client of the Go SDK
// with sdkClient, and runs in parallel with the others:
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		queue, client := taskQueue(t), sdkClient(t)
//		// ...
//	}
//
// It will not hold tests that pass without a server; those belong to the module
// that they test.
package realserver
