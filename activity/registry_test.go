package activity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func Plain(context.Context, int) (string, error) { return "plain", nil }
func Other(context.Context) error                { return nil }

func Generic[T any](context.Context, T) error { return nil }

// Acts has both kinds of receivers, which go by different names at run time.
//
//nolint:recvcheck // that is what is tested
type Acts struct{ prefix string }

func (a *Acts) Resize(_ context.Context, n int) (string, error) {
	return fmt.Sprint(a.prefix, n), nil
}
func (a *Acts) Delete() error       { return nil }
func (a *Acts) hidden() error       { return nil } //nolint:unused // must not be registered
func (Acts) ByValue() (bool, error) { return true, nil }

//nolint:recvcheck // as Acts
type MoreActs struct{}

func (*MoreActs) Resize(context.Context) error { return nil }
func (MoreActs) ByValue() error                { return nil }

type Embeds struct{ *Acts }

type Mixed struct{}

func (*Mixed) Good() error         { return nil }
func (*Mixed) NoResults()          {}
func (*Mixed) Many(...int) error   { return nil }
func (*Mixed) notExported() string { return "" } //nolint:unused // must not be registered

type NoneGood struct{}

func (*NoneGood) Bad() {}

func dynamic(context.Context, converter.EncodedValues) (string, error) { return "dynamic", nil }

type ownContext interface{ context.Context }

func TestRegisterRefuses(t *testing.T) {
	valid := activity.RegisterOptions{}
	tests := map[string]struct {
		a       any
		options activity.RegisterOptions
		want    string
	}{
		"nil":                   {nil, valid, "nil is no activity"},
		"nil func":              {(func() error)(nil), valid, "is nil: pass a function"},
		"string":                {"Plain", valid, "string is no function"},
		"struct value":          {Acts{}, valid, "pass a function or a pointer to a struct"},
		"no result":             {func() {}, valid, "return error or (T, error)"},
		"three results":         {func() (int, int, error) { return 0, 0, nil }, valid, "has 3 results"},
		"no error":              {func() int { return 0 }, valid, "returns a int last"},
		"error first":           {func() (error, int) { return nil, 0 }, valid, "returns a int last"}, //nolint:staticcheck // the mistake under test
		"channel result":        {func() (chan int, error) { return nil, nil }, valid, "returns a chan int"},
		"func result":           {func() (func(), error) { return nil, nil }, valid, "returns a func()"},
		"variadic":              {func(...int) error { return nil }, valid, "take a slice instead"},
		"late context":          {func(int, context.Context) error { return nil }, valid, "as parameter 2"},
		"own context":           {func(ownContext) error { return nil }, valid, "take a context.Context"},
		"reserved name":         {Plain, activity.RegisterOptions{Name: "__temporal_x"}, "reserved prefix __temporal_"},
		"invalid method":        {&Mixed{}, valid, "SkipInvalidStructFunctions"},
		"no methods":            {&struct{}{}, valid, "no exported methods"},
		"only invalid, skipped": {&NoneGood{}, activity.RegisterOptions{SkipInvalidStructFunctions: true}, "no exported methods"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := activity.NewRegistry()
			err := r.RegisterActivityWithOptions(test.a, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if r.Len() != 0 {
				t.Errorf("%v were registered all the same", r.Types())
			}
		})
	}
}

func TestRegisterAndLookUp(t *testing.T) {
	closure := func() error { return nil }
	tests := map[string]struct {
		a       any
		options activity.RegisterOptions
		want    []string
	}{
		"function":             {Plain, activity.RegisterOptions{}, []string{"Plain"}},
		"function with name":   {Plain, activity.RegisterOptions{Name: "p"}, []string{"p"}},
		"closure with name":    {closure, activity.RegisterOptions{Name: "c"}, []string{"c"}},
		"method value":         {(&Acts{}).Resize, activity.RegisterOptions{}, []string{"Resize"}},
		"struct":               {&Acts{}, activity.RegisterOptions{}, []string{"ByValue", "Delete", "Resize"}},
		"struct with prefix":   {&Acts{}, activity.RegisterOptions{Name: "a_"}, []string{"a_ByValue", "a_Delete", "a_Resize"}},
		"embedded struct":      {&Embeds{&Acts{}}, activity.RegisterOptions{}, []string{"ByValue", "Delete", "Resize"}},
		"nil pointer":          {(*Acts)(nil), activity.RegisterOptions{}, []string{"ByValue", "Delete", "Resize"}},
		"struct, some skipped": {&Mixed{}, activity.RegisterOptions{SkipInvalidStructFunctions: true}, []string{"Good"}},
		"concrete error":       {func() *activity.NotRegisteredError { return nil }, activity.RegisterOptions{Name: "ce"}, []string{"ce"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := activity.NewRegistry()
			if err := r.RegisterActivityWithOptions(test.a, test.options); err != nil {
				t.Fatal(err)
			}
			if got := r.Types(); !slices.Equal(got, test.want) || r.Len() != len(test.want) {
				t.Errorf("got %v (%d), want %v", got, r.Len(), test.want)
			}
			for _, name := range test.want {
				if d, err := r.Lookup(name); err != nil || d.Name() != name || d.IsDynamic() {
					t.Errorf("Lookup(%q) = %+v, %v", name, d, err)
				}
			}
		})
	}
}

