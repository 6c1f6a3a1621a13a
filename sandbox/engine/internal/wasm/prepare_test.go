package wasm_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

const header = "\x00asm\x01\x00\x00\x00"

// part is a section of a module.
func part(id byte, body ...string) string {
	b := strings.Join(body, "")
	return string([]byte{id, byte(len(b))}) + b
}

func name(s string) string { return string([]byte{byte(len(s))}) + s }

// The pieces of a small module: it imports a yield, has a global stack pointer, a function that
// loops as often as it is told and returns how often, and one that has the type of Go's.
var (
	types    = part(1, "\x02", "\x60\x00\x01\x7f", "\x60\x01\x7f\x01\x7f")
	imports  = part(2, "\x01", name("sys"), name("yield"), "\x00\x00")
	function = part(3, "\x02\x01\x01")
	memory   = part(5, "\x01\x00\x01")
	global   = part(6, "\x01", "\x7f\x01\x41\x08\x0b")
	export   = part(7, "\x02", name("spin"), "\x00\x01", name("go.fn"), "\x00\x02")
	code     = part(10, "\x02",
		name("\x01\x01\x7f\x03\x40\x20\x01\x41\x01\x6a\x21\x01\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b\x20\x01\x0b"),
		name("\x00\x41\x2a\x0b"))
	data    = part(11, "\x01\x00\x41\x03\x0b", name("abc"))
	symbols = part(0, name("name"), "\x01\x0f\x02", "\x01", name("loop.a"), "\x02", name("go._fn"))
	debug   = part(0, name(".debug_info"), "lines")
	whole   = header + types + imports + function + memory + global + export + code + data + symbols + debug
)

// stripped is the module without a section of names, but with the table that Go's runtime has.
func stripped() string {
	word := func(n byte) string { return string([]byte{n}) + strings.Repeat("\x00", 7) }
	pair := func(a, b string) string { return a + "\x00\x00" + b + "\x00\x00\x00" }
	table := "\xf1\xff\xff\xff\x00\x00\x01\x08" + word(2) + word(0) + word(0) + word(104) + word(0) + word(0) + word(0) +
		word(72) + pair("\x00\x10", "\x10") + pair("\x01\x10", "\x18") +
		pair("\x00\x10", "\x00") + pair("\x01\x10", "\x07") + "loop.a\x00go.*fn\x00"
	return strings.NewReplacer(symbols, "", data, part(11, "\x01\x00\x41\x03\x0b", name(table))).Replace(whole)
}

func options() wasm.Options {
	return wasm.Options{MaxPages: 3, Yield: wasm.Import{Module: "sys", Name: "yield"}}
}

// machine is a prepared module that runs.
type machine struct {
	api.Module
	yields []int32 // the counts at which it yielded
}

func (m *machine) global(t *testing.T, name string) api.MutableGlobal {
	t.Helper()
	g, ok := m.ExportedGlobal(name).(api.MutableGlobal)
	if !ok {
		t.Fatalf("%s cannot be set", name)
	}
	return g
}

func run(t *testing.T, p *wasm.Prepared) *machine {
	t.Helper()
	m := &machine{}
	r := wazero.NewRuntime(t.Context())
	t.Cleanup(func() { _ = r.Close(context.WithoutCancel(t.Context())) })
	last := wasm.GlobalName(len(p.Globals) - 1)
	_, err := r.NewHostModuleBuilder("sys").NewFunctionBuilder().WithFunc(func() uint32 {
		count := m.global(t, last)
		m.yields = append(m.yields, int32(count.Get()))
		count.Set(2)
		return 0
	}).Export("yield").Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Module, err = r.Instantiate(t.Context(), p.File); err != nil {
		t.Fatal(err)
	}
	m.global(t, wasm.GlobalName(0)).Set(p.Globals[0].Bits)
	m.global(t, last).Set(2)
	return m
}

