// Package options holds the tests that write docs/options.md, and the tables of
// docs/migrating-from-the-go-sdk.md, from the code of core/worker.
//
// It has no code of its own and links no server. Names, types and comments are read from the
// source, defaults from a worker without options, errors from workers that are given nonsense.
// Beside them stand the words of the specification, in spec.txt, and what becomes of the options
// of the Go SDK, in sdk.txt: a name there that no side has, and an option of the SDK without a
// line, are errors. After a change of options:
//
//	go test ./integration/options -count=1 -update
package options
