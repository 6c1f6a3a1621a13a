package wasm

import (
	"fmt"
	"regexp"
	"slices"
)

// weaver writes into the code of functions what makes them call the host.
type weaver struct {
	yield   uint32 // the function that is called
	count   uint32 // the global that is counted down
	weight  uint32 // the global that keeps how much is copied
	imports uint32 // how many functions come before those with code
	module  *module
	watched map[string]int  // by mangled names
	skipped map[string]bool // by mangled names: whether it was found
	found   []bool
}

// Mangled is what the linker makes of the name of a symbol.
func Mangled(symbol string) string { return unnameable.ReplaceAllString(symbol, "_") }

var unnameable = regexp.MustCompile(`[^\w.]`)

// code rewrites the section of code.
func (w *weaver) code(s section) ([]byte, error) {
	r := s.reader()
	n := r.count()
	out := appendU32(make([]byte, 0, len(s.body)+len(s.body)/8), uint32(n))
	tick, weigh := w.tick(), w.weigh()
	var woven []byte
	for i := range n {
		body := r.bytes(r.u32())
		if r.err != nil {
			break
		}
		name := w.module.names[w.imports+uint32(i)]
		in := &reader{b: body, off: r.off + r.at - len(body)}
		woven = w.function(in, woven[:0], i, tick, weigh)
		if in.err != nil {
			return nil, fmt.Errorf("function %d (%s): %w", i, name, in.err)
		}
		out = append(appendU32(out, uint32(len(woven))), woven...)
	}
	return out, r.done()
}

// function rewrites one function.
func (w *weaver) function(r *reader, out []byte, index int, tick, weigh []byte) []byte {
	for range r.count() {
		r.u32()
		r.byte()
	}
	from := r.at
	out = append(out, r.b[:from]...)
	name, named := w.module.names[w.imports+uint32(index)]
	if i, watched := w.watched[name]; named && watched {
		w.found[i] = true
		out = w.call(append(appendS64(append(out, opI32Const), int64(-1-i)), opGlobalSet))
	}
	if _, skipped := w.skipped[name]; named && skipped && w.module.isGo(index) {
		w.skipped[name] = true
		out = append(out, leave...)
	}
	for r.err == nil && r.left() > 0 {
		at := r.at
		switch op := r.instruction(); {
		case op == opLoop:
			out = append(append(out, r.b[from:r.at]...), tick...)
			from = r.at
		case op == opPrefix && isBulk(r.b[at+1:]):
			out = append(append(out, r.b[from:at]...), weigh...)
			from = at
		}
	}
	return append(out, r.b[from:]...)
}

// isBulk says whether what follows the prefix copies or fills as much memory as it is told.
func isBulk(b []byte) bool {
	sub := (&reader{b: b}).u32()
	return sub == opMemoryCopy || sub == opMemoryFill
}

// call ends a setting of the count, and calls the host.
func (w *weaver) call(out []byte) []byte {
	out = append(appendU32(out, w.count), opCall)
	return append(appendU32(out, w.yield), opDrop)
}

// tick is what stands at the head of each loop.
func (w *weaver) tick() []byte {
	out := appendU32([]byte{opGlobalGet}, w.count)
	out = appendU32(append(out, opI32Const, 1, opI32Sub, opGlobalSet), w.count)
	out = appendU32(append(out, opGlobalGet), w.count)
	out = appendU32(append(out, opI32Eqz, opIf, blockVoid, opCall), w.yield)
	return append(out, opDrop, opEnd)
}

// weigh is what stands before what copies or fills memory. How much is on top of the stack, and much
// calls the host: few loops that do so take as long as many others.
func (w *weaver) weigh() []byte {
	out := appendU32([]byte{opGlobalSet}, w.weight)
	out = appendU32(append(out, opGlobalGet), w.weight)
	out = appendU32(append(out, opGlobalGet), w.weight)
	out = appendU32(append(out, opI32Const, muchBits, opI32ShrU, opIf, blockVoid, opCall), w.yield)
	return append(out, opDrop, opEnd)
}

// muchBits is how much memory is much: two to the power of it, in bytes.
const muchBits = 16

// leave is how a function of Go returns to who called it: the place to return to is taken
// from the stack, whose pointer is the first global, and the result says that the caller goes on.
//
//nolint:gochecknoglobals // a constant that Go cannot write as one.
var leave = []byte{
	opGlobalGet, 0, opI32Const, 8, opI32Add, opGlobalSet, 0, opI32Const, 0, opReturn,
}

// isGo says whether the function with code is of the type that all functions of Go have.
func (m *module) isGo(index int) bool {
	if index >= len(m.functions) || int(m.functions[index]) >= len(m.types) || len(m.globals) == 0 {
		return false
	}
	t, one := m.types[m.functions[index]], []byte{TypeI32}
	return slices.Equal(t[0], one) && slices.Equal(t[1], one) && m.globals[0].Type == TypeI32
}
