package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// deepest is how many structures may lie in each other, as for protobuf.
const deepest = 10_000

var errDeep = errors.New("too many messages lie in each other")

// there reports whether a field of the structure at p has anything that must cross.
func (f *field) there(p unsafe.Pointer) bool {
	switch at := unsafe.Add(p, f.probe); f.width {
	case 8:
		return *(*uint64)(at) != 0
	case 4:
		return *(*uint32)(at) != 0
	case 1:
		return *(*uint8)(at) != 0
	default:
		return true
	}
}

// write writes the structure at p.
func (c *codec) write(l *layout, p unsafe.Pointer) {
	if l.opaque {
		c.writeMessage(l, p)
		return
	}
	if c.depth++; c.depth > deepest {
		c.fail(errDeep)
	}
	at, mask := len(c.buf), uint64(0)
	c.buf = append(c.buf, make([]byte, l.mask)...)
	for i := range l.fields {
		f := &l.fields[i]
		if !f.there(p) {
			continue
		}
		mask |= 1 << i
		if f.kind != boolean {
			c.writeValue(&f.value, unsafe.Add(p, f.offset))
		}
	}
	c.depth--
	if c.err != nil {
		return
	}
	for i := range l.mask {
		c.buf[at+i] = byte(mask >> (8 * i))
	}
}

// writeValue writes what is at p.
func (c *codec) writeValue(v *value, p unsafe.Pointer) {
	switch v.kind {
	case boolean:
		c.boolean((*bool)(p))
	case uint8s:
		c.buf = append(c.buf, *(*uint8)(p))
	case int32s:
		c.buf = binary.AppendVarint(c.buf, int64(*(*int32)(p)))
	case uint32s:
		c.buf = binary.AppendUvarint(c.buf, uint64(*(*uint32)(p)))
	case int64s:
		c.buf = binary.AppendVarint(c.buf, *(*int64)(p))
	case ints:
		c.buf = binary.AppendVarint(c.buf, int64(*(*int)(p)))
	case float32s:
		c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*(*float32)(p)))
	case float64s:
		c.float((*float64)(p))
	case utf8Text:
		c.valid(*(*string)(p))
		c.writeText(*(*string)(p))
	case text:
		c.writeText(*(*string)(p))
	case octets, rest:
		c.writeOctets(*(*[]byte)(p))
	case instant:
		c.instant((*time.Time)(p))
	case attribute:
		attr(c, (*slog.Attr)(p), log.DeepestGroup)
	case structure:
		c.write(v.layout, p)
	case pointer:
		c.writePointed(v.layout, *(*unsafe.Pointer)(p))
	default:
		c.writeMany(v, p)
	}
}

// writePointed writes a structure, one without anything if there is none: in lists and maps of
// messages none is what is empty.
func (c *codec) writePointed(l *layout, p unsafe.Pointer) {
	if p == nil {
		p = l.make()
	}
	c.write(l, p)
}

// writeMany writes what consists of others.
func (c *codec) writeMany(v *value, p unsafe.Pointer) {
	switch v.kind { //nolint:exhaustive // the others are single ones
	case slice:
		s := (*[]struct{})(p) // of anything: its length and its place are where those of all are
		at := unsafe.Pointer(unsafe.SliceData(*s))
		c.count(len(*s))
		for i := range len(*s) {
			c.writeValue(v.elem, unsafe.Add(at, uintptr(i)*v.elem.size))
		}
	case pointers:
		s := *(*[]unsafe.Pointer)(p)
		c.count(len(s))
		for _, x := range s {
			c.writePointed(v.elem.layout, x)
		}
	case octetsByKey:
		m := *(*map[string][]byte)(p)
		c.count(len(m))
		for k, b := range m {
			c.valid(k)
			c.writeText(k)
			c.writeOctets(b)
		}
	case payloadByKey:
		writeMap(c, v, *(*map[string]*commonpb.Payload)(p))
	case payloadsByKey:
		writeMap(c, v, *(*map[string]*commonpb.Payloads)(p))
	case byKey:
		m := reflect.NewAt(v.typ, p).Elem()
		c.count(m.Len())
		for i := m.MapRange(); i.Next(); {
			if v.utf8 {
				c.valid(i.Key().String())
			}
			c.writeText(i.Key().String())
			e := reflect.New(v.elem.typ)
			e.Elem().Set(i.Value())
			c.writeValue(v.elem, e.UnsafePointer())
		}
	case oneof:
		c.writeOneof(v, p)
	}
}

func writeMap[T any](c *codec, v *value, m map[string]*T) {
	c.count(len(m))
	for k, x := range m {
		c.valid(k)
		c.writeText(k)
		c.writePointed(v.elem.layout, unsafe.Pointer(x))
	}
}

func (c *codec) writeOneof(v *value, p unsafe.Pointer) {
	words := *(*[2]unsafe.Pointer)(p) // of an interface
	for i := range v.wrappers {
		if v.wrappers[i].mark == words[0] {
			c.count(i)
			c.writePointed(v.wrappers[i].layout, words[1])
			return
		}
	}
	c.fail(fmt.Errorf("a %v cannot cross", reflect.NewAt(v.typ, p).Elem().Elem().Type()))
}

func (c *codec) count(n int) {
	c.buf = binary.AppendUvarint(c.buf, uint64(n)) //nolint:gosec // a length is not negative
}

func (c *codec) writeText(s string) {
	c.count(len(s))
	c.buf = append(c.buf, s...)
}

func (c *codec) writeOctets(b []byte) {
	c.count(len(b))
	c.buf = append(c.buf, b...)
}

// valid fails for what protobuf refuses as text.
func (c *codec) valid(s string) {
	if !utf8.ValidString(s) {
		c.fail(fmt.Errorf("%w: a text of a message is not UTF-8", ErrMalformed))
	}
}

func (c *codec) writeMessage(l *layout, p unsafe.Pointer) {
	m, _ := reflect.TypeAssert[proto.Message](reflect.NewAt(l.typ, p)) // as lay has seen
	b, err := proto.Marshal(m)
	if err != nil {
		c.fail(err)
		return
	}
	c.writeOctets(b)
}
