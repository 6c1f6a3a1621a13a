package surface_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// libraryOf makes a library of one package "p" with this source.
func libraryOf(t *testing.T, root, source string) library {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p\n"+source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&types.Config{}).Check(root+"p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLibrary()
	l.packages["p"] = []*types.Package{p}
	l.markDeprecated([]*ast.File{file})
	return l
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sdk, ours, want string }{
		{"a missing function", `func F() {}`, ``, `p.F: missing function`},
		{"another result", `func F() error {return nil}`, `func F() {}`, `p.F: func() error, is func()`},
		{
			"another type of parameter", `type T int; type U int; func F(T) {}`,
			`type T int; type U int; func F(U) {}`, `p.F: func(p.T), is func(p.U)`,
		},
		{"variadic or not", `func F(...int) {}`, `func F([]int) {}`, `p.F: func(...int), is func([]int)`},
		{"a constraint", `func F[T int]() {}`, `func F[T ~int]() {}`, `p.F: func[T int](), is func[T ~int]()`},
		{"another value", `const C = 1`, `const C = 2`, `p.C: value 1, is 2`},
		{"another type of constant", `const C int = 1`, `const C = 1`, `p.C: int, is untyped int`},
		{"a constant or a variable", `const C = 1`, `var C = 1`, `p.C: constant, is a variable`},
		{"a variable", `var V error`, `var V any`, `p.V: error, is any`},
		{"a missing field", `type T struct{ A, B int }`, `type T struct{ A int }`, `p.T.B: missing field`},
		{
			"another type of field", `type T struct{ A []int }`, `type T struct{ A []string }`,
			`p.T.A: []int, is []string`,
		},
		{
			"a field that is embedded", `type E struct{}; type T struct{ E }`,
			`type F struct{}; type E = F; type T struct{ E F }`, `p.T.E: embedded field, is a field`,
		},
		{"a missing method", `type T struct{}; func (T) M() {}`, `type T struct{}`, `p.T.M: missing method`},
		{
			"a method of pointers", `type T struct{}; func (T) M() {}`, `type T struct{}; func (*T) M() {}`,
			`p.T.M: method, is a pointer method`,
		},
		{
			"a promoted method", `type e struct{}; func (e) M() {}; type T struct{ e }`, `type T struct{}`,
			`p.T.M: missing method`,
		},
		{"a method of an interface", `type I interface{ M() }`, `type I interface{}`, `p.I.M: missing method`},
		{
			"one method too many", `type I interface{}`, `type I interface{ M() }`,
			`p.I.M: method that the SDK does not have`,
		},
		{
			"an interface that is sealed", `type I interface{ M() }`, `type I interface{ M(); m() }`,
			`p.I: interface, is a sealed interface`,
		},
		{"a kind of type", `type T struct{}`, `type T int`, `p.T: struct, is a type`},
		{"what is underneath", `type T int`, `type T string`, `p.T: int, is string`},
		{"below an alias", `type t struct{ A int }; type T = t`, `type T struct{}`, `p.T.A: missing field`},
		{
			"a type without a name for users", `type t struct{ A int }; func F(t) {}`,
			`type t struct{ B int }; func F(t) {}`, `p.F: func(p.t), is func(p.t)`,
		},
		{
			"a channel the other way", `func F(<-chan int) {}`, `func F(chan<- int) {}`,
			`p.F: func(<-chan int), is func(chan<- int)`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := compare(libraryOf(t, sdkRoot, tt.sdk), libraryOf(t, ourRoot, tt.ours), "p")
			var got []string
			for _, d := range found {
				got = append(got, d.name+": "+d.what)
			}
			if !slices.Equal(got, []string{tt.want}) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatIsTheSameIsNotReported(t *testing.T) {
	t.Parallel()
	const source = `
type Context interface{ Done() Channel }
type Channel interface{ Receive(ctx Context, v any) bool }
type Options struct{ Retry *Options; By map[string][]Options; private int }
func (*Options) Reset() {}
type Func func(Context, ...Options) (Channel, error)
func (Func) Call() {}
func Keys[M ~map[K]V, K comparable, V any](m M, less func(a, b K) bool) []K { return nil }
var Default, Other = Options{}, [2]Func{}
const Zero Number = 0
type Number int
`
	// The SDK's names are aliases of declarations of other names.
	aliases := strings.NewReplacer("type Context interface", "type ctx interface",
		"type Options struct", "type opts struct").Replace(source) +
		"type Context = ctx; type Options = opts"
	// What only we have, and what can be called on more.
	ours := strings.ReplaceAll(source, "(*Options) Reset", "(Options) Reset") +
		"func More() {}; func (Options) More() {}"
	for _, sdk := range []string{source, aliases} {
		if found := compare(libraryOf(t, sdkRoot, sdk), libraryOf(t, ourRoot, ours), "p"); len(found) > 0 {
			t.Errorf("found %v", found)
		}
	}
}

func TestDeprecatedNamesNeedNoReason(t *testing.T) {
	t.Parallel()
	sdk := libraryOf(t, sdkRoot, `
// Deprecated: no more.
func F() {}
type T struct {
	// A is a field.
	//
	// Deprecated: no more.
	A int
	B int
}
const (
	// Deprecated: no more.
	C = 1
	D = 2
)
`)
	found := compare(sdk, libraryOf(t, ourRoot, `type T struct{}`), "p")
	all, complaints := reasons{}.excuse(found)
	if len(all) != 3 || len(complaints) != 2 {
		t.Errorf("excused %v, complaints %q; want F, A and C excused, not B and D", all, complaints)
	}
}

func TestReasonsMustBeTrue(t *testing.T) {
	t.Parallel()
	found := []difference{{name: "p.F", what: "missing"}, {name: "p.Nexus", what: "missing"}}
	tests := []struct{ name, text, want string }{
		{"all have one", "p.F: why\n# more\n\np.Nex*: later", ""},
		{"one has none", "p.F: why", "p.Nexus: missing"},
		{"one has two", "p.F: why\np.Nex*: later\np.Nexus: later", "p.Nexus is covered by 2 lines"},
		{"one is no longer so", "p.F: why\np.Nex*: later\np.G: soon", "p.G, which does not differ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := parseReasons(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			_, complaints := r.excuse(found)
			got := strings.Join(complaints, "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("complaints %q, want %q", got, tt.want)
			}
		})
	}
	const pruned = "# p.G: a heading\np.F: why\n\np.Nex*: later\n"
	if got := prune(pruned+"p.G: soon\n", found); got != pruned {
		t.Errorf("pruned to %q, want %q", got, pruned)
	}
	for _, text := range []string{"p.F", "p.F:", ": why", "p.F: why\np.F: why"} {
		if _, err := parseReasons(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
