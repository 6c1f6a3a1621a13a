// Package sandboxed holds workflows that run in a sandbox to what holds for those that run natively.
//
// What it has for others is [Build], which makes the guests of tests and of the example.
package sandboxed
