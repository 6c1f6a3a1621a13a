// Package integration is where Mainspring meets the real thing: the Temporal
// server, the official Go SDK, and the programs of users.
//
// It promises that everything in it runs offline once its modules are fetched, and
// that nothing else in the repository needs it: the server and the SDK are
// linked here and nowhere else. The package itself is empty; what it holds is
// in the directories below it:
//
//	embedded    a Temporal server inside the calling process
//	realserver  the tests that need one, in one binary
//	crosscheck  the module temporal against the SDK, value by value
//	compat      histories that move between us and the SDK, workflow by workflow
//	outcomes    activities that end in every way, and what histories say of it
//	house       who may import whom, and what a stranger gets
//	quickstart  the newcomer's program: go run ./integration/quickstart
//
// It will not be released: no module may import it, and a test says so.
package integration
