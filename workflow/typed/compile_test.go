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

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

type order struct{ ID string }
type receipt struct{ Total int }
type shop struct{}

func (*shop) Charge(context.Context, order) (receipt, error) { panic(0) }
func (*shop) Ship(context.Context, order, int64) error { panic(0) }
func (*shop) Note(context.Context, any) error { panic(0) }
func plain(order) error { panic(0) }
func many(context.Context, ...string) error { panic(0) }
func Fulfil(workflow.Context, order) (int, error) { panic(0) }

const (
	approve typed.Signal[order]        = "approve"
	state   typed.Query0[string]       = "state"
	change  typed.Update1[order, int]  = "change"
)

var (
	_ = plain
	_ = many
	s *shop
	o order
)

func code(ctx workflow.Context) {
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

func TestWrongCodeDoesNotCompile(t *testing.T) {
	t.Parallel()
	c := newCompiler(t)
	for _, right := range []string{
		`r, err := typed.ExecuteActivity(ctx, typed.Call1(s.Charge, o)).Get(ctx); var _ receipt = r; _ = err`,
		`typed.ExecuteLocalActivity(ctx, typed.Do2(s.Ship, o, 5)).Err(ctx)`,
		`typed.ExecuteActivity(ctx, typed.Do1(s.Note, "anything"))`,
		`typed.ExecuteActivity(ctx, typed.Do1(s.Note, nil))`,
		`n, err := typed.ExecuteChildWorkflow(ctx, typed.Call1(Fulfil, o)).Get(ctx); var _ int = n; _ = err`,
		`approve.SignalChildWorkflow(ctx, typed.ExecuteChildWorkflow(ctx, typed.Call1(Fulfil, o)), o)`,
		`v, more := approve.Channel(ctx).Receive(ctx); var _ order = v; _ = more`,
		`state.Handle(ctx, func() (string, error) { return "", nil })`,
		`change.Handle(ctx, Fulfil)`,
		`change.HandleWithOptions(ctx, Fulfil, func(workflow.Context, order) error { return nil }, typed.UpdateOptions{})`,
		`f, set := typed.NewFuture[int](ctx); set.SetValue(1); set.Chain(f)`,
		`var remote func(context.Context, order) (receipt, error)
			typed.ExecuteActivity(ctx, typed.Call1(remote, o).Named("charge"))`,
	} {
		if err := c.check(t, right); err != nil {
			t.Errorf("%s\ndoes not compile: %v", right, err)
		}
	}
	for _, tt := range []struct{ what, code, want string }{
		{"an argument of another type", `typed.Call1(s.Charge, "o-1")`, `"o-1"`},
		{"a missing argument", `typed.Call1(s.Charge)`, "not enough arguments"},
		{"one argument too many", `typed.Call1(s.Charge, o, o)`, "too many arguments"},
		{"another number of arguments", `typed.Call2(s.Charge, o, 1)`, "does not match"},
		{"a number of another type", `typed.Do2(s.Ship, o, "1")`, `"1"`},
		{"a number that does not fit", `typed.Do2(s.Ship, o, 1.5)`, "1.5"},
		{
			"a result of another type",
			`var r int; r, _ = typed.ExecuteActivity(ctx, typed.Call1(s.Charge, o)).Get(ctx); _ = r`, "receipt",
		},
		{"a result that there is none", `typed.Call2(s.Ship, o, 1)`, "does not match"},
		{"a result that is ignored", `typed.Do1(s.Charge, o)`, "does not match"},
		{"a workflow as an activity", `typed.ExecuteActivity(ctx, typed.Call1(Fulfil, o))`, "context.Context"},
		{"an activity as a workflow", `typed.ExecuteChildWorkflow(ctx, typed.Call1(s.Charge, o))`, "Context"},
		{"an activity to continue with", `typed.NewContinueAsNewError(ctx, typed.Call1(s.Charge, o))`, "Context"},
		{"a name instead of a function", `typed.Call1("Charge", o)`, "cannot infer X"},
		{"a function without a context", `typed.ExecuteActivity(ctx, typed.Do0(plain))`, "context.Context"},
		{"a variadic function", `typed.Do1(many, []string{"a"})`, "does not match"},
		{"no function", `typed.Call1(nil, o)`, "cannot infer X"},
		{"a signal of another type", `approve.SignalExternalWorkflow(ctx, "w", "", "yes")`, `"yes"`},
		{
			"a signal of another type to a child",
			`approve.SignalChildWorkflow(ctx, typed.ExecuteChildWorkflow(ctx, typed.Call1(Fulfil, o)), 1)`, "order",
		},
		{
			"an activity signaled as a child",
			`approve.SignalChildWorkflow(ctx, typed.ExecuteActivity(ctx, typed.Call1(s.Charge, o)), o)`, "Child",
		},
		{"a signal received as another type", `var n int; n, _ = approve.Channel(ctx).Receive(ctx); _ = n`, "order"},
		{"a signal sent to oneself", `approve.Channel(ctx).Send(ctx, o)`, "Send"},
		{
			"a query handler with another result",
			`state.Handle(ctx, func() (int, error) { return 0, nil })`, "func() (string, error)",
		},
		{
			"a query handler that takes a context",
			`state.Handle(ctx, func(workflow.Context) (string, error) { return "", nil })`, "func() (string, error)",
		},
		{
			"an update handler that takes something else",
			`change.Handle(ctx, func(workflow.Context, int) (int, error) { return 0, nil })`, "order",
		},
		{
			"a validator that takes something else",
			`change.HandleWithOptions(ctx, Fulfil, func(workflow.Context, int) error { return nil },
				typed.UpdateOptions{})`, "order",
		},
		{"a future set to another type", `_, set := typed.NewFuture[int](ctx); set.SetValue("1")`, `"1"`},
		{
			"a future chained to one of another type",
			`_, set := typed.NewFuture[int](ctx); f, _ := typed.NewFuture[string](ctx); set.Chain(f)`, "Future",
		},
		{"a value of another type sent", `typed.NewChannel[int](ctx).Send(ctx, "1")`, `"1"`},
		{
			"a future where an untyped one is expected",
			`f, _ := typed.NewFuture[int](ctx); workflow.NewSelector(ctx).AddFuture(f, nil)`, "does not implement",
		},
		{"the context of an activity", `typed.ExecuteActivity(context.Background(), typed.Call1(s.Charge, o))`, "Done"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			err := c.check(t, tt.code)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s\ngave %v, want an error that says %q", tt.code, err, tt.want)
			}
		})
	}
}
