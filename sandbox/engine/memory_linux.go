package engine

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// mapped is an image in a file that lives in memory. Each memory maps it privately: what is not
// written is there once for all.
type mapped struct {
	limit uint64
	size  uint64

	mu   sync.Mutex // held while the file is used, so that close does not pull it away
	file *os.File
}

// newMapped makes an image of the content. The file is as large as memories may
// become, with a hole behind the content, so that one mapping does for all.
func newMapped(content []byte, limit uint64) (image, error) {
	fd, err := unix.MemfdCreate("sandbox", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	m := &mapped{limit: limit, size: uint64(len(content)), file: os.NewFile(uintptr(fd), "sandbox")}
	if err := m.fill(content); err != nil {
		return nil, errors.Join(err, m.file.Close())
	}
	return m, nil
}

func (m *mapped) fill(content []byte) error {
	if err := m.file.Truncate(int64(m.limit)); err != nil {
		return err
	}
	// Pages that are nought stay holes.
	page := os.Getpagesize()
	for at := 0; at < len(content); at += page {
		p := content[at:min(at+page, len(content))]
		if isZero(p) {
			continue
		}
		if _, err := m.file.WriteAt(p, int64(at)); err != nil {
			return err
		}
	}
	// Try it once: a system may forbid it.
	memory, err := m.mmap()
	if err != nil {
		return err
	}
	memory.free()
	return nil
}

func (m *mapped) mmap() (memory, error) {
	b, err := unix.Mmap(int(m.file.Fd()), 0, int(m.limit), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map the memory of an instance: %w", err)
	}
	return &mapping{all: b, size: m.size}, nil
}

// open maps a memory, or copies it when the process has as many mappings as it may.
func (m *mapped) open() (memory, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil, ErrClosed
	}
	if mapping, err := m.mmap(); err == nil {
		return mapping, nil
	}
	h := &heap{limit: m.limit, b: make([]byte, m.size)}
	_, err := m.file.ReadAt(h.b, 0)
	return h, err
}

func (m *mapped) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}

// mapping is a memory of a mapped image.
type mapping struct {
	all  []byte
	size uint64
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
	// It fails for what was not mapped, and for nothing else.
	_ = unix.Munmap(m.all)
	m.all, m.size = nil, 0
}
