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

	mu       sync.Mutex // held while the file is mapped, so that close does not pull it away
	file     *os.File
	pristine *mapping   // never written
	scanner  *scanner   // nil if mappings are not recycled
	kept     []*mapping // as new
}

// newMapped makes an image of the content, which was initial before the guest wrote to it. The file is
// as large as memories may become, with a hole behind the content, so that one mapping does for all.
func newMapped(content, initial []byte, limit uint64) (image, error) {
	fd, err := unix.MemfdCreate("sandbox", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	m := &mapped{limit: limit, size: uint64(len(content)), file: os.NewFile(uintptr(fd), "sandbox")}
	if err := m.fill(content, initial); err != nil {
		return nil, errors.Join(err, m.file.Close())
	}
	return m, nil
}

func (m *mapped) fill(content, initial []byte) error {
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
	// A system may forbid it.
	var err error
	if m.pristine, err = m.mmap(); err != nil {
		return err
	}
	m.pristine.collapse(initial)
	m.scanner = newScanner()
	return nil
}

// open maps a memory, or copies it when it cannot be mapped, as when the process has as many
// mappings as it may.
func (m *mapped) open() (memory, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil, ErrClosed
	}
	if n := len(m.kept); n > 0 {
		mapping := m.kept[n-1]
		m.kept = m.kept[:n-1]
		return mapping, nil
	}
	if mapping, err := m.mmap(); err == nil {
		return mapping, nil
	}
	return copied{limit: m.limit, content: m.pristine.bytes()}.open()
}

func (m *mapped) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	if m.scanner != nil {
		err = errors.Join(err, m.scanner.pagemap.Close())
	}
	for _, mapping := range append(m.kept, m.pristine) {
		mapping.drop()
	}
	m.kept, m.pristine = nil, nil
	return err
}

// keep takes a mapping that is no longer used, and says whether it did.
func (m *mapped) keep(one *mapping) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil || m.scanner == nil || len(m.kept) == keptMappings || !m.renew(one) {
		return false
	}
	m.kept = append(m.kept, one)
	return true
}

// renew makes a mapping as new, and says whether it could.
func (m *mapped) renew(one *mapping) bool {
	// What it grew by is dropped, so that it is nought again.
	page := uint64(os.Getpagesize())
	content := (m.size + page - 1) / page * page
	if one.size > content && unix.Madvise(one.all[content:], unix.MADV_DONTNEED) != nil {
		return false
	}
	pieces, ok := m.scanner.written(one.all[:content])
	if !ok {
		return false
	}
	for _, p := range pieces {
		copy(one.all[p.start:p.end], m.pristine.all[p.start:p.end])
	}
	one.size = m.size
	return true
}
