// Package sandbox is for workflow code that is compiled to WebAssembly: each run gets an instance of
// its own, whose package variables are its own, whose clock is workflow time, and which has no file
// system, network or environment.
package sandbox
