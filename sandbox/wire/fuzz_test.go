package wire_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/sandbox/wire"
)

func FuzzRequest(f *testing.F) {
	for seed := range uint64(10) {
		r := new(wire.Request)
		newFiller(seed, true).structure(reflect.ValueOf(r).Elem())
		fuzzed(f, r, wire.AppendRequest)
	}
	f.Fuzz(func(t *testing.T, b []byte) { again(t, b, wire.ParseRequest, wire.AppendRequest) })
}

func FuzzAnswer(f *testing.F) {
	for seed := range uint64(10) {
		a := new(wire.Answer)
		newFiller(seed, true).structure(reflect.ValueOf(a).Elem())
		fuzzed(f, a, wire.AppendAnswer)
	}
	f.Fuzz(func(t *testing.T, b []byte) { again(t, b, wire.ParseAnswer, wire.AppendAnswer) })
}

func fuzzed[T any](f *testing.F, v *T, write func([]byte, *T) ([]byte, error)) {
	f.Helper()
	b, err := write(nil, v)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
}

// again checks that what can be read can be written and read as the same again.
func again[T any](t *testing.T, b []byte, read func([]byte) (*T, error), write func([]byte, *T) ([]byte, error)) {
	t.Helper()
	before := bytes.Clone(b)
	v, err := read(b)
	if !bytes.Equal(b, before) {
		t.Fatal("reading has changed the bytes")
	}
	if err != nil {
		return
	}
	out, err := write(nil, v)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	w, err := read(out)
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	if diff := cmp.Diff(v, w, same); diff != "" {
		t.Error(diff)
	}
}