func TestStructIsRegisteredWholeOrNotAtAll(t *testing.T) {
	r := activity.NewRegistry()
	if err := r.RegisterActivityWithOptions(Plain, activity.RegisterOptions{Name: "Resize"}); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterActivity(&Acts{}); err == nil || !strings.Contains(err.Error(), `"Resize"`) {
		t.Errorf("got error %v, want one that names Resize", err)
	}
	if got := r.Types(); !slices.Equal(got, []string{"Resize"}) {
		t.Errorf("registered %v", got)
	}
}

func TestDuplicates(t *testing.T) {
	r := activity.NewRegistry()
	register := func(a any, o activity.RegisterOptions) error {
		return r.RegisterActivityWithOptions(a, o)
	}
	if err := register(Plain, activity.RegisterOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := register(Plain, activity.RegisterOptions{}); err == nil {
		t.Error("a duplicate was accepted")
	}
	replace := activity.RegisterOptions{Name: "Plain", DisableAlreadyRegisteredCheck: true}
	if err := register(Other, replace); err != nil {
		t.Fatal(err)
	}
	if d, _ := r.Lookup("Plain"); d.FunctionName() != "Other" || r.Len() != 1 {
		t.Errorf("Plain is %s of %d, want Other of 1", d.FunctionName(), r.Len())
	}
}

func TestDynamicActivity(t *testing.T) {
	var r activity.Registry // the zero value works
	if _, err := r.Lookup("x"); err == nil {
		t.Error("an empty registry found x")
	}
	for name, a := range map[string]any{
		"no context":  func(converter.EncodedValues) error { return nil },
		"other input": func(context.Context, int) error { return nil },
		"struct":      &Acts{},
		"nil":         nil,
	} {
		if err := r.RegisterDynamicActivity(a, activity.DynamicRegisterOptions{}); err == nil {
			t.Errorf("%s was accepted as dynamic activity", name)
		}
	}
	if err := r.RegisterDynamicActivity(dynamic, activity.DynamicRegisterOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterDynamicActivity(dynamic, activity.DynamicRegisterOptions{}); err == nil {
		t.Error("a second dynamic activity was accepted")
	}
	if err := r.RegisterActivity(Plain); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Lookup("anything"); err != nil || !d.IsDynamic() || d.FunctionName() != "dynamic" {
		t.Errorf("got %+v, %v, want the dynamic activity", d, err)
	}
	if d, err := r.Lookup("Plain"); err != nil || d.IsDynamic() {
		t.Errorf("got %+v, %v, want Plain", d, err)
	}
	if got := r.Types(); !slices.Equal(got, []string{"Plain"}) || r.Len() != 2 {
		t.Errorf("types %v, len %d, want Plain and 2", got, r.Len())
	}
}

func TestUnknownTypeNamesTheKnown(t *testing.T) {
	r := activity.NewRegistry()
	for _, a := range []any{Plain, Other} {
		if err := r.RegisterActivity(a); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Lookup("X")
	var unknown *activity.NotRegisteredError
	if !errors.As(err, &unknown) || unknown.Type != "X" {
		t.Fatalf("got %v", err)
	}
	want := "unable to find activityType=X. Supported types: [Other, Plain]"
	if err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
}

func TestNames(t *testing.T) {
	r := activity.NewRegistry()
	for _, step := range []struct {
		a    any
		name string
	}{
		{Plain, "renamed"},
		{&Acts{}, "one_"},
		{&MoreActs{}, "two_"},
	} {
		o := activity.RegisterOptions{Name: step.name}
		if err := r.RegisterActivityWithOptions(step.a, o); err != nil {
			t.Fatal(err)
		}
	}
	var stub interface {
		Delete() error
	} = &Acts{}
	var none *Acts
	tests := map[string]struct {
		a    any
		want string
	}{
		"a string stands for itself":     {"whatever", "whatever"},
		"registered under a name":        {Plain, "renamed"},
		"not registered":                 {Other, "Other"},
		"method value":                   {(&Acts{}).Resize, "one_Resize"},
		"method of a nil pointer":        {none.Resize, "one_Resize"},
		"method expression":              {(*Acts).Resize, "one_Resize"},
		"same method of another struct":  {(&MoreActs{}).Resize, "two_Resize"},
		"value receiver":                 {Acts{}.ByValue, "one_ByValue"},
		"value receiver by pointer":      {(&Acts{}).ByValue, "one_ByValue"},
		"value receiver, another struct": {MoreActs{}.ByValue, "two_ByValue"},
		"through an embedding struct":    {Embeds{&Acts{}}.Resize, "one_Resize"},
		"through an interface":           {stub.Delete, "one_Delete"},
		"generic":                        {Generic[int], "]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := r.Name(test.a); err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
	for _, a := range []any{"", nil, 5, &Acts{}, (func())(nil)} {
		if name, err := r.Name(a); err == nil {
			t.Errorf("Name(%#v) = %q, want an error", a, name)
		}
	}
}

func TestNamesWithoutAliasing(t *testing.T) {
	r := activity.NewRegistryWithOptions(activity.RegistryOptions{DisableRegistrationAliasing: true})
	if err := r.RegisterActivityWithOptions(Plain, activity.RegisterOptions{Name: "p"}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Name(Plain); err != nil || got != "Plain" {
		t.Errorf("got %q, %v, want Plain", got, err)
	}
}

func TestRegistryConcurrentUse(t *testing.T) {
	r := activity.NewRegistry()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			name := fmt.Sprint("a", i)
			if err := r.RegisterActivityWithOptions(Plain, activity.RegisterOptions{Name: name}); err != nil {
				t.Error(err)
			}
			if _, err := r.Lookup(name); err != nil {
				t.Error(err)
			}
			_, _ = r.Name(Plain)
			_ = r.Types()
		})
	}
	group.Wait()
	if r.Len() != 8 {
		t.Errorf("len is %d, want 8", r.Len())
	}
}

func BenchmarkName(b *testing.B) {
	r := activity.NewRegistry()
	if err := r.RegisterActivity(&Acts{}); err != nil {
		b.Fatal(err)
	}
	method := (&Acts{}).Resize
	b.ReportAllocs()
	for b.Loop() {
		if name, _ := r.Name(method); name != "Resize" {
			b.Fatal(name)
		}
	}
}

// counter has an activity that is registered with a receiver.
type counter struct{ n int }

// Count returns how much the receiver has.
func (c *counter) Count() (int, error) { return c.n, nil }

func double(n int) (int, error) { return 2 * n, nil }

func TestResolveLocal(t *testing.T) {
	r := activity.NewRegistry()
	if err := errors.Join(
		r.RegisterActivityWithOptions(&counter{n: 7}, activity.RegisterOptions{Name: "shop."}),
		r.RegisterActivityWithOptions(double, activity.RegisterOptions{Name: "twice"}),
	); err != nil {
		t.Fatal(err)
	}
	var none *counter
	n := 5
	for _, tt := range []struct {
		name string
		a    any
		args []any
		typ  string
		want any
	}{
		{"name", "twice", []any{4}, "twice", 8},
		{"function", double, []any{4}, "twice", 8},
		{"registered method", none.Count, []any{}, "shop.Count", 7},
		{"closure", func() (int, error) { return n, nil }, []any{}, "func1", 5},
	} {
		name, d, err := r.ResolveLocal(tt.a)
		if err != nil || name != tt.typ {
			t.Errorf("%s: got %q and %v, want %q", tt.name, name, err, tt.typ)
			continue
		}
		if got, err := d.Invoke(t.Context(), tt.args); err != nil || got != tt.want {
			t.Errorf("%s: got %v and %v, want %v", tt.name, got, err, tt.want)
		}
	}
	unknown := &counter{n: 3}
	_, d, err := activity.NewRegistry().ResolveLocal(unknown.Count)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Invoke(t.Context(), nil); err != nil || got != 3 {
		t.Errorf("a method that is not registered: got %v and %v, want its own receiver's 3", got, err)
	}
	for want, a := range map[string]any{
		"local activity gone is not registered by the worker": "gone",
		"is no function": 3,
		"nil":            nil,
		"variadic":       func(...int) error { return nil },
	} {
		if _, _, err := r.ResolveLocal(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", a, err, want)
		}
	}
}
