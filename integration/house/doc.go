// Package house holds the tests of the house itself: which module may import
// which, what a stranger who imports one module gets, how a module must look, and
// whether the tests that a table of behaviours names are there.
//
// It has no code of its own and links no server. Every check is a function from
// data to complaints, so that each has a test that plants a violation and sees
// it caught, beside the test that runs it over this repository:
//
//	go test ./integration/house
//
// The tests run the go command and read files of other modules, which the test
// cache does not see: run them with -count=1. The golden lists of linked modules
// in testdata are rewritten with -update and reviewed as a diff. It will not
// check what a linter can see in one file.
package house
