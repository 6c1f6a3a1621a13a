package house_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mod "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

var update = flag.Bool("update", false, "rewrite the golden lists of linked modules")

// strangerVersion is under which the packed modules are offered. It is the
// version that they require of one another.
const strangerVersion = "v0.0.0"

// proxy is a module proxy of files that offers the modules as a tag would: what
// the zip of a module leaves out, a stranger does not get.
type proxy struct {
	dir string
}

func newProxy(t *testing.T, all []packable) proxy {
	t.Helper()
	p := proxy{dir: t.TempDir()}
	for _, m := range all {
		if err := p.pack(m); err != nil {
			t.Fatalf("pack %s: %v", m.path, err)
		}
	}
	return p
}

// packable is a module to pack: its path and the directory of its go.mod.
type packable struct{ path, dir string }

func (p proxy) pack(m packable) error {
	escaped, err := mod.EscapePath(m.path)
	if err != nil {
		return err
	}
	at := filepath.Join(p.dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(at, strangerVersion+".mod"), file, 0o600); err != nil {
		return err
	}
	info := fmt.Sprintf("{\"Version\":%q}", strangerVersion)
	if err := os.WriteFile(filepath.Join(at, strangerVersion+".info"), []byte(info), 0o600); err != nil {
		return err
	}
	packed, err := os.Create(filepath.Join(at, strangerVersion+".zip"))
	if err != nil {
		return err
	}
	err = zip.CreateFromDir(packed, mod.Version{Path: m.path, Version: strangerVersion}, m.dir)
	if closeErr := packed.Close(); err == nil {
		err = closeErr
	}
	return err
}

// stranger is a program that imports the packages and knows nothing else of us.
type stranger struct {
	dir string
	env []string
}

func newStranger(t *testing.T, p proxy, packages []string) stranger {
	t.Helper()
	out, err := run(command(t, rootDir(t), nil, "env", "GOMODCACHE", "GOPROXY"))
	if err != nil {
		t.Fatal(err)
	}
	cache, ambient, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	// What the workspace has already fetched needs no network. The cache may lack
	// a go.mod that the workspace never read: then the user's own proxy is asked.
	proxies := "file://" + filepath.ToSlash(p.dir) +
		",file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download")) + "," + ambient
	s := stranger{dir: t.TempDir()}
	s.env = []string{
		"GOWORK=off", "GOSUMDB=off", "GOPRIVATE=", "GONOPROXY=none", "GOFLAGS=-mod=mod -modcacherw",
		"GOPROXY=" + proxies,
		// A cache of its own: the packed modules must not stay in the user's.
		"GOMODCACHE=" + filepath.Join(t.TempDir(), "cache"),
	}
	writeFile(t, filepath.Join(s.dir, "go.mod"), "module example.com/stranger\n\ngo 1.26.0\n")
	source := "package main\n\nimport (\n"
	for _, path := range packages {
		source += fmt.Sprintf("\t_ %q\n", path)
	}
	writeFile(t, filepath.Join(s.dir, "main.go"), source+")\n\nfunc main() {}\n")
	return s
}

// linked gets the module and returns the modules that the program links, sorted.
// build says whether it is compiled too, which takes long where the
// dependencies are large.
func (s stranger) linked(t *testing.T, modulePath string, build bool) ([]string, error) {
	t.Helper()
	commands := [][]string{{"get", modulePath + "@" + strangerVersion}}
	if build {
		commands = append(commands, []string{"build", "-o", os.DevNull, "."})
	}
	for _, args := range commands {
		if _, err := run(command(t, s.dir, s.env, args...)); err != nil {
			return nil, err
		}
	}
	out, err := run(command(t, s.dir, s.env, "list", "-deps",
		"-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "."))
	if err != nil {
		return nil, err
	}
	linked := strings.Fields(string(out))
	slices.Sort(linked)
	return slices.Compact(linked), nil
}

// ground are the modules that a stranger's program is built with; of the others
// only the list of modules is checked.
func ground() []string { return []string{"ratelimit", "slots", "sticky", "poller", "shutdown"} }

// importable are the packages of the module that a stranger may import; those of
// a module nested in it are not its own.
func importable(rules policy, packages []pkg, m module) []string {
	var paths []string
	for _, p := range packages {
		owner, ok := rules.moduleOf(p.ImportPath)
		if ok && owner == m.name && p.Name != "main" && len(p.GoFiles) > 0 &&
			!strings.Contains(p.ImportPath+"/", "/internal/") {
			paths = append(paths, p.ImportPath)
		}
	}
	return paths
}

func TestStrangerGetsNothingElse(t *testing.T) {
	t.Parallel()
	packages := listWorkspace(t)
	var packed []packable
	for _, m := range modules(t) {
		packed = append(packed, packable{m.path, m.dir})
	}
	p := newProxy(t, packed)
	for _, m := range modules(t) {
		paths := importable(mustPolicy(t), packages, m)
		if m.name == "integration" || len(paths) == 0 {
			continue // Nobody imports integration; a module without packages is yet to come.
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			got, err := newStranger(t, p, paths).linked(t, m.path, slices.Contains(ground(), m.name))
			if err != nil {
				t.Fatal(err)
			}
			wantGolden(t, m.name, got)
		})
	}
}

// wantGolden compares with the golden list of the module.
func wantGolden(t *testing.T, name string, got []string) {
	t.Helper()
	text := strings.Join(got, "\n") + "\n"
	golden := filepath.Join("testdata", "links", name+".txt")
	if *update {
		writeFile(t, golden, text)
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("no golden list (run with -update and review it): %v", err)
	}
	if text != string(want) {
		t.Errorf("who imports %s links\n%swant only\n%sIf that is meant, run with -update.",
			name, text, want)
	}
}

// TestPlantedUndeclaredImportsAreCaught plants, in a module that is built well
// inside a workspace, imports that its go.mod does not declare.
func TestPlantedUndeclaredImportsAreCaught(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clean", "sibling", "outside"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			undeclared := map[string]string{
				"sibling": "example.com/house/sibling",
				"outside": "golang.org/x/time/rate",
			}[name]
			imports := ""
			if undeclared != "" {
				imports = fmt.Sprintf("import _ %q\n", undeclared)
			}
			planted, sibling := t.TempDir(), t.TempDir()
			writeFile(t, filepath.Join(sibling, "go.mod"), "module example.com/house/sibling\n\ngo 1.26.0\n")
			writeFile(t, filepath.Join(sibling, "sibling.go"), "package sibling\n")
			writeFile(t, filepath.Join(planted, "go.mod"), "module example.com/house/leaf\n\ngo 1.26.0\n")
			writeFile(t, filepath.Join(planted, "leaf.go"), "package leaf\n\n"+imports)
			const leaf = "example.com/house/leaf"
			p := newProxy(t, []packable{{leaf, planted}, {"example.com/house/sibling", sibling}})
			got, err := newStranger(t, p, []string{leaf}).linked(t, leaf, true)
			clean := err == nil && slices.Equal(got, []string{leaf})
			if wantClean := name == "clean"; clean != wantClean {
				t.Errorf("linked %q, error %v: clean is %t, want %t", got, err, clean, wantClean)
			}
			if err != nil && !strings.Contains(err.Error(), undeclared) {
				t.Errorf("failed for another reason: %v", err)
			}
		})
	}
}
