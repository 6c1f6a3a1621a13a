package wasm

import (
	"errors"
	"fmt"
)

var (
	errEnds    = errors.New("ends in the middle")
	errTooLong = errors.New("a number is too long")
)

// reader walks over bytes. After an error it stays where it is, and every call returns
// nought: who reads looks at err once, at the end of what belongs together.
type reader struct {
	b   []byte
	at  int // where in b the next byte is
	off int // where in the file b begins
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d: %w", r.off+r.at, err)
	}
}

func (r *reader) left() int { return len(r.b) - r.at }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.left() == 0 {
		r.fail(errEnds)
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

// bytes returns the next n, which are not copied.
func (r *reader) bytes(n uint32) []byte {
	if r.err != nil {
		return nil
	}
	if uint64(n) > uint64(r.left()) {
		r.fail(errEnds)
		return nil
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at : r.at]
}

// u32 reads an unsigned number.
func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.fail(errTooLong)
	return 0
}

// s64 reads a signed number of at most the bits.
func (r *reader) s64(bits int) int64 {
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.fail(errTooLong)
	return 0
}

// count reads how many entries follow. Each takes at least a byte, so that a count that lies
// is found before anything is made for it.
func (r *reader) count() int {
	n := r.u32()
	if r.err == nil && uint64(n) > uint64(r.left()) {
		r.fail(fmt.Errorf("%d entries cannot fit into %d bytes", n, r.left()))
		return 0
	}
	return int(n)
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

// done says whether all was read, and read well.
func (r *reader) done() error {
	if r.err == nil && r.left() > 0 {
		r.fail(fmt.Errorf("%d bytes too many", r.left()))
	}
	return r.err
}

func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, name string) []byte {
	return append(appendU32(b, uint32(len(name))), name...)
}
