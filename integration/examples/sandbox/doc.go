// Command sandbox runs workflows in WebAssembly: an example of the module sandbox.
//
//	go run ./integration/examples/sandbox
//
// It has the go command compile the guest, a program with the workflows of package flows, and gives
// the guest to a worker on a Temporal service in memory. There two orders are done, in a sandbox
// each. Then a workflow misbehaves in eight ways, and the program prints what the server is
// told of each. It opens no port, and keeps compiled code in the user's cache directory; -cache
// names another one, and -cache= none.
package main
