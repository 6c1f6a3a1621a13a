package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"
)

// ErrMalformed is what all errors of parsing are.
var ErrMalformed = errors.New("malformed")

// A codec writes values or reads them. After the first error it does nothing.
type codec struct {
	reading bool
	buf     []byte // what was written, or what is left to read
	owned   []byte // what is read, if it is ours, so that texts may lie in it
	depth   int    // of structures
	room    uint64 // how much memory may still be taken for what is read
	err     error
}

// small is up to which size what is read is copied once and not piece by piece, in bytes. Any
// piece then keeps all of it.
const small = 2 << 10

func reader(b []byte) *codec {
	if len(b) > small {
		return &codec{reading: true, buf: b, room: largest}
	}
	own := append([]byte{}, b...)
	return &codec{reading: true, buf: own, owned: own, room: largest}
}

// largest is how much memory what is read may take beside its texts and bytes, in bytes. What is empty
// crosses in one byte and takes a hundred, and no server takes as many messages as fit in here.
const largest = 256 << 20

// spend takes memory, and says whether there is room for it.
func (c *codec) spend(n uint64) bool {
	if n > c.room {
		c.malformed("it takes too much memory")
		return false
	}
	c.room -= n
	return true
}

func (c *codec) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.buf = nil
}

func (c *codec) malformed(what string) { c.fail(fmt.Errorf("%w: %s", ErrMalformed, what)) }

// uvarint writes v, or reads what it returns.
func (c *codec) uvarint(v uint64) uint64 {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, v)
		return v
	}
	if len(c.buf) > 0 && c.buf[0] < 0x80 { // as most are
		v = uint64(c.buf[0])
		c.buf = c.buf[1:]
		return v
	}
	v, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.malformed("a number is cut short or too large")
		return 0
	}
	c.buf = c.buf[n:]
	return v
}

// integer is a field of a type of integer with a sign.
func integer[T ~int | ~int32 | ~int64](c *codec, p *T) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, int64(*p))
		return
	}
	v, n := binary.Varint(c.buf)
	if n <= 0 || int64(T(v)) != v {
		c.malformed("a number is cut short or too large")
		return
	}
	c.buf = c.buf[n:]
	*p = T(v)
}

func (c *codec) boolean(p *bool) {
	if !c.reading {
		b := byte(0)
		if *p {
			b = 1
		}
		c.buf = append(c.buf, b)
		return
	}
	if len(c.buf) == 0 || c.buf[0] > 1 {
		c.malformed("neither true nor false")
		return
	}
	*p = c.buf[0] == 1
	c.buf = c.buf[1:]
}

func (c *codec) float(p *float64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, math.Float64bits(*p))
		return
	}
	if len(c.buf) < 8 {
		c.malformed("a number is cut short")
		return
	}
	*p = math.Float64frombits(binary.LittleEndian.Uint64(c.buf))
	c.buf = c.buf[8:]
}

// take returns the next n bytes that are read.
func (c *codec) take(n uint64) []byte {
	if n > uint64(len(c.buf)) {
		c.malformed("it ends too early")
		return nil
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b
}

func (c *codec) text(p *string) {
	if !c.reading {
		c.writeText(*p)
		return
	}
	*p = c.readText()
}

// instant is a time without its zone. The zero time stays it.
func (c *codec) instant(p *time.Time) {
	seconds, nanos := p.Unix(), int32(p.Nanosecond()) //nolint:gosec // below a billion
	integer(c, &seconds)
	integer(c, &nanos)
	if !c.reading {
		return
	}
	if nanos < 0 || nanos >= int32(time.Second) {
		c.malformed("no time")
		return
	}
	*p = time.Unix(seconds, int64(nanos)).UTC()
}

// list is a slice. What is wrong with an element shows in c.
func list[T any](c *codec, p *[]T, element func(*codec, *T)) {
	n := uint64(0)
	if *p != nil {
		n = uint64(len(*p)) + 1
	}
	n = c.uvarint(n)
	if !c.reading {
		for i := range *p {
			element(c, &(*p)[i])
		}
		return
	}
	*p = nil
	if n == 0 || c.err != nil {
		return
	}
	n--
	if n > uint64(len(c.buf)) { // each element has a byte at least
		c.malformed("a list is longer than what there is")
		return
	}
	var e T
	if !c.spend(n * uint64(unsafe.Sizeof(e))) {
		return
	}
	all := make([]T, 0, min(n, 64)) // what is not there yet is not believed
	for range n {
		var e T
		if element(c, &e); c.err != nil {
			return
		}
		all = append(all, e)
	}
	*p = all
}
