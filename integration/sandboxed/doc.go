// Package sandboxed holds workflows that run in a sandbox to what holds for those that run natively.
package sandboxed
