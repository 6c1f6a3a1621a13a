package wasm

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
)

// Go's runtime has a table of functions for its own traces, which -ldflags=-s leaves in, in the data.
// It begins with these bytes: a number that says how it is laid out, and the sizes of an instruction
// and of a pointer. What follows is as Go 1.26 has it.
const pclntab = "\xf1\xff\xff\xff\x00\x00\x01\x08"

// Where in the table's header is how many functions there are, where their names begin, and where the
// functions do, each in 8 bytes.
const (
	tableCount = 8
	tableNames = 32
	tableFuncs = 64
	tableSize  = 72

	firstCode = 0x1000 // the number that the table has for the first function with code
)

// tableOfGo fills in the names of functions from that table, and says whether it is there.
func (m *module) tableOfGo() bool {
	memory := (&Prepared{Data: m.data}).Initial()
	for from := 0; ; {
		i := bytes.Index(memory[from:], []byte(pclntab))
		if i < 0 {
			return false
		}
		from += i
		if m.fromTable(memory[from:]) {
			return true
		}
		from++
	}
}

// fromTable reads the table. What is not laid out as one has no names.
func (m *module) fromTable(table []byte) bool {
	if len(table) < tableSize {
		return false
	}
	at := func(word int) uint64 { return binary.LittleEndian.Uint64(table[word:]) }
	count, names, funcs := at(tableCount), at(tableNames), at(tableFuncs)
	size := uint64(len(table))
	if names >= size || funcs >= size || count > (size-funcs)/8 {
		return false
	}
	found := map[uint32]string{}
	for i := range count {
		entry := table[funcs+8*i:]
		index, of := binary.LittleEndian.Uint32(entry)-firstCode, funcs+uint64(binary.LittleEndian.Uint32(entry[4:]))
		if of+8 > size || uint64(index) >= uint64(len(m.functions)) {
			return false
		}
		name := names + uint64(binary.LittleEndian.Uint32(table[of+4:]))
		if name >= size {
			return false
		}
		text, _, ok := bytes.Cut(table[name:min(size, name+maxName)], []byte{0})
		if !ok {
			continue // one that long is nobody's business
		}
		found[uint32(len(m.imports))+index] = Mangled(string(text))
	}
	m.names = found
	return len(found) > 0
}

// maxName is how long a name may be, in bytes.
const maxName = 64 << 10

// writeNames writes the section of names, for what reports stacks.
func writeNames(names map[uint32]string) []byte {
	list := appendU32(nil, uint32(len(names)))
	for _, index := range slices.Sorted(maps.Keys(names)) {
		list = appendName(appendU32(list, index), names[index])
	}
	return append(appendU32(append(appendName(nil, "name"), 1), uint32(len(list))), list...)
}
