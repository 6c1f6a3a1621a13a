package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pkg is what the checks need to know of a package; the names are those of
// go list -json.
type pkg struct {
	ImportPath, Name, Dir              string
	Imports, TestImports, XTestImports []string
	Deps                               []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// module is one module of the workspace.
type module struct {
	name string // its directory, relative to the root, with slashes
	path string
	dir  string
	file goMod
}

// goMod is what go mod edit -json says.
type goMod struct {
	Go        string
	Toolchain string
	Require   []struct{ Path, Version string }
}

// root is the directory of go.work: house lies two levels below.
var root = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	_, err = os.Stat(filepath.Join(dir, "go.work"))
	return dir, err
})

func rootDir(t *testing.T) string {
	t.Helper()
	dir, err := root()
	if err != nil {
		t.Fatalf("the root of the repository: %v", err)
	}
	return dir
}

// command is a go command in dir that sees the workspace, even when the tests run
// with GOWORK=off. Later settings of env win.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(rootDir(t), "go.work"))
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// run returns what the command prints, and an error with what it complains.
func run(cmd *exec.Cmd) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &complaint)
	}
	return out.Bytes(), nil
}

// modules reads go.work and the go.mod files that it names.
func modules(t *testing.T) []module {
	t.Helper()
	dir := rootDir(t)
	out, err := run(command(t, dir, nil, "work", "edit", "-json"))
	if err != nil {
		t.Fatal(err)
	}
	var work struct {
		Use []struct{ DiskPath string }
	}
	if err := json.Unmarshal(out, &work); err != nil {
		t.Fatalf("go.work: %v", err)
	}
	var found []module
	for _, use := range work.Use {
		at := filepath.Join(dir, filepath.FromSlash(use.DiskPath))
		out, err := run(command(t, at, nil, "mod", "edit", "-json"))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			goMod

			Module struct{ Path string }
		}
		if err := json.Unmarshal(out, &file); err != nil {
			t.Fatalf("%s: go.mod: %v", use.DiskPath, err)
		}
		found = append(found, module{
			name: strings.TrimPrefix(use.DiskPath, "./"),
			path: file.Module.Path,
			dir:  at,
			file: file.goMod,
		})
	}
	return found
}

// listing is go list over all modules of the workspace, made once for all tests.
var listing struct {
	once     sync.Once
	packages []pkg
	err      error
}

func listWorkspace(t *testing.T) []pkg {
	t.Helper()
	listing.once.Do(func() {
		patterns := []string{}
		for _, m := range modules(t) {
			patterns = append(patterns, m.path+"/...")
		}
		listing.packages, listing.err = list(t, rootDir(t), nil, patterns...)
	})
	if listing.err != nil {
		t.Fatal(listing.err)
	}
	if len(listing.packages) == 0 {
		t.Fatal("go list found no packages")
	}
	return listing.packages
}

// list runs go list -json.
func list(t *testing.T, dir string, env []string, patterns ...string) ([]pkg, error) {
	t.Helper()
	const fields = "-json=ImportPath,Name,Dir,Imports,TestImports,XTestImports,Deps," +
		"GoFiles,TestGoFiles,XTestGoFiles"
	out, err := run(command(t, dir, env, append([]string{"list", fields}, patterns...)...))
	if err != nil {
		return nil, err
	}
	var packages []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, p)
	}
}

// report makes each complaint an error of the test.
func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, complaint := range complaints {
		t.Error(complaint)
	}
}

// wantOne says that a planted violation was caught, by exactly one complaint that
// contains want.
func wantOne(t *testing.T, complaints []string, want string) {
	t.Helper()
	if len(complaints) != 1 || !strings.Contains(complaints[0], want) {
		t.Errorf("complaints %q, want one that says %q", complaints, want)
	}
}
