// Package surface holds the test that our packages offer what those of the Go
// SDK offer: each exported name, with the same signature, fields, methods and
// value.
//
// It has no code of its own, links no server, and reads the sources of both. A
// difference is an error unless missing.txt says why it is there, and so is a
// line there that no difference needs any more. What is missing is written for
// people into docs/surface.md, and lines without a difference are removed, by
//
//	go test ./integration/surface -count=1 -update
//
// Names that the SDK has marked as deprecated need no line. Not compared: the
// names of parameters, doc comments, what names do, and names that only we have.
package surface
