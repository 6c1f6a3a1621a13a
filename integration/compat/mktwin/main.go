// Command mktwin writes the twin of a directory of workflow code: the same code
// with the imports of the official SDK in place of ours.
//
//	mktwin FROM TO
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// header stands above each file of the twin, in the form that tools know.
const header = "// Code generated from ../%s by mktwin; DO NOT EDIT.\n\n"

// A path is where one of our packages has its counterpart.
type path struct{ ours, theirs string }

// paths are the packages that workflow code may import of us.
func paths() []path {
	const ours, theirs = "github.com/mainspring-go/mainspring/", "go.temporal.io/sdk/"
	return []path{
		{ours + "workflow", theirs + "workflow"},
		{ours + "activity", theirs + "activity"},
		{ours + "temporal", theirs + "temporal"},
		{ours + "temporal/converter", theirs + "converter"},
		{ours + "temporal/log", theirs + "log"},
		{ours + "interceptor", theirs + "interceptor"},
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mktwin FROM TO")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "mktwin:", err)
		os.Exit(1)
	}
}

// write replaces the Go files of one directory by the twins of another's.
func write(from, to string) error {
	files, err := twins(from, filepath.Base(to))
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(to, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, stays := files[filepath.Base(name)]; !stays {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	for name, source := range files {
		if err := os.WriteFile(filepath.Join(to, name), source, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// twins returns the twins of the files of a directory by their names, as files of
// the named package.
func twins(from, pkg string) (map[string][]byte, error) {
	names, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no Go files in %s", from)
	}
	out := make(map[string][]byte, len(names))
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if out[filepath.Base(name)], err = twin(filepath.Base(from)+"/"+filepath.Base(name), source, pkg); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// twin is the source with the imports of the SDK. What it imports of ours must
// have a counterpart there.
func twin(name string, source []byte, pkg string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	file.Name.Name = pkg
	for _, spec := range file.Imports {
		if err := swap(spec); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	ast.SortImports(fset, file)
	var b bytes.Buffer
	fmt.Fprintf(&b, header, name)
	if err := format.Node(&b, fset, file); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// swap turns an import of ours into that of the SDK.
func swap(spec *ast.ImportSpec) error {
	imported, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return err
	}
	for _, p := range paths() {
		if imported == p.ours {
			spec.Path.Value = strconv.Quote(p.theirs)
			return nil
		}
	}
	if strings.HasPrefix(imported, "github.com/mainspring-go/") {
		return fmt.Errorf("the SDK has no counterpart of %s", imported)
	}
	return nil
}
