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

// A pair is a package of the SDK and ours that answers it, below their roots;
// empty if there is none yet.
type pair struct{ sdk, ours string }

func pairs() []pair {
	return []pair{
		{"workflow", "workflow"},
		{"activity", "activity"},
		{"temporal", "temporal"},
		{"converter", "temporal/converter"},
		{"log", "temporal/log"},
		{"interceptor", ""},
	}
}

// elsewhere are the packages of the SDK that are not compared, but hold what the
// compared ones are aliases of, or names for it.
func elsewhere() []string {
	return []string{sdkRoot + "internal", sdkRoot + "internal/common/metrics", sdkRoot + "client"}
}

// library is a set of packages of one side, by their names on the SDK's side.
type library struct {
	packages map[string]*types.Package
	// deprecated are the positions of names whose comment says so.
	deprecated map[token.Pos]bool
}

// load type-checks both sides from source; what they import comes compiled.
func load(t *testing.T) (sdk, ours library) {
	t.Helper()
	patterns := elsewhere()
	for _, p := range pairs() {
		patterns = append(patterns, sdkRoot+p.sdk)
		if p.ours != "" {
			patterns = append(patterns, ourRoot+p.ours)
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
	sdk = library{packages: map[string]*types.Package{}, deprecated: map[token.Pos]bool{}}
	ours = library{packages: map[string]*types.Package{}, deprecated: map[token.Pos]bool{}}
	for _, path := range patterns {
		p, ok := byPath[path]
		if !ok {
			t.Fatalf("%s was not found", path)
		}
		if name, ok := strings.CutPrefix(path, sdkRoot); ok {
			sdk.packages[name] = p.Types
			sdk.markDeprecated(p.Syntax)
		}
	}
	for _, p := range pairs() {
		if p.ours == "" {
			ours.packages[p.sdk] = types.NewPackage(ourRoot+p.sdk, p.sdk)
			continue
		}
		ours.packages[p.sdk] = byPath[ourRoot+p.ours].Types
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
// a type may go by several, in its own package and as an alias in others.
func (l library) names() map[*types.TypeName][]string {
	names := map[*types.TypeName][]string{}
	for path, p := range l.packages {
		if strings.HasPrefix(path, "internal") {
			continue
		}
		for _, name := range p.Scope().Names() {
			object, ok := p.Scope().Lookup(name).(*types.TypeName)
			if !ok || !object.Exported() {
				continue
			}
			if named, ok := types.Unalias(object.Type()).(*types.Named); ok {
				public := fmt.Sprintf("%s.%s", path, name)
				names[named.Obj()] = append(names[named.Obj()], public)
			}
		}
	}
	return names
}
