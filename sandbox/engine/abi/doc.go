// Package abi is the guest's half of the boundary between an engine and what runs in it: a request
// goes in, an answer comes out, both plain bytes.
//
// A guest is a program that calls [Serve] while its packages are initialised, and is built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o guest.wasm .
//
// Its main is never called, but must be there:
//
//	var _ = abi.Serve(func(request []byte) []byte { return bytes.ToUpper(request) })
//
//	func main() {}
//
// On other platforms the package compiles too and exports nothing; [Call] calls what is served,
// so that a guest's functions can be tested natively.
package abi