func call(t *testing.T, m *machine, name string, arg uint64) uint64 {
	t.Helper()
	results, err := m.ExportedFunction(name).Call(t.Context(), arg)
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

func TestLoopsYield(t *testing.T) {
	p, err := wasm.Prepare([]byte(whole), options())
	if err != nil {
		t.Fatal(err)
	}
	m := run(t, p)
	if got := call(t, m, "spin", 7); got != 7 {
		t.Errorf("it looped %d times, want 7", got)
	}
	if want := []int32{0, 0, 0}; !slices.Equal(m.yields, want) {
		t.Errorf("it yielded at %v, want %v", m.yields, want)
	}
}

func TestMuchAtOnceYields(t *testing.T) {
	// The second function fills memory with as much of nothing as it is told.
	fill := name("\x00\x41\x00\x41\x00\x20\x00\xfc\x0b\x00\x41\x2a\x0b")
	short := name("\x00\x41\x2a\x0b")
	longer := part(10, code[2:len(code)-len(short)], fill)
	p, err := wasm.Prepare([]byte(strings.Replace(whole, code, longer, 1)), options())
	if err != nil {
		t.Fatal(err)
	}
	m := run(t, p)
	if _, ok := m.Memory().Grow(2); !ok {
		t.Fatal("it has no memory")
	}
	for size, yields := range map[uint64]int{0: 0, 1<<16 - 1: 0, 1 << 16: 1, 2 << 16: 1} {
		m.yields = nil
		if got := call(t, m, "go.fn", size); got != 42 || len(m.yields) != yields {
			t.Errorf("%d bytes: it returned %d and yielded at %v, want 42 and %d times", size, got, m.yields, yields)
		}
	}
}

func TestAPreparedModuleStartsWithNothing(t *testing.T) {
	p, err := wasm.Prepare([]byte(whole), options())
	if err != nil {
		t.Fatal(err)
	}
	m := run(t, p)
	if m.Memory().Size() != 0 {
		t.Errorf("it has %d bytes of memory", m.Memory().Size())
	}
	if _, ok := m.Memory().Grow(4); ok {
		t.Error("it grew past its limit")
	}
	if len(p.Data) != 1 || p.Data[0].Offset != 3 || string(p.Data[0].Bytes) != "abc" || p.Pages != 1 {
		t.Errorf("its data is %v on %d pages", p.Data, p.Pages)
	}
	if want := []wasm.Global{{wasm.TypeI32, 8}, {wasm.TypeI32, 0}, {wasm.TypeI32, 0}}; !slices.Equal(p.Globals, want) {
		t.Errorf("its globals are %v, want %v", p.Globals, want)
	}
	if !p.Exports["spin"] || len(p.Imports) != 1 || p.Imports[0].Name != "yield" {
		t.Errorf("it exports %v and imports %v", p.Exports, p.Imports)
	}
	if bytes.Contains(p.File, []byte(".debug")) || !bytes.Contains(p.File, []byte("loop.a")) {
		t.Error("it should keep the names of functions, and no places in the code that moved")
	}
}

func TestFunctionsAreWatchedByName(t *testing.T) {
	o := options()
	o.Watched = []string{"not.there", "loop.a", "go.*fn"}
	p, err := wasm.Prepare([]byte(whole), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := []bool{false, true, true}; !slices.Equal(p.Watched, want) {
		t.Errorf("found %v, want %v", p.Watched, want)
	}
	m := run(t, p)
	call(t, m, "spin", 1)
	call(t, m, "go.fn", 1)
	if want := []int32{-2, -3}; !slices.Equal(m.yields, want) {
		t.Errorf("the host heard of %v, want %v", m.yields, want)
	}
}

func TestNamesAreThoseOfGosOwnTableWhereThereAreNone(t *testing.T) {
	o := options()
	o.Watched, o.Skipped = []string{"loop.a"}, []string{"go.*fn", "go.other"}
	p, err := wasm.Prepare([]byte(stripped()), o)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Watched[0] || !slices.Equal(p.Missing, []string{"go.other"}) {
		t.Errorf("found %v, missing %q", p.Watched, p.Missing)
	}
	if !bytes.Contains(p.File, []byte("\x01\x06loop.a\x02\x06go._fn")) {
		t.Error("stacks would have no names")
	}
	run(t, p)
}

func TestFunctionsOfGoAreSkipped(t *testing.T) {
	o := options()
	o.Skipped = []string{"go.*fn"}
	p, err := wasm.Prepare([]byte(whole), o)
	if err != nil {
		t.Fatal(err)
	}
	m := run(t, p)
	if got := call(t, m, "go.fn", 1); got != 0 {
		t.Errorf("it returned %d, want 0", got)
	}
	if got := m.ExportedGlobal(wasm.GlobalName(0)).Get(); got != 16 {
		t.Errorf("the stack pointer is at %d, want 16", got)
	}
}

func TestWhatIsNoGuestIsRefused(t *testing.T) {
	with := func(old, replacement string) string { return strings.Replace(whole, old, replacement, 1) }
	for about, tt := range map[string]struct{ file, says string }{
		"nothing":           {"", "not a WebAssembly module"},
		"another file":      {"\x7fELF and more", "not a WebAssembly module"},
		"another version":   {"\x00asm\x02\x00\x00\x00", "not a WebAssembly module"},
		"cut":               {whole[:60], "ends in the middle"},
		"unknown section":   {whole + part(13), "section 13 is none"},
		"twice":             {whole + types, "section 1 stands there twice"},
		"start function":    {whole + part(8, "\x01"), "a start function is not supported"},
		"no memory":         {strings.Replace(with(memory, ""), data, "", 1), "it has no memory"},
		"shared memory":     {with(memory, part(5, "\x01\x03\x01\x01")), "not shared"},
		"two memories":      {with(memory, part(5, "\x02\x00\x01\x00\x01")), "2 memories"},
		"no globals":        {with(global, ""), "it has no globals"},
		"no yield":          {with(name("yield"), name("yolks")), "does not import yield of sys"},
		"odd yield":         {with(imports, part(2, "\x01", name("sys"), name("yield"), "\x00\x01")), "1 parameters"},
		"imported memory":   {with(imports, part(2, "\x01", name("sys"), name("yield"), "\x02\x00\x01")), "is no function"},
		"type out of range": {with(imports, part(2, "\x01", name("sys"), name("yield"), "\x00\x09")), "type 9 of 2"},
		"global of global":  {with(global, part(6, "\x01", "\x7f\x01\x23\x00\x0b")), "no constant"},
		"two constants":     {with(global, part(6, "\x01", "\x7f\x01\x41\x00\x41\x00\x0b")), "more than one constant"},
		"data outside":      {with(data, part(11, "\x01\x00\x41\xff\xff\x03\x0b", name("abc"))), "lies outside"},
		"passive data":      {with(data, part(11, "\x01\x01", name("abc"))), "data of kind 1"},
		"count that lies":   {with(types, part(1, "\xff\xff\xff\x7f")), "cannot fit"},
		"vectors":           {with("\x00\x41\x2a\x0b", "\x00\xfd\x0c\x0b"), "instruction 0xfd is not known"},
		"function is cut":   {with("\x00\x41\x2a\x0b", "\x00\x41\xff\xff"), "function 1 (go._fn): at byte"},
		"number too long":   {header + "\x01\xff\xff\xff\xff\xff\xff", "number is too long"},
		"bytes too many":    {with(memory, part(5, "\x01\x00\x01\x00")), "too many"},
	} {
		t.Run(about, func(t *testing.T) {
			_, err := wasm.Prepare([]byte(tt.file), options())
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want an error that says %q", err, tt.says)
			}
		})
	}
}

// FuzzPrepare looks for what makes Prepare panic, and for modules that are sound and that it
// spoils.
func FuzzPrepare(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(header))
	f.Add([]byte(stripped()))
	for i := range len(whole) {
		cut := []byte(whole)
		cut[i] ^= 0x81
		f.Add(cut)
	}
	o := options()
	o.Watched, o.Skipped = []string{"loop.a"}, []string{"go.*fn"}
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := wasm.Prepare(file, o)
		if err != nil {
			return
		}
		r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
		defer func() { _ = r.Close(t.Context()) }()
		if _, err := r.CompileModule(t.Context(), file); err != nil {
			return
		}
		if _, err := r.CompileModule(t.Context(), p.File); err != nil && p.Pages <= o.MaxPages {
			t.Errorf("the module was sound before: %v", err)
		}
	})
}
