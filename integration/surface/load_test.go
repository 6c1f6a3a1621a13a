package surface_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const (
	sdkRoot = "go.temporal.io/sdk/"
	ourRoot = "github.com/mainspring-go/mainspring/"
)

// A pair is a package of the SDK and those of ours that answer it, below their
// roots. The first has the names; what would bring more into it than workflow
// code may link is in the others.
type pair struct {
	sdk  string
	ours []string
}

func pairs() []pair {
	return []pair{
		{"workflow", []string{"workflow"}},
		{"activity", []string{"activity"}},
		{"temporal", []string{"temporal"}},
		{"converter", []string{"temporal/converter", "temporal/converter/codecserver", "core/codec"}},
		{"log", []string{"temporal/log"}},
		{"interceptor", []string{"interceptor"}},
	}
}

// elsewhere are the packages of the SDK that are not compared, but declare what
// those that are compared have as aliases.
func elsewhere() []string {
	return []string{sdkRoot + "internal", sdkRoot + "internal/common/metrics"}
}

// library is the packages of one side, by their names on the SDK's side.
type library struct {
	packages map[string][]*types.Package
	// deprecated are the positions of names whose comment says so.
	deprecated map[token.Pos]bool
}

func newLibrary() library {
	return library{packages: map[string][]*types.Package{}, deprecated: map[token.Pos]bool{}}
}

// load type-checks both sides from source; what they import comes compiled.
func load(t *testing.T) (sdk, ours library) {
	t.Helper()
	patterns := elsewhere()
	for _, p := range pairs() {
		patterns = append(patterns, sdkRoot+p.sdk)
		for _, path := range p.ours {
			patterns = append(patterns, ourRoot+path)
		}
	}
	found, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode:    packages.LoadSyntax,
	}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	byPath := make(map[string]*packages.Package, len(found))
	for _, p := range found {
		byPath[p.PkgPath] = p
		if len(p.Errors) > 0 {
			t.Fatalf("%s: %v", p.PkgPath, p.Errors)
		}
	}
	sdk, ours = newLibrary(), newLibrary()
	for _, path := range patterns {
		p, ok := byPath[path]
		if !ok {
			t.Fatalf("%s was not found", path)
		}
		if name, ok := strings.CutPrefix(path, sdkRoot); ok {
			sdk.packages[name] = []*types.Package{p.Types}
			sdk.markDeprecated(p.Syntax)
		}
	}
	for _, p := range pairs() {
		for _, path := range p.ours {
			ours.packages[p.sdk] = append(ours.packages[p.sdk], byPath[ourRoot+path].Types)
		}
	}
	return sdk, ours
}

// markDeprecated notes the names that are commented as deprecated.
func (l library) markDeprecated(files []*ast.File) {
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				l.mark(n.Name.Pos(), n.Doc)
			case *ast.GenDecl:
				if len(n.Specs) == 1 {
					l.markSpec(n.Specs[0], n.Doc)
				}
				for _, spec := range n.Specs {
					l.markSpec(spec, nil)
				}
			case *ast.Field:
				for _, name := range n.Names {
					l.mark(name.Pos(), n.Doc, n.Comment)
				}
			}
			return true
		})
	}
}

func (l library) markSpec(spec ast.Spec, doc *ast.CommentGroup) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		l.mark(s.Name.Pos(), doc, s.Doc, s.Comment)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			l.mark(name.Pos(), doc, s.Doc, s.Comment)
		}
	}
}

func (l library) mark(at token.Pos, docs ...*ast.CommentGroup) {
	for _, doc := range docs {
		if strings.Contains(doc.Text(), "Deprecated:") {
			l.deprecated[at] = true
		}
	}
}

// names are the exported names of each declared type, such as workflow.Context:
// a type may go by several, in its own package and as an alias in others. Types of
// packages that are not compared have none, and are compared by what they are.
func (l library) names() map[*types.TypeName][]string {
	names := map[*types.TypeName][]string{}
	for path := range l.packages {
		if strings.HasPrefix(path, "internal") {
			continue
		}
		for _, object := range l.exported(path) {
			if _, ok := object.(*types.TypeName); !ok {
				continue
			}
			if named, ok := types.Unalias(object.Type()).(*types.Named); ok {
				public := fmt.Sprintf("%s.%s", path, object.Name())
				names[named.Obj()] = append(names[named.Obj()], public)
			}
		}
	}
	return names
}

// exported are the exported objects of what has that name on the SDK's side.
func (l library) exported(path string) []types.Object {
	var objects []types.Object
	for _, p := range l.packages[path] {
		for _, name := range p.Scope().Names() {
			if object := p.Scope().Lookup(name); object.Exported() {
				objects = append(objects, object)
			}
		}
	}
	return objects
}
