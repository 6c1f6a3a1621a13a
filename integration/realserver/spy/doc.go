// Package spy has a workflow that uses what interceptors see, interceptors that count the calls,
// and a context propagator, for comparing this repository's interceptors with the official SDK's.
// Package sdk below it is the same for the SDK: its file is a copy with other imports, which a
// test of realserver makes sure of.
//
// It is for tests and promises nothing to anybody else.
package spy
