// Package wasm reads a WebAssembly module as the Go toolchain writes it, and rewrites it for an
// engine that swaps memories.
//
// [Prepare] makes of a guest a module that starts with nothing: no data, no start function, all
// globals exported so that they can be read and set. What its memory and globals begin with is
// handed out beside, as [Prepared.Data] and [Prepared.Globals]. Every loop counts down a global,
// and at nought calls an import of the guest, so that the host gets the processor back from code
// that never ends; what copies or fills much memory at once calls it before, and functions that were
// asked for by name when they are entered.
//
// It is written by hand for what Go emits: the first version of WebAssembly, sign extension,
// saturating conversions, bulk memory and reference types. What it does not know it refuses,
// with the place. It does not validate: a compiler does that with the result. Nothing panics,
// whatever the bytes are.
package wasm
