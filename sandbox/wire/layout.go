package wire

import (
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"time"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// A kind says how a value crosses.
type kind uint8

const (
	boolean kind = iota + 1
	uint8s
	int32s
	uint32s
	int64s
	ints
	float32s
	float64s
	text
	utf8Text // of a message
	octets
	rest // octets of a message that are fields which nobody knows
	instant
	attribute // of a log
	structure // in place
	pointer   // to a structure
	slice
	pointers // a slice of them
	octetsByKey
	payloadByKey
	payloadsByKey
	byKey // any other map
	oneof // one of a message's
)

// A value is how one type crosses.
type value struct {
	kind kind
	typ  reflect.Type
	size uintptr
	// Where to look whether it is there, and how many bytes must not be zero; no bytes: it always is.
	probe, width uintptr
	layout       *layout   // of a structure, and of what a pointer points to
	elem         *value    // of a slice or a map
	utf8         bool      // the keys of a map are
	wrappers     []wrapper // of a oneof: what may be in it
}

// A wrapper is a structure that may be in a oneof.
type wrapper struct {
	*layout

	// mark is the first word of an interface in which a pointer to it is; the second one is the pointer.
	mark unsafe.Pointer
}

// A field of a structure.
type field struct {
	value

	name   string
	offset uintptr
}

// A layout is how the fields of a structure cross: first a mask that says which are not zero, then
// these, in order. Reflection makes it, once. What reads and writes by it then needs none: the
// tables that protobuf has for that cost a guest many calls of small functions, and calls are what is
// dear in WebAssembly.
type layout struct {
	typ     reflect.Type
	list    reflect.Type // of such structures
	size    uint64       // of one, in bytes
	fields  []field
	mask    int  // bytes
	message bool // or in one: its texts are UTF-8
	// opaque says that it cannot be laid out, and crosses as protobuf: a message that is built in another
	// way than those of today.
	opaque bool
}

// roots are the layouts of what crosses as a whole.
type roots struct {
	request, answer, description *layout
	made                         map[reflect.Type]*layout
}

//nolint:gochecknoglobals // made once for all, in a guest before its snapshot is taken.
var layouts = sync.OnceValue(func() *roots {
	r := &roots{made: make(map[reflect.Type]*layout)}
	r.request, r.answer = r.root(reflect.TypeFor[Request]()), r.root(reflect.TypeFor[Answer]())
	r.description = r.root(reflect.TypeFor[Description]())
	return r
})

// root is the layout of one of our own structures, all of which can be laid out.
func (r *roots) root(t reflect.Type) *layout {
	l, err := r.lay(t, false)
	if err != nil {
		panic(err) //nolint:forbidigo // a test says it first
	}
	return l
}

// most is how many fields a structure has at most: one bit each.
const most = 64

// lay makes the layout of a structure.
func (r *roots) lay(t reflect.Type, message bool) (*layout, error) {
	if l := r.made[t]; l != nil {
		return l, nil
	}
	l := &layout{typ: t, list: reflect.SliceOf(t), size: uint64(t.Size()), message: message}
	r.made[t] = l // before its fields, which may lead back to it
	err := r.fields(l)
	if err != nil && isMessage(reflect.PointerTo(t)) {
		l.fields, l.opaque, err = nil, true, nil
	}
	return l, err
}

func (r *roots) fields(l *layout) error {
	for f := range l.typ.Fields() {
		if l.message && (f.Name == "state" || f.Name == "sizeCache") { // of protobuf, made anew
			continue
		}
		v, err := r.of(f.Type, l)
		if err != nil {
			return fmt.Errorf("%v.%s: %w", l.typ, f.Name, err)
		}
		if v.kind == octets && l.message && f.Name == "unknownFields" {
			v.kind = rest
		}
		v.probe += f.Offset
		l.fields = append(l.fields, field{value: v, name: f.Name, offset: f.Offset})
	}
	if len(l.fields) > most {
		return fmt.Errorf("%v has more than %d fields", l.typ, most)
	}
	l.mask = (len(l.fields) + 7) / 8
	return nil
}

// make makes one.
func (l *layout) make() unsafe.Pointer {
	return reflect.MakeSlice(l.list, 1, 1).UnsafePointer() // is less work than reflect.New
}

func isMessage(t reflect.Type) bool { return t.Implements(reflect.TypeFor[proto.Message]()) }

// wordSize is that of pointers and lengths.
const wordSize = unsafe.Sizeof(uintptr(0))

// of says how a type crosses that is found in the structure.
func (r *roots) of(t reflect.Type, in *layout) (value, error) {
	v := value{typ: t, size: t.Size(), width: t.Size()}
	switch t {
	case reflect.TypeFor[time.Time]():
		v.kind, v.width = instant, 0
		return v, nil
	case reflect.TypeFor[slog.Attr]():
		v.kind, v.width = attribute, 0
		return v, nil
	case reflect.TypeFor[map[string][]byte]():
		v.kind = octetsByKey
		return v, nil
	case reflect.TypeFor[map[string]*commonpb.Payload](), reflect.TypeFor[map[string]*commonpb.Payloads]():
		v.kind = payloadByKey
		if t == reflect.TypeFor[map[string]*commonpb.Payloads]() {
			v.kind = payloadsByKey
		}
		elem, err := r.of(t.Elem(), in)
		v.elem = &elem
		return v, err
	}
	if k, ok := plain(t); ok {
		v.kind = k
		if k == text && in.message {
			v.kind = utf8Text
		}
		if k == text {
			v.probe, v.width = wordSize, wordSize // its length
		}
		return v, nil
	}
	return r.composed(v, in)
}

// plain are types that consist of nothing else.
func plain(t reflect.Type) (kind, bool) {
	switch t.Kind() { //nolint:exhaustive // others are composed, or cannot cross
	case reflect.Bool:
		return boolean, true
	case reflect.Uint8:
		return uint8s, true
	case reflect.Int32:
		return int32s, true
	case reflect.Uint32:
		return uint32s, true
	case reflect.Int64:
		return int64s, true
	case reflect.Int:
		return ints, true
	case reflect.Float32:
		return float32s, true
	case reflect.Float64:
		return float64s, true
	case reflect.String:
		return text, true
	}
	return 0, false
}

func (r *roots) composed(v value, in *layout) (value, error) {
	var err error
	switch v.typ.Kind() {
	case reflect.Struct:
		v.kind, v.width = structure, 0
		v.layout, err = r.lay(v.typ, false)
	case reflect.Pointer:
		if v.typ.Elem().Kind() != reflect.Struct { // such as an optional number of a message
			return v, fmt.Errorf("a %v cannot cross", v.typ)
		}
		v.kind = pointer
		v.layout, err = r.lay(v.typ.Elem(), isMessage(v.typ))
	case reflect.Slice:
		v.kind, v.width = slice, wordSize
		if v.typ.Elem().Kind() == reflect.Uint8 {
			v.kind = octets
			return v, nil
		}
		if v.typ.Elem().Kind() == reflect.Pointer {
			v.kind = pointers
		}
		err = r.consists(&v, in)
	case reflect.Map:
		v.kind, v.utf8 = byKey, in.message
		if v.typ.Key().Kind() != reflect.String {
			return v, fmt.Errorf("a map by %v", v.typ.Key())
		}
		err = r.consists(&v, in)
	case reflect.Interface:
		v.kind, v.width = oneof, wordSize
		err = r.oneof(&v, in)
	default:
		err = fmt.Errorf("a %v cannot cross", v.typ)
	}
	return v, err
}

func (r *roots) consists(v *value, in *layout) error {
	elem, err := r.of(v.typ.Elem(), in)
	v.elem = &elem
	return err
}

// oneof finds what may be in a oneof, which is what the message was generated with.
func (r *roots) oneof(v *value, in *layout) error {
	m, ok := reflect.TypeAssert[proto.Message](reflect.New(in.typ))
	if !ok {
		return fmt.Errorf("a %v cannot cross", v.typ)
	}
	info, ok := m.ProtoReflect().Type().(*protoimpl.MessageInfo)
	if !ok {
		return fmt.Errorf("a %v of a message of another kind", v.typ)
	}
	for _, w := range info.OneofWrappers {
		t := reflect.TypeOf(w)
		if !t.Implements(v.typ) {
			continue
		}
		l, err := r.lay(t.Elem(), true)
		if err != nil {
			return err
		}
		holder := reflect.New(v.typ)
		holder.Elem().Set(reflect.New(l.typ))
		v.wrappers = append(v.wrappers, wrapper{l, *(*unsafe.Pointer)(holder.UnsafePointer())})
	}
	return nil
}

// Layout is a number that differs where what crosses does: host and guest may be of the same
// [Version] and yet be built with different releases of the Temporal API.
func Layout() uint64 {
	h, seen := fnv.New64a(), make(map[*layout]bool)
	r := layouts()
	for _, l := range []*layout{r.request, r.answer, r.description} {
		l.tell(h, seen)
	}
	return h.Sum64()
}

func (l *layout) tell(w io.Writer, seen map[*layout]bool) {
	_, _ = fmt.Fprintln(w, l.typ, l.opaque) // a hash takes everything
	if seen[l] {
		return
	}
	seen[l] = true
	for i := range l.fields {
		_, _ = fmt.Fprintln(w, l.fields[i].name)
		l.fields[i].tell(w, seen)
	}
}

func (v *value) tell(w io.Writer, seen map[*layout]bool) {
	_, _ = fmt.Fprintln(w, v.kind)
	if v.layout != nil {
		v.layout.tell(w, seen)
	}
	if v.elem != nil {
		v.elem.tell(w, seen)
	}
	for _, x := range v.wrappers {
		x.tell(w, seen)
	}
}
