// Package crosscheck holds the tests that compare the module temporal with the Go
// SDK, value by value: what one encodes the other must decode, and both must
// encode the same to the same bytes.
//
// It has no code of its own, and needs no server: the tests that do are in
// realserver. A row is a value of user code, and the check is the same for all:
//
//	{"a struct", order{ID: "o-1"}},
//
// It will not test what either side does alone; the module's own tests do that.
package crosscheck
