package options_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/core/worker"
)

// An option is a field of worker.Options, or of a struct in it.
type option struct {
	name string // "Parts.Cache"
	typ  string // as in the source
	doc  string // one paragraph
}

// known are the structs in Options whose fields are options of their own, and the files that
// declare them.
func known() map[string]string {
	return map[string]string{
		"Options":           "core/worker/options.go",
		"Parts":             "core/worker/options.go",
		"DeploymentOptions": "core/worker/deployment.go",
		"Limits":            "workflow/task/limits.go",
	}
}

// read lists the options in the order of the source.
func read(t *testing.T) []option {
	t.Helper()
	structs := map[string]*ast.StructType{}
	for name, file := range known() {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == name {
				structs[name], _ = spec.Type.(*ast.StructType)
			}
			return true
		})
		if structs[name] == nil {
			t.Fatalf("%s declares no struct %s", file, name)
		}
	}
	var all []option
	var list func(prefix, of string)
	list = func(prefix, of string) {
		var doc string // one may stand for the fields below it, too
		for _, field := range structs[of].Fields.List {
			doc = cmp.Or(oneLine(field.Doc.Text()), doc)
			typ := types.ExprString(field.Type)
			if _, nested := structs[typ]; nested {
				list(prefix+field.Names[0].Name+".", typ)
				continue
			}
			for _, name := range field.Names {
				all = append(all, option{prefix + name.Name, typ, doc})
			}
		}
	}
	list("", "Options")
	return all
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// A struct that Options gets is one whose fields this package has to read.
func TestEveryFieldIsRead(t *testing.T) {
	names := map[string]bool{}
	for _, o := range read(t) {
		names[o.name] = true
		if o.doc == "" {
			t.Errorf("%s has no comment", o.name)
		}
	}
	var check func(prefix string, typ reflect.Type)
	check = func(prefix string, typ reflect.Type) {
		for f := range typ.Fields() {
			if name := prefix + f.Name; !names[name] {
				if f.Type.Kind() != reflect.Struct {
					t.Errorf("%s was not found in the source", name)
					continue
				}
				check(name+".", f.Type)
			}
		}
	}
	check("", reflect.TypeFor[worker.Options]())
}
