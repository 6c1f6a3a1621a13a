//go:build linux

package engine

import (
	"bytes"
	"os"
	"testing"
	"unsafe"
)

// dirty writes to a memory, and grows it.
func dirty(t *testing.T, m memory, pages, grown int) {
	t.Helper()
	page := os.Getpagesize()
	before := len(m.bytes())
	for i := range pages {
		m.bytes()[2*i*page+i] ^= 0xff
	}
	if !m.grow(uint64(before + grown*page)) {
		t.Fatal("the memory does not grow")
	}
	for i := range grown {
		m.bytes()[before+i*page] = 1
	}
}

func TestAMappingThatIsGivenBackIsAsNew(t *testing.T) {
	page := os.Getpagesize()
	content := bytes.Repeat([]byte("content "), 64*page/8)
	clear(content[10*page : 20*page]) // holes of the file
	const limit = 1 << 20
	for name, c := range map[string]struct {
		pages, grown int
	}{"untouched": {}, "written": {pages: 30}, "grown": {pages: 5, grown: 7}} {
		t.Run(name, func(t *testing.T) {
			i, err := newMapped(content, nil, limit)
			if err != nil {
				t.Skip(err)
			}
			image, ok := i.(*mapped)
			if !ok || image.scanner == nil {
				t.Skip("the system does not tell what was written")
			}
			m, err := i.open()
			if err != nil {
				t.Fatal(err)
			}
			first := &m.bytes()[0]
			dirty(t, m, c.pages, c.grown)
			m.free()
			m.free() // does nothing
			if len(image.kept) == 0 {
				t.Skip("the system does not tell what was written")
			}
			if len(image.kept) != 1 {
				t.Fatalf("%d mappings are kept", len(image.kept))
			}
			again, err := i.open()
			if err != nil {
				t.Fatal(err)
			}
			if &again.bytes()[0] != first {
				t.Error("it is another mapping")
			}
			if !bytes.Equal(again.bytes(), content) {
				t.Error("it is not as new")
			}
			if again.grow(limit); !bytes.Equal(again.bytes()[len(content):], make([]byte, limit-len(content))) {
				t.Error("what it grows by is not nought")
			}
			again.free()
			if err := i.close(); err != nil {
				t.Error(err)
			}
			if again.free(); len(image.kept) != 0 {
				t.Error("mappings are kept that nobody will use")
			}
		})
	}
}

func TestOnlySoManyMappingsAreKept(t *testing.T) {
	page := os.Getpagesize()
	i, err := newMapped(make([]byte, 4*keptPages*page), nil, uint64(8*keptPages*page))
	if err != nil {
		t.Skip(err)
	}
	image, ok := i.(*mapped)
	if !ok {
		t.Fatalf("it is a %T", i)
	}
	defer func() { _ = i.close() }()
	open := func(pages int) memory {
		m, err := i.open()
		if err != nil {
			t.Fatal(err)
		}
		dirty(t, m, pages, 0)
		return m
	}
	if open(keptPages + 1).free(); len(image.kept) != 0 {
		t.Error("one is kept that has written too much")
	}
	var all []memory
	for range keptMappings + 3 {
		all = append(all, open(1))
	}
	for _, m := range all {
		m.free()
	}
	if n := len(image.kept); n > keptMappings {
		t.Errorf("%d are kept", n)
	}
}

func TestWhatIsInHugePagesIsTheSame(t *testing.T) {
	const blocks = 4
	content := bytes.Repeat([]byte("constant"), blocks*huge/8)
	clear(content[2*huge : 3*huge])
	initial := bytes.Clone(content)
	initial[huge+7] ^= 1 // so that the second was written
	i, err := newMapped(content, initial, blocks*huge+1<<16)
	if err != nil {
		t.Skip(err)
	}
	m, err := i.open()
	if err != nil {
		t.Fatal(err)
	}
	if uintptr(unsafe.Pointer(&m.bytes()[0]))%huge != 0 {
		t.Error("the mapping does not begin where huge pages do")
	}
	for range 2 {
		if !bytes.Equal(m.bytes(), content) {
			t.Fatal("it is not the content")
		}
		for at := range blocks {
			m.bytes()[at*huge+at] ^= 0xff
		}
		m.free()
		if m, err = i.open(); err != nil {
			t.Fatal(err)
		}
	}
	m.free()
	if err := i.close(); err != nil {
		t.Error(err)
	}
}
