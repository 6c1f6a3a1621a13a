package typed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// prelude is what the snippets know.
const prelude = `package p

import (
	"context"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/typed"
)

type order struct{ ID string }
type receipt struct{ Total int }
type shop struct{}

func (*shop) Charge(context.Context, order) (receipt, error) { panic(0) }
func (*shop) Ship(context.Context, order, int64) error { panic(0) }
func plain(order) error { panic(0) }
func many(context.Context, ...string) error { panic(0) }
func nothing(context.Context) {}
func two(context.Context) (int, string, error) { panic(0) }
func noError(context.Context, order) receipt { panic(0) }

var (
	s *shop
	r *activity.Registry
	charge = typed.Func1[order, receipt]("Charge", nil)
)

func code() {
%s
}
`

// compiler type-checks snippets against the compiled packages.
type compiler struct {
	fset  *token.FileSet
	known types.Importer
}

func newCompiler(t *testing.T) compiler {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps",
		"-json=ImportPath,Export", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	return compiler{fset, importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
}

// check returns the first error of the code.
func (c compiler) check(t *testing.T, code string) error {
	t.Helper()
	file, err := parser.ParseFile(c.fset, "p.go", fmt.Sprintf(prelude, code), 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&types.Config{Importer: c.known}).Check("p", c.fset, []*ast.File{file}, nil)
	return err
}

func TestWrongShapesDoNotCompile(t *testing.T) {
	t.Parallel()
	c := newCompiler(t)
	for _, right := range []string{
		`typed.Register(r, charge.With(s.Charge), typed.Do2("Ship", s.Ship))`,
		`typed.Register(r, typed.Func0("Now", func(context.Context) (int, error) { return 0, nil }))`,
		`var f func(context.Context, order) (receipt, error) = charge.Function(); _ = f; var _ string = charge.Name()`,
	} {
		if err := c.check(t, right); err != nil {
			t.Errorf("%s\ndoes not compile: %v", right, err)
		}
	}
	for _, tt := range []struct{ what, code, want string }{
		{"another function", `charge.With(s.Ship)`, "cannot use s.Ship"},
		{"another number of arguments", `typed.Func2("Charge", s.Charge)`, "does not match"},
		{"a result that is ignored", `typed.Do1("Charge", s.Charge)`, "does not match"},
		{"a result that there is none", `typed.Func2("Ship", s.Ship)`, "does not match"},
		{"no context", `typed.Do1("plain", plain)`, "does not match"},
		{"a variadic function", `typed.Do1("many", many)`, "does not match"},
		{"no error", `typed.Do0("nothing", nothing)`, "cannot use nothing"},
		{"two results", `typed.Func0("two", two)`, "does not match"},
		{"a result without an error", `typed.Func1("noError", noError)`, "does not match"},
		{"no function", `typed.Register(r, s)`, "does not implement"},
		{"a function without a name", `typed.Register(r, s.Charge)`, "does not implement"},
		{"no types", `typed.Func1("Charge", nil)`, "cannot infer"},
		{"a name that is none", `typed.Func1(7, s.Charge)`, "7"},
		{"nothing to register with", `typed.Register(s, charge)`, "does not implement"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			err := c.check(t, tt.code)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s\ngave %v, want an error that says %q", tt.code, err, tt.want)
			}
		})
	}
}
