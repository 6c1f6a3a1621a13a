// Package compat proves that histories are the official Go SDK's, both ways.
//
// The workflows are written once, in package workflows, and once more by
// mktwin, in package sdkworkflows, with the imports of the SDK. The table All
// says how each is run and what it is about. Run takes a case of the table
// through its story on a server: with a worker of ours, with one of the SDK, or
// with both taking turns.
//
// Three things are checked:
//
//   - a run on ours and a run on the SDK's leave the same history, event by event,
//     but for times and ids;
//   - what either has written replays on both, from the beginning and from every
//     workflow task on;
//   - a run goes on when one stops and the other takes over, at any task.
//
// The histories of testdata were recorded on the real server. They are replayed
// by the tests of this package, which need no server; those of realserver run the
// table on one, and record anew:
//
//	go test ./integration/realserver -run 'TestCompat$' -count=1 -record=../compat/testdata
//
// and with -label=NAME those of the SDK alone, as some that were written under
// the rules of older releases, which the environment asks for:
//
//	TEMPORAL_SDK_FLAG_6=1 go test ./integration/realserver -run 'TestCompat$/^await$' \
//		-count=1 -record=../compat/testdata -label=sdk-flag-6
package compat

//go:generate go run ./mktwin workflows sdkworkflows
