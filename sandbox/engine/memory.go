package engine

import "slices"

// memory is the linear memory of one instance.
type memory interface {
	// bytes is all of it. It is good until the memory grows or is freed.
	bytes() []byte
	// grow makes it that large, and says whether it could. What is new is nought.
	grow(size uint64) bool
	free()
}

// image is what memories begin with.
type image interface {
	// open makes a memory.
	open() (memory, error)
	close() error
}

// heap is a memory that is copied: it works on every system.
type heap struct {
	limit uint64
	b     []byte
}

func (h *heap) bytes() []byte { return h.b }

func (h *heap) grow(size uint64) bool {
	if size > h.limit {
		return false
	}
	h.b = slices.Grow(h.b, int(size)-len(h.b))
	from := len(h.b)
	h.b = h.b[:size]
	clear(h.b[from:])
	return true
}

func (h *heap) free() { h.b = nil }

// copied is an image of which each memory is a copy.
type copied struct {
	limit   uint64
	content []byte
}

func (c copied) open() (memory, error) {
	return &heap{limit: c.limit, b: slices.Clone(c.content)}, nil
}

func (copied) close() error { return nil }

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
