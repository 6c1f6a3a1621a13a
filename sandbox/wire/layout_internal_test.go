package wire

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

func TestAllMessagesAreLaidOut(t *testing.T) {
	messages := 0
	for typ, l := range layouts().made {
		if l.opaque {
			t.Errorf("%v crosses as protobuf: %v", typ, (&roots{made: map[reflect.Type]*layout{}}).fields(&layout{typ: typ, message: true}))
		}
		if isMessage(reflect.PointerTo(typ)) {
			messages++
		}
	}
	if messages < 80 {
		t.Errorf("only %d messages", messages)
	}
}

// odd is a message that is built in a way that is not known.
type odd struct {
	commonpb.Payload

	Presence [1]uint32
}

// optional is a message with a number that may be missing, of which there is none today.
type optional struct {
	commonpb.Payload

	Number *int32
}

func TestOptionalNumbersCrossAsProtobuf(t *testing.T) {
	r := &roots{made: make(map[reflect.Type]*layout)}
	l, err := r.lay(reflect.TypeFor[optional](), true)
	if err != nil || !l.opaque {
		t.Fatalf("got %+v, %v", l, err)
	}
}

func TestWhatCannotBeLaidOutCrossesAsProtobuf(t *testing.T) {
	r := &roots{made: make(map[reflect.Type]*layout)}
	l, err := r.lay(reflect.TypeFor[odd](), true)
	if err != nil || !l.opaque {
		t.Fatalf("got %+v, %v", l, err)
	}
	want := new(odd)
	want.Data = []byte("data")
	c := new(codec)
	if c.write(l, unsafe.Pointer(want)); c.err != nil {
		t.Fatal(c.err)
	}
	c, got := reader(c.buf), new(odd)
	if c.read(l, unsafe.Pointer(got)); c.err != nil {
		t.Fatal(c.err)
	}
	if !proto.Equal(want, got) {
		t.Errorf("got %v", got)
	}
	if c.read(l, unsafe.Pointer(got)); !errors.Is(c.err, ErrMalformed) {
		t.Errorf("there was no more, and yet %v", c.err)
	}
}

func TestOursMustBeLaidOut(t *testing.T) {
	r := &roots{made: make(map[reflect.Type]*layout)}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct{ C chan int }](), reflect.TypeFor[struct{ I any }](), reflect.TypeFor[struct{ M map[int]int }](),
		reflect.TypeFor[struct{ P *int }](),
	} {
		if _, err := r.lay(typ, false); err == nil {
			t.Errorf("%v was laid out", typ)
		}
	}
}

func TestWhatIsTooDeepIsRefused(t *testing.T) {
	f := new(failurepb.Failure)
	for range deepest {
		f = &failurepb.Failure{Cause: f}
	}
	a := &Answer{Completion: &runner.Completion{Failure: &runner.TaskFailure{Failure: f}}}
	if _, err := AppendAnswer(nil, a); !errors.Is(err, errDeep) {
		t.Errorf("it was written: %v", err)
	}
	c := &codec{depth: -2 * deepest}
	if c.write(layouts().answer, unsafe.Pointer(a)); c.err != nil {
		t.Fatal(c.err)
	}
	if _, err := ParseAnswer(c.buf); !errors.Is(err, ErrMalformed) {
		t.Errorf("it was read: %v", err)
	}
}

// Empty messages, texts and attributes cross in a byte or few, and take a hundred.
func TestWhatTakesTooMuchMemoryIsRefused(t *testing.T) {
	const n = 20 << 20
	list := func(before ...byte) []byte { return append(binary.AppendUvarint(before, n), make([]byte, 4*n)...) }
	for name, b := range map[string][]byte{
		"messages":   list(1<<1, 1<<0, 0),
		"texts":      list(1<<1, 1<<4, 0),
		"attributes": list(1<<2, 1, 1<<0, 1<<2),
	} {
		if _, err := ParseAnswer(b); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), "too much memory") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
