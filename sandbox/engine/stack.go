package engine

import (
	"bytes"
	"strings"

	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

// maxFrames is how much of a stack is kept.
const maxFrames = 32

// frames are the functions of a stack trace of wazero, innermost first, without what the host and
// Go's runtime put on top and below.
func frames(trace string, memory []byte) []string {
	var stack []string
	for line := range strings.Lines(trace) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, wasi+".") || len(stack) == maxFrames {
			continue
		}
		name = strings.TrimPrefix(name, ".")
		if open := strings.LastIndexByte(name, '('); open > 0 {
			name = name[:open]
		}
		if name != "" {
			stack = append(stack, symbol(name, memory))
		}
	}
	return stack
}

// symbol is what the linker made the name of. It replaces what WebAssembly's tools might not
// like, but the table for Go's own traces has it as it was, in the memory of the guest.
func symbol(name string, memory []byte) string {
	if !strings.Contains(name, "_") {
		return name
	}
	// The longest piece that was not changed is looked for.
	piece, at := "", 0
	for from := 0; from < len(name); {
		part, _, _ := strings.Cut(name[from:], "_")
		if len(part) > len(piece) {
			piece, at = part, from
		}
		from += len(part) + 1
	}
	for from := 0; ; {
		i := bytes.Index(memory[from:], []byte(piece))
		if i < 0 {
			return name
		}
		begin := from + i - at
		from += i + 1
		end := begin + len(name)
		if begin < 1 || end >= len(memory) || memory[begin-1] != 0 || memory[end] != 0 {
			continue
		}
		if found := string(memory[begin:end]); wasm.Mangled(found) == name {
			return found
		}
	}
}

// in says in which function something happened: the innermost that is not Go's own.
func in(stack []string) string {
	for _, f := range stack {
		if !own(f) {
			return " (in " + f + ")"
		}
	}
	return ""
}

// own says whether the function is of Go's runtime or standard library: the first element of
// its package has no dot, and it is not main.
func own(function string) bool {
	first, _, nested := strings.Cut(function, "/")
	if nested {
		return !strings.Contains(first, ".")
	}
	return !strings.HasPrefix(function, "main.")
}
