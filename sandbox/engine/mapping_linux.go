package engine

import (
	"bytes"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// huge is how large pages are that the kernel maps at once where all of one is in memory side by
// side. A mapping that begins at a multiple of it has them.
const huge = 2 << 20

// mapping is a memory of a mapped image.
type mapping struct {
	image *mapped
	all   []byte
	size  uint64
}

func (m *mapping) bytes() []byte { return m.all[:m.size] }

func (m *mapping) grow(size uint64) bool {
	if size > uint64(len(m.all)) {
		return false
	}
	m.size = size
	return true
}

func (m *mapping) free() {
	if m.all == nil {
		return
	}
	// Whoever freed it may do so again, but not what the next instance has.
	if one := *m; !m.image.keep(&one) {
		one.drop()
	}
	m.all, m.size = nil, 0
}

// drop unmaps it.
func (m *mapping) drop() {
	// It fails for what was not mapped, and for nothing else.
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(m.all)), uintptr(len(m.all)))
	m.all, m.size = nil, 0
}

// mmap maps the file.
func (m *mapped) mmap() (*mapping, error) {
	// There is no asking for a place that is a multiple, so a larger one is taken first.
	size := uintptr(m.limit)
	place, err := unix.MmapPtr(-1, 0, nil, size+huge, unix.PROT_NONE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map the memory of an instance: %w", err)
	}
	before := -uintptr(place) & (huge - 1)
	at, err := unix.MmapPtr(int(m.file.Fd()), 0, unsafe.Add(place, before), size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_NORESERVE|unix.MAP_FIXED)
	if err != nil {
		_ = unix.MunmapPtr(place, size+huge)
		return nil, fmt.Errorf("map the memory of an instance: %w", err)
	}
	// What is left of the place goes back.
	if before > 0 {
		_ = unix.MunmapPtr(place, before)
	}
	_ = unix.MunmapPtr(unsafe.Add(at, size), huge-before)
	return &mapping{image: m, all: unsafe.Slice((*byte)(at), size), size: m.size}, nil
}

// collapse has the kernel put what the guest left as it was into huge pages, which then are so in all
// mappings: one fault finds two megabytes, where it found 16 pages of four kilobytes. What was
// written before will be again, and a huge page of which a part is written falls apart into 512 pages
// that are there, which a scan looks at one by one. It needs Linux 6.1, and memory in such
// pieces; without, all works as before.
func (m *mapping) collapse(initial []byte) {
	b := m.bytes()
	for at := 0; at+huge <= min(len(b), len(initial)); at += huge {
		if block := b[at : at+huge]; bytes.Equal(block, initial[at:at+huge]) && !isZero(block) {
			_ = unix.Madvise(block, unix.MADV_COLLAPSE)
		}
	}
}
