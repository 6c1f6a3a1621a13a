package activity_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func define(t testing.TB, a any) *activity.Definition {
	t.Helper()
	r := activity.NewRegistry()
	if err := r.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	d, err := r.Lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func encode(t testing.TB, values ...any) *commonpb.Payloads {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type point struct{ X, Y int }

func TestCallRun(t *testing.T) {
	ctx := t.Context()
	tests := map[string]struct {
		a     any
		input *commonpb.Payloads
		want  *commonpb.Payloads
	}{
		"values": {
			func(_ context.Context, a int, p *point, s []string) (string, error) {
				return strings.Repeat(s[0], a*p.Y), nil
			},
			encode(t, 2, point{1, 3}, []string{"x"}), encode(t, "xxxxxx"),
		},
		"no context":           {func(a int) (int, error) { return -a, nil }, encode(t, 2), encode(t, -2)},
		"no input, no result":  {func() error { return nil }, nil, nil},
		"missing input":        {func(a int, p *point) (bool, error) { return p == nil && a == 4, nil }, encode(t, 4), encode(t, true)},
		"no input at all":      {func(a int, s string) (bool, error) { return a == 0 && s == "", nil }, nil, encode(t, true)},
		"surplus input":        {func(a int) (int, error) { return a, nil }, encode(t, 1, 2, 3), encode(t, 1)},
		"surplus, no params":   {func() (int, error) { return 9, nil }, encode(t, 1), encode(t, 9)},
		"nil pointer result":   {func() (*point, error) { return nil, nil }, nil, nil},
		"nil interface result": {func() (any, error) { return nil, nil }, nil, nil},
		"nil slice result":     {func() ([]int, error) { return nil, nil }, nil, encode(t, []int(nil))},
		"any parameter":        {func(v any) (any, error) { return v, nil }, encode(t, "s"), encode(t, "s")},
		"nil any":              {func(v any) (bool, error) { return v == nil, nil }, encode(t, nil), encode(t, true)},
		"typed nil error":      {func() *activity.NotRegisteredError { return nil }, nil, nil},
		"raw value": {
			func(v converter.RawValue) (converter.RawValue, error) { return v, nil },
			encode(t, 3), encode(t, 3),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			call := &activity.Call{Input: test.input, Definition: define(t, test.a)}
			got, err := call.Run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(data(got), data(test.want)) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func data(p *commonpb.Payloads) []string {
	var all []string
	for _, one := range p.GetPayloads() {
		all = append(all, string(one.GetMetadata()["encoding"])+":"+string(one.GetData()))
	}
	return all
}

func TestCallErrors(t *testing.T) {
	plain := errors.New("plain")
	tests := map[string]struct {
		a     any
		input *commonpb.Payloads
		want  string
		is    func(error) bool
	}{
		"returned, with result": {func() (int, error) { return 1, plain }, nil, "plain", func(err error) bool { return err == plain }}, //nolint:errorlint // passed through
		"concrete error":        {func() *activity.NotRegisteredError { return &activity.NotRegisteredError{} }, nil, "unable to find", nil},
		"undecodable": {
			func(int) error { return nil }, encode(t, "text"),
			"for function name: func", func(err error) bool { return errors.Is(err, converter.ErrUnableToDecode) },
		},
		"unencodable": {
			func() (any, error) { return make(chan int), nil }, nil,
			"unable to encode the result of activity func", func(err error) bool { return errors.Is(err, converter.ErrUnableToEncode) },
		},
		"panic":           {func() error { panic("boom") }, nil, "boom", temporal.IsPanicError},
		"panic of an err": {func() error { panic(plain) }, nil, "plain", temporal.IsPanicError},
		"panic of nil":    {func() error { panic(nil) }, nil, "panic called with nil", temporal.IsPanicError}, //nolint:govet // the mistake under test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			call := &activity.Call{Input: test.input, Definition: define(t, test.a)}
			result, err := call.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || (test.is != nil && !test.is(err)) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if result != nil {
				t.Errorf("got result %v beside the error", result)
			}
		})
	}
	if _, err := (&activity.Call{}).Run(t.Context()); err == nil {
		t.Error("a call without definition ran")
	}
}

func TestPanicCarriesTheStack(t *testing.T) {
	call := &activity.Call{Definition: define(t, func() error { panicDeepDown(); return nil })}
	_, err := call.Run(t.Context())
	var p *temporal.PanicError
	if !errors.As(err, &p) || !strings.Contains(p.StackTrace(), "panicDeepDown") {
		t.Errorf("got %v", err)
	}
}

func panicDeepDown() { panic("deep") }

// strictConverter refuses to decode into more values than there are.
type strictConverter struct{ converter.DataConverter }

func (s strictConverter) FromPayloads(p *commonpb.Payloads, pointers ...any) error {
	if len(pointers) > len(p.GetPayloads()) {
		return errors.New("too many values")
	}
	return s.DataConverter.FromPayloads(p, pointers...)
}

func TestMissingInputIsZeroForAnyConverter(t *testing.T) {
	d := define(t, func(int, string) error { return nil })
	dc := strictConverter{converter.GetDefaultDataConverter()}
	for n, input := range []*commonpb.Payloads{nil, encode(t, 5), encode(t, 5, "x")} {
		args, err := d.Decode(dc, input)
		if err != nil || len(args) != 2 || (args[0] == 0) != (n == 0) || (args[1] == "") != (n < 2) {
			t.Errorf("%d payloads: got %#v, %v", n, args, err)
		}
	}
}

func TestInvokeChecksArguments(t *testing.T) {
	d := define(t, func(_ context.Context, n int, p *point) (int, error) { return n, nil })
	if d.NumArgs() != 2 {
		t.Errorf("NumArgs is %d, want 2", d.NumArgs())
	}
	tests := map[string]struct {
		args []any
		want string
	}{
		"fits":          {[]any{1, &point{}}, ""},
		"nil":           {[]any{1, nil}, ""},
		"nil for value": {[]any{nil, nil}, ""},
		"too few":       {[]any{1}, "takes 2 arguments and was given 1"},
		"too many":      {[]any{1, nil, 3}, "takes 2 arguments and was given 3"},
		"wrong type":    {[]any{"x", nil}, "takes a int as argument 1 and was given a string"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.Invoke(t.Context(), test.args)
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDynamicCallGetsTheInputAsItIs(t *testing.T) {
	r := activity.NewRegistry()
	act := func(_ context.Context, args converter.EncodedValues) (int, error) {
		var a, b int
		if !args.HasValues() {
			return 0, args.Get(&a)
		}
		err := args.Get(&a, &b)
		return a + b, err
	}
	if err := r.RegisterDynamicActivity(act, activity.DynamicRegisterOptions{}); err != nil {
		t.Fatal(err)
	}
	d, err := r.Lookup("x")
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&activity.Call{Input: encode(t, 3, 4), Definition: d}).Run(t.Context())
	if err != nil || string(got.GetPayloads()[0].GetData()) != "7" {
		t.Errorf("got %v, %v, want 7", got, err)
	}
	if _, err = (&activity.Call{Definition: d}).Run(t.Context()); !errors.Is(err, temporal.ErrNoData) {
		t.Errorf("got %v, want ErrNoData", err)
	}
}

// FuzzDecode feeds payloads of any shape to functions of several shapes: each call must return
// a result or an error, and never a PanicError.
func FuzzDecode(f *testing.F) {
	f.Add("json/plain", []byte(`{"X":1}`), 2)
	f.Add("binary/null", []byte(nil), 1)
	f.Add("binary/plain", []byte("x"), 3)
	f.Add("json/protobuf", []byte("{"), 1)
	f.Add("", []byte("?"), 0)
	definitions := []*activity.Definition{
		define(f, func(a int, p *point) (any, error) { return []any{a, p}, nil }),
		define(f, func(p point, v any, b []byte) (any, error) { return []any{p, v, b}, nil }),
		define(f, func(m map[string]any, s []string) (any, error) { return []any{m, s}, nil }),
		define(f, func(r converter.RawValue) (any, error) { return r, nil }),
		define(f, func(p *commonpb.Payload) (any, error) { return p, nil }),
	}
	f.Fuzz(func(t *testing.T, encoding string, raw []byte, n int) {
		input := &commonpb.Payloads{}
		for range min(max(n, 0), 4) {
			input.Payloads = append(input.Payloads, &commonpb.Payload{
				Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: raw,
			})
		}
		input.Payloads = append(input.Payloads, nil)
		for _, d := range definitions {
			before := bytes.Clone(raw)
			_, err := (&activity.Call{Input: input, Definition: d}).Run(t.Context())
			if temporal.IsPanicError(err) {
				t.Errorf("panic: %v", err)
			}
			if !bytes.Equal(before, raw) {
				t.Error("decoding changed the input")
			}
		}
	})
}

func BenchmarkCallRun(b *testing.B) {
	call := &activity.Call{
		Definition: define(b, func(_ context.Context, p point) (point, error) { return p, nil }),
		Input:      encode(b, point{1, 2}),
	}
	b.ReportAllocs()
	for b.Loop() {
		if result, err := call.Run(b.Context()); err != nil || len(result.GetPayloads()) != 1 {
			b.Fatal(result, err)
		}
	}
}
