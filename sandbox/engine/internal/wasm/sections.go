package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// The numbers of sections.
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
)

// The kinds of imports and exports.
const (
	kindFunction = iota
	kindTable
	kindMemory
	kindGlobal
)

// The types of values.
const (
	TypeI32 = 0x7f
	TypeI64 = 0x7e
	TypeF32 = 0x7d
	TypeF64 = 0x7c
)

// section is a part of the file.
type section struct {
	id   byte
	off  int // where its body begins in the file
	body []byte
}

func (s section) reader() *reader { return &reader{b: s.body, off: s.off} }

// An Import is a function that the module wants of its host.
type Import struct {
	Module, Name    string
	Params, Results []byte // types of values
}

// A Global is a variable outside memory, and what it begins with: the bits of a value of
// its type.
type Global struct {
	Type byte
	Bits uint64
}

// A Segment is what a part of memory begins with.
type Segment struct {
	Offset uint32
	Bytes  []byte
}

// module is what is known of the parsed module.
type module struct {
	sections []section
	types    [][2][]byte // parameters and results
	imports  []Import
	// functions are the types of those with code.
	functions []uint32
	globals   []Global
	exports   map[string]uint32 // functions
	memory    uint32            // pages that it begins with
	data      []Segment
	names     map[uint32]string // functions
}

const magic = "\x00asm\x01\x00\x00\x00"

func parse(file []byte) (*module, error) {
	if !bytes.HasPrefix(file, []byte(magic)) {
		return nil, errors.New("not a WebAssembly module: it does not begin with \\0asm and version 1")
	}
	m := &module{exports: map[string]uint32{}, names: map[uint32]string{}}
	seen := map[byte]bool{}
	r := &reader{b: file, at: len(magic)}
	for r.err == nil && r.left() > 0 {
		id := r.byte()
		body := r.bytes(r.u32())
		if r.err != nil {
			break
		}
		if id > sectionDataCount {
			return nil, fmt.Errorf("at byte %d: section %d is none of this version of WebAssembly", r.at, id)
		}
		if id != sectionCustom && seen[id] {
			return nil, fmt.Errorf("at byte %d: section %d stands there twice", r.at, id)
		}
		seen[id] = true
		m.sections = append(m.sections, section{id, r.at - len(body), body})
	}
	if r.err != nil {
		return nil, r.err
	}
	for _, s := range m.sections {
		if err := m.read(s); err != nil {
			return nil, fmt.Errorf("section %d: %w", s.id, err)
		}
	}
	return m, nil
}

func (m *module) read(s section) error {
	r := s.reader()
	switch s.id {
	case sectionType:
		return m.readTypes(r)
	case sectionImport:
		return m.readImports(r)
	case sectionFunction:
		for range r.count() {
			m.functions = append(m.functions, r.u32())
		}
		return r.done()
	case sectionMemory:
		return m.readMemory(r)
	case sectionGlobal:
		return m.readGlobals(r)
	case sectionExport:
		return m.readExports(r)
	case sectionStart:
		return errors.New("a start function is not supported: Go's toolchain writes none with -buildmode=c-shared")
	case sectionData:
		return m.readData(r)
	case sectionCustom:
		if r.name() == "name" {
			m.readNames(r)
		}
	}
	return nil
}

func (m *module) readTypes(r *reader) error {
	for range r.count() {
		if form := r.byte(); r.err == nil && form != 0x60 {
			r.fail(fmt.Errorf("a type begins with %#x: only functions are known", form))
		}
		params := r.bytes(r.u32())
		m.types = append(m.types, [2][]byte{params, r.bytes(r.u32())})
	}
	return r.done()
}

func (m *module) readImports(r *reader) error {
	for range r.count() {
		i := Import{Module: r.name(), Name: r.name()}
		if kind := r.byte(); r.err == nil && kind != kindFunction {
			r.fail(fmt.Errorf("import %q of %q is no function: a guest has a memory, table and globals of its own",
				i.Name, i.Module))
		}
		t := r.u32()
		if r.err == nil && int(t) >= len(m.types) {
			r.fail(fmt.Errorf("import %q has type %d of %d", i.Name, t, len(m.types)))
		}
		if r.err != nil {
			return r.err
		}
		i.Params, i.Results = m.types[t][0], m.types[t][1]
		m.imports = append(m.imports, i)
	}
	return r.done()
}

func (m *module) readMemory(r *reader) error {
	n := r.count()
	flags := r.byte()
	m.memory = r.u32()
	if flags == 1 {
		r.u32()
	}
	if r.err == nil && (n != 1 || flags > 1) {
		r.fail(fmt.Errorf("%d memories with flags %#x, want one that is not shared", n, flags))
	}
	return r.done()
}

func (m *module) readGlobals(r *reader) error {
	for range r.count() {
		g := Global{Type: r.byte()}
		r.byte() // whether it changes
		g.Bits = r.constant(g.Type)
		m.globals = append(m.globals, g)
	}
	return r.done()
}

// constant reads an expression that is one constant of the type.
func (r *reader) constant(valueType byte) (bits uint64) {
	op := r.byte()
	switch {
	case op == opI32Const && valueType == TypeI32:
		bits = uint64(uint32(r.s64(35)))
	case op == opI64Const && valueType == TypeI64:
		bits = uint64(r.s64(70))
	case op == opF32Const && valueType == TypeF32:
		bits = littleEndian(r.bytes(4))
	case op == opF64Const && valueType == TypeF64:
		bits = littleEndian(r.bytes(8))
	default:
		if r.err == nil {
			r.fail(fmt.Errorf("what a value of type %#x begins with is no constant of it (%#x)", valueType, op))
		}
	}
	if end := r.byte(); r.err == nil && end != opEnd {
		r.fail(errors.New("more than one constant"))
	}
	return bits
}

func littleEndian(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func (m *module) readExports(r *reader) error {
	for range r.count() {
		name := r.name()
		kind, index := r.byte(), r.u32()
		if kind == kindFunction {
			m.exports[name] = index
		}
	}
	return r.done()
}

func (m *module) readData(r *reader) error {
	for range r.count() {
		if flags := r.u32(); r.err == nil && flags != 0 {
			r.fail(fmt.Errorf("data of kind %d: only what is there from the start is known", flags))
		}
		offset := r.constant(TypeI32)
		d := r.bytes(r.u32())
		if r.err != nil {
			return r.err
		}
		if offset+uint64(len(d)) > uint64(m.memory)*PageSize {
			return fmt.Errorf("data of %d bytes at %d lies outside of the %d pages of memory", len(d), offset, m.memory)
		}
		m.data = append(m.data, Segment{uint32(offset), d})
	}
	return r.done()
}

// readNames reads the names of functions. They are a help and no duty: what is wrong with them is
// left unsaid.
func (m *module) readNames(r *reader) {
	for r.err == nil && r.left() > 0 {
		kind := r.byte()
		size := r.u32()
		if kind != 1 {
			r.bytes(size)
			continue
		}
		for range r.count() {
			index := r.u32()
			if name := r.name(); r.err == nil && index < math.MaxInt32 {
				m.names[index] = name
			}
		}
	}
}
