package abi

import (
	"math/rand/v2"
	"unsafe"
)

//go:wasmexport mainspring_abi
func exportVersion() uint32 {
	if guest.call == nil {
		return 0
	}
	return Version
}

// exportRandom draws from the runtime's generator, so that an engine finds it and can give each
// instance a seed of its own.
//
//go:wasmexport mainspring_random
func exportRandom() uint64 { return rand.Uint64() }

//go:wasmexport mainspring_warm
func exportWarm() { Warm() }

// exportBuffer returns where the host writes a request of the size.
//
//go:wasmexport mainspring_buffer
func exportBuffer(size uint32) uint32 {
	if uint32(cap(guest.request)) < size {
		guest.request = make([]byte, size)
	}
	return address(guest.request)
}

// exportCall serves the request of the size in the buffer. It returns where the answer
// lies in the upper half, and its size in the lower.
//
//go:wasmexport mainspring_call
func exportCall(size uint32) uint64 {
	guest.answer = Call(guest.request[:size])
	return uint64(address(guest.answer))<<32 | uint64(len(guest.answer))
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
