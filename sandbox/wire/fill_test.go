package wire_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// A filler gives every field of a value something to carry.
type filler struct {
	rng *rand.Rand
	// sparse leaves out fields now and then; else each has something.
	sparse bool
	// alone are the structs of whose pointers one is set; turn says which.
	alone map[reflect.Type]bool
	turn  int
}

func (f *filler) absent() bool { return f.sparse && f.rng.IntN(3) == 0 }

func (f *filler) fill(v reflect.Value) {
	if f.absent() {
		return
	}
	if v.CanInt() {
		v.SetInt(1 + f.rng.Int64N(100))
		return
	}
	if v.CanUint() {
		v.SetUint(1 + f.rng.Uint64N(100))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(f.rng.NormFloat64())
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.rng.IntN(1000)))
	case reflect.Slice:
		n := 2
		if f.sparse {
			n = f.rng.IntN(4)
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.element(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.element(key)
			f.element(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if m, ok := reflect.TypeAssert[proto.Message](v); ok {
			f.message(m)
			return
		}
		f.fill(v.Elem())
	case reflect.Struct:
		f.structure(v)
	default:
		panic("the test cannot fill " + v.Type().String())
	}
}

// element is never nil: lists of messages have none.
func (f *filler) element(v reflect.Value) {
	sparse := f.sparse
	f.sparse = sparse && v.Kind() == reflect.Struct
	f.fill(v)
	f.sparse = sparse
}

func (f *filler) structure(v reflect.Value) {
	switch v.Addr().Interface().(type) {
	case *time.Time:
		v.Set(reflect.ValueOf(time.Unix(f.rng.Int64N(1<<33), f.rng.Int64N(1e9)).UTC()))
		return
	case *slog.Attr:
		v.Set(reflect.ValueOf(f.attr(2)))
		return
	}
	pointers := 0
	for _, field := range v.Fields() {
		if field.Kind() == reflect.Pointer {
			pointers++
		}
	}
	f.turn++
	turn, nth := f.turn, 0
	for _, field := range v.Fields() {
		if f.alone[v.Type()] && field.Kind() == reflect.Pointer {
			if nth++; nth-1 != turn%pointers {
				continue
			}
			f.element(field)
			continue
		}
		f.fill(field)
	}
}

// message sets the fields of a message, of a oneof one, and not all of the messages in it, which may
// be in each other without end.
func (f *filler) message(m proto.Message) { f.fields(m.ProtoReflect(), 2) }

func (f *filler) fields(r protoreflect.Message, depth int) {
	fields := r.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if of := fd.ContainingOneof(); of != nil && !of.IsSynthetic() {
			continue
		}
		f.field(r, fd, depth)
	}
	oneofs := r.Descriptor().Oneofs()
	for i := range oneofs.Len() {
		if all := oneofs.Get(i).Fields(); !oneofs.Get(i).IsSynthetic() {
			f.field(r, all.Get(f.rng.IntN(all.Len())), depth)
		}
	}
}

func (f *filler) field(r protoreflect.Message, fd protoreflect.FieldDescriptor, depth int) {
	switch {
	case fd.IsMap():
		m, v := r.Mutable(fd).Map(), fd.MapValue()
		for range 1 + f.rng.IntN(2) {
			m.Set(f.scalar(fd.MapKey()).MapKey(), f.single(v, m.NewValue, depth))
		}
	case fd.IsList():
		l := r.Mutable(fd).List()
		for range 1 + f.rng.IntN(2) {
			l.Append(f.single(fd, l.NewElement, depth))
		}
	case fd.Message() == nil:
		r.Set(fd, f.scalar(fd))
	case depth > 0 && (!f.sparse || f.rng.IntN(2) == 0):
		f.fields(r.Mutable(fd).Message(), depth-1)
	}
}

// single is an element of a list or a map.
func (f *filler) single(fd protoreflect.FieldDescriptor, mk func() protoreflect.Value, depth int) protoreflect.Value {
	if fd.Message() == nil {
		return f.scalar(fd)
	}
	v := mk()
	if depth > 0 {
		f.fields(v.Message(), depth-1)
	}
	return v
}

func (f *filler) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(1 + f.rng.Int32N(100)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(f.rng.Int32() | 1)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(f.rng.Uint32() | 1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(f.rng.Int64() | 1)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(f.rng.Float32() + 1)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(f.rng.Float64() + 1)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprint("text ", f.rng.IntN(1000)))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{byte(f.rng.IntN(256))})
	default:
		panic("the test cannot fill a " + fd.Kind().String())
	}
}

func (f *filler) attr(depth int) slog.Attr {
	key := fmt.Sprint("key", f.rng.IntN(100))
	switch n := f.rng.Int64(); f.rng.IntN(9) {
	case 0:
		return slog.Int64(key, n)
	case 1:
		return slog.Uint64(key, uint64(n)<<1) //nolint:gosec // any number
	case 2:
		return slog.Float64(key, f.rng.NormFloat64())
	case 3:
		return slog.Bool(key, n%2 == 0)
	case 4:
		return slog.Duration(key, time.Duration(n))
	case 5:
		return slog.Time(key, time.Unix(n%(1<<33), 7).UTC())
	case 6:
		return slog.Any(key, log.Foreign{Text: fmt.Sprint("text ", n), JSON: fmt.Sprint(n)})
	case 7:
		if depth > 0 {
			return slog.Attr{Key: key, Value: slog.GroupValue(f.attr(depth-1), f.attr(depth-1))}
		}
	}
	return slog.String(key, fmt.Sprint("text ", f.rng.IntN(1000)))
}
