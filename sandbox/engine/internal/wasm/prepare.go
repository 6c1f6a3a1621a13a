package wasm

import (
	"errors"
	"fmt"
	"strings"
)

// PageSize is the unit in which memory grows, in bytes.
const PageSize = 65536

// Options are what a guest is prepared with.
type Options struct {
	// MaxPages is the most that memory may have.
	MaxPages uint32
	// Yield is an import that returns one number, and is called when the count of loops is at
	// nought, and before much memory is copied or filled at once.
	Yield Import
	// Watched are names of functions: when that of index i is entered, the count
	// is set to -1-i and Yield is called. Those that the module lacks are left out.
	Watched []string
	// Skipped are names of functions of Go's runtime that return at once, without results.
	Skipped []string
}

// Prepared is a guest that starts with nothing.
type Prepared struct {
	File []byte
	// Imports are the functions that it wants, each once.
	Imports []Import
	// Exports are the names of the functions that it has.
	Exports map[string]bool
	// Data is what its memory of Pages should hold before anything is called.
	Data  []Segment
	Pages uint32
	// Globals are exported under GlobalName of their index. The last is the count of loops, and what the
	// one before begins with does not matter.
	Globals []Global
	// Watched says which of the watched functions were found.
	Watched []bool
	// Missing are the functions to skip that were not found, or that are not Go's.
	Missing []string
}

// Initial is what memory should begin with, up to the end of the data.
func (p *Prepared) Initial() []byte {
	size := uint64(0)
	for _, d := range p.Data {
		size = max(size, uint64(d.Offset)+uint64(len(d.Bytes)))
	}
	memory := make([]byte, size)
	for _, d := range p.Data {
		copy(memory[d.Offset:], d.Bytes)
	}
	return memory
}

// GlobalName is under which name a global is exported.
func GlobalName(index int) string { return fmt.Sprintf("global %d", index) }

// Prepare rewrites a guest.
func Prepare(file []byte, o Options) (*Prepared, error) {
	m, err := parse(file)
	if err != nil {
		return nil, err
	}
	if m.memory == 0 {
		return nil, errors.New("it has no memory")
	}
	if len(m.globals) == 0 {
		return nil, errors.New("it has no globals, where programs of Go have the pointer to their stack")
	}
	stripped := len(m.names) == 0 && m.memory <= o.MaxPages && m.tableOfGo()
	yield, err := m.yield(o.Yield)
	if err != nil {
		return nil, err
	}
	p := &Prepared{
		Imports: m.uniqueImports(), Exports: map[string]bool{}, Data: m.data, Pages: m.memory,
		Globals: append(m.globals, Global{Type: TypeI32}, Global{Type: TypeI32}), Watched: make([]bool, len(o.Watched)),
	}
	for name := range m.exports {
		p.Exports[name] = true
	}
	w := &weaver{
		yield: yield, weight: uint32(len(m.globals)), count: uint32(len(m.globals) + 1), imports: uint32(len(m.imports)),
		module: m, watched: map[string]int{}, skipped: map[string]bool{}, found: p.Watched,
	}
	for i, name := range o.Watched {
		w.watched[Mangled(name)] = i
	}
	for _, name := range o.Skipped {
		w.skipped[Mangled(name)] = false
	}
	if p.File, err = m.write(w, p.Globals, o.MaxPages); err != nil {
		return nil, err
	}
	if stripped {
		names := writeNames(m.names)
		p.File = append(appendU32(append(p.File, sectionCustom), uint32(len(names))), names...)
	}
	for _, name := range o.Skipped {
		if !w.skipped[Mangled(name)] {
			p.Missing = append(p.Missing, name)
		}
	}
	return p, nil
}

// yield finds the import that is called from loops.
func (m *module) yield(want Import) (uint32, error) {
	for i, got := range m.imports {
		if got.Module == want.Module && got.Name == want.Name {
			if len(got.Params) != 0 || len(got.Results) != 1 {
				return 0, fmt.Errorf("import %s has %d parameters and %d results, want none and one",
					got.Name, len(got.Params), len(got.Results))
			}
			return uint32(i), nil
		}
	}
	return 0, fmt.Errorf("it does not import %s of %s, as programs of Go do: build it with GOOS=wasip1 GOARCH=wasm "+
		"go build -buildmode=c-shared", want.Name, want.Module)
}

// uniqueImports are the imports without those that stand there twice.
func (m *module) uniqueImports() []Import {
	var imports []Import
	seen := map[[2]string]bool{}
	for _, i := range m.imports {
		if at := [2]string{i.Module, i.Name}; !seen[at] {
			seen[at] = true
			imports = append(imports, i)
		}
	}
	return imports
}

// write puts the module together again.
func (m *module) write(w *weaver, globals []Global, maxPages uint32) ([]byte, error) {
	size := len(magic)
	for _, s := range m.sections {
		size += len(s.body) + len(s.body)/8
	}
	out := append(make([]byte, 0, size), magic...)
	for _, s := range m.sections {
		body := s.body
		switch s.id {
		case sectionMemory:
			body = append(appendU32([]byte{1, 1}, 0), appendU32(nil, maxPages)...)
		case sectionGlobal:
			body = writeGlobals(globals)
		case sectionExport:
			body = writeExports(s, globals)
		case sectionCode:
			woven, err := w.code(s)
			if err != nil {
				return nil, fmt.Errorf("section %d: %w", s.id, err)
			}
			body = woven
		case sectionData, sectionDataCount:
			continue
		case sectionCustom:
			// What is said of places in the code is no longer true.
			if name := s.reader().name(); strings.HasPrefix(name, ".debug") {
				continue
			}
		}
		out = append(appendU32(append(out, s.id), uint32(len(body))), body...)
	}
	return out, nil
}

func writeGlobals(globals []Global) []byte {
	body := appendU32(nil, uint32(len(globals)))
	for _, g := range globals {
		body = append(body, g.Type, 1)
		switch g.Type {
		case TypeI32, TypeI64:
			op := byte(opI32Const)
			if g.Type == TypeI64 {
				op = opI64Const
			}
			body = append(body, op, 0)
		case TypeF32:
			body = append(body, opF32Const, 0, 0, 0, 0)
		default:
			body = append(body, opF64Const, 0, 0, 0, 0, 0, 0, 0, 0)
		}
		body = append(body, opEnd)
	}
	return body
}

// writeExports adds the globals to what the module exports.
func writeExports(s section, globals []Global) []byte {
	r := s.reader()
	n := r.u32()
	body := append(appendU32(nil, n+uint32(len(globals))), s.body[r.at:]...)
	for i := range globals {
		body = append(appendName(body, GlobalName(i)), kindGlobal)
		body = appendU32(body, uint32(i))
	}
	return body
}
