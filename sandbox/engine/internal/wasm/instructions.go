package wasm

import "fmt"

// The instructions that are written here, or that differ in what follows them.
const (
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opCall         = 0x10
	opCallIndirect = 0x11
	opReturn       = 0x0f
	opDrop         = 0x1a
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opFirstMemory  = 0x28
	opLastMemory   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32ShrU      = 0x76
	opLastNumeric  = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opPrefix       = 0xfc

	// After the prefix.
	opMemoryCopy = 10
	opMemoryFill = 11

	blockVoid = 0x40
)

// instruction reads one instruction with what follows it, and returns its first byte.
func (r *reader) instruction() byte {
	op := r.byte()
	switch {
	case op == opBlock || op == opLoop || op == opIf:
		r.s64(35)
	case op == opBr, op == opBrIf, op == opCall, op >= opLocalGet && op <= opTableSet, op == opRefFunc:
		r.u32()
	case op == opBrTable:
		for range r.count() {
			r.u32()
		}
		r.u32()
	case op == opCallIndirect, op >= opFirstMemory && op <= opLastMemory:
		r.u32()
		r.u32()
	case op == opSelectTyped:
		r.bytes(r.u32())
	case op == opMemorySize, op == opMemoryGrow, op == opRefNull:
		r.byte()
	case op == opI32Const:
		r.s64(35)
	case op == opI64Const:
		r.s64(70)
	case op == opF32Const:
		r.bytes(4)
	case op == opF64Const:
		r.bytes(8)
	case op == opPrefix:
		r.prefixed()
	case op <= 0x05, op == opEnd, op == opReturn, op == opDrop, op == 0x1b,
		op >= opI32Eqz && op <= opLastNumeric, op == opRefIsNull:
	default:
		r.unknown(fmt.Sprintf("%#x", op))
	}
	return op
}

// prefixed reads what follows the prefix of later additions.
func (r *reader) prefixed() {
	switch sub := r.u32(); {
	case sub <= 7: // saturating conversions
	case sub == 8, sub == 10, sub == 12, sub == 14: // two indices
		r.u32()
		r.u32()
	case sub == 9, sub == 11, sub == 13, sub >= 15 && sub <= 17:
		r.u32()
	default:
		r.unknown(fmt.Sprintf("%#x %d", opPrefix, sub))
	}
}

func (r *reader) unknown(what string) {
	if r.err == nil {
		r.at--
		r.fail(fmt.Errorf("instruction %s is not known", what))
	}
}
