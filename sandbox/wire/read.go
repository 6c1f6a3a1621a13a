package wire

import (
	"encoding/binary"
	"log/slog"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"time"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// read reads a structure to p, where everything is zero.
func (c *codec) read(l *layout, p unsafe.Pointer) {
	if l.opaque {
		c.readMessage(l, p)
		return
	}
	if c.depth++; c.depth > deepest {
		c.malformed(errDeep.Error())
	}
	mask := uint64(0)
	for i, b := range c.take(uint64(l.mask)) {
		mask |= uint64(b) << (8 * i)
	}
	if bits.Len64(mask) > len(l.fields) {
		c.malformed("a field that is not known")
	}
	for ; mask != 0 && c.err == nil; mask &= mask - 1 {
		f := &l.fields[bits.TrailingZeros64(mask)]
		if at := unsafe.Add(p, f.offset); f.kind == boolean {
			*(*bool)(at) = true
		} else {
			c.readValue(&f.value, at)
		}
	}
	c.depth--
}

// readValue reads to p.
func (c *codec) readValue(v *value, p unsafe.Pointer) {
	switch v.kind {
	case boolean:
		c.boolean((*bool)(p))
	case uint8s:
		if b := c.take(1); len(b) == 1 {
			*(*uint8)(p) = b[0]
		}
	case int32s:
		integer(c, (*int32)(p))
	case uint32s:
		n := c.uvarint(0)
		if n > math.MaxUint32 {
			c.malformed("a number is too large")
		}
		*(*uint32)(p) = uint32(n)
	case int64s:
		integer(c, (*int64)(p))
	case ints:
		integer(c, (*int)(p))
	case float32s:
		if b := c.take(4); len(b) == 4 {
			*(*float32)(p) = math.Float32frombits(binary.LittleEndian.Uint32(b))
		}
	case float64s:
		c.float((*float64)(p))
	case utf8Text:
		*(*string)(p) = c.readText()
		c.valid(*(*string)(p))
	case text:
		*(*string)(p) = c.readText()
	case octets:
		*(*[]byte)(p) = c.readOctets()
	case rest:
		*(*[]byte)(p) = c.readRest()
	case instant:
		c.instant((*time.Time)(p))
	case attribute:
		attr(c, (*slog.Attr)(p), log.DeepestGroup)
	case structure:
		c.read(v.layout, p)
	case pointer:
		*(*unsafe.Pointer)(p) = c.readPointed(v.layout)
	default:
		c.readMany(v, p)
	}
}

func (c *codec) readPointed(l *layout) unsafe.Pointer {
	if !c.spend(l.size) {
		return nil
	}
	p := l.make()
	c.read(l, p)
	return p
}

// readMany reads what consists of others.
func (c *codec) readMany(v *value, p unsafe.Pointer) {
	n := c.readCount()
	if v.kind == oneof {
		c.readOneof(v, n, p)
		return
	}
	if n > len(c.buf) { // each has a byte at least
		c.malformed("a list is longer than what there is")
	}
	each := uint64(5 * wordSize) // of a map
	if v.kind == slice || v.kind == pointers {
		each = uint64(v.elem.size)
	}
	if c.err != nil || !c.spend(uint64(n)*each) {
		return
	}
	switch v.kind { //nolint:exhaustive // the others are single ones
	case slice:
		c.readSlice(v, n, p)
	case pointers:
		list := make([]unsafe.Pointer, 0, min(n, believed))
		for ; n > 0 && c.err == nil; n-- {
			list = append(list, c.readPointed(v.elem.layout))
		}
		*(*[]unsafe.Pointer)(p) = list
	case octetsByKey:
		m := make(map[string][]byte, min(n, believed))
		for range n {
			k := c.readKey()
			m[k] = c.readOctets()
		}
		*(*map[string][]byte)(p) = m
	case payloadByKey:
		*(*map[string]*commonpb.Payload)(p) = readMap[commonpb.Payload](c, v, n)
	case payloadsByKey:
		*(*map[string]*commonpb.Payloads)(p) = readMap[commonpb.Payloads](c, v, n)
	case byKey:
		m := reflect.MakeMap(v.typ)
		for range n {
			text := c.readText()
			if v.utf8 {
				c.valid(text)
			}
			k, e := reflect.ValueOf(text).Convert(v.typ.Key()), reflect.New(v.elem.typ)
			if c.readValue(v.elem, e.UnsafePointer()); c.err != nil {
				return
			}
			m.SetMapIndex(k, e.Elem())
		}
		reflect.NewAt(v.typ, p).Elem().Set(m)
	}
}

// believed is how many elements are made room for before they are seen.
const believed = 64

func readMap[T any](c *codec, v *value, n int) map[string]*T {
	m := make(map[string]*T, min(n, believed))
	for range n {
		k := c.readKey()
		if c.err != nil {
			return nil
		}
		m[k] = (*T)(c.readPointed(v.elem.layout))
	}
	return m
}

func (c *codec) readSlice(v *value, n int, p unsafe.Pointer) {
	list := (*[]struct{})(p) // of anything: its length and its place are where those of all are
	for done := 0; ; {
		room := min(n, max(believed, 2*done))
		grown := reflect.MakeSlice(v.typ, room, room)
		if done > 0 {
			reflect.Copy(grown, reflect.NewAt(v.typ, p).Elem())
		}
		at := grown.UnsafePointer()
		*list = unsafe.Slice((*struct{})(at), room)
		for ; done < room; done++ {
			if c.readValue(v.elem, unsafe.Add(at, uintptr(done)*v.elem.size)); c.err != nil {
				return
			}
		}
		if done == n {
			return
		}
	}
}

func (c *codec) readOneof(v *value, n int, p unsafe.Pointer) {
	if c.err == nil && n >= len(v.wrappers) {
		c.malformed("a message has a part of an unknown kind")
	}
	if c.err != nil {
		return
	}
	w := &v.wrappers[n]
	*(*[2]unsafe.Pointer)(p) = [2]unsafe.Pointer{w.mark, c.readPointed(w.layout)}
}

func (c *codec) readCount() int {
	n := c.uvarint(0)
	if n > math.MaxInt32 {
		c.malformed("a number is too large")
		return 0
	}
	return int(n)
}

func (c *codec) readText() string {
	b := c.take(c.uvarint(0))
	if len(c.owned) > 0 {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	return string(b)
}

func (c *codec) readKey() string {
	k := c.readText()
	c.valid(k)
	return k
}

func (c *codec) readOctets() []byte {
	b := c.take(c.uvarint(0))
	if len(c.owned) > 0 {
		return slices.Clip(b)
	}
	return append([]byte{}, b...)
}

// readRest reads fields that nobody knows, which protobuf takes for well formed from then on.
func (c *codec) readRest() []byte {
	all := c.readOctets()
	for left := all; len(left) > 0; {
		_, _, n := protowire.ConsumeField(left)
		if n < 0 {
			c.malformed(protowire.ParseError(n).Error())
			return nil
		}
		left = left[n:]
	}
	return all
}

func (c *codec) readMessage(l *layout, p unsafe.Pointer) {
	m, _ := reflect.TypeAssert[proto.Message](reflect.NewAt(l.typ, p)) // as lay has seen
	if err := proto.Unmarshal(c.take(c.uvarint(0)), m); err != nil {
		c.malformed(err.Error())
	}
}
