package sandboxed_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sandbox"
	"github.com/mainspring-go/mainspring/sandbox/engine"
)

// guests are compiled once for all tests, since that takes seconds.
var guests = map[string]func() (*engine.Module, error){
	"suite":  sync.OnceValues(func() (*engine.Module, error) { return compile("./guests/suite") }),
	"compat": sync.OnceValues(func() (*engine.Module, error) { return compile("./guests/compat") }),
}

// compiled is one of the guests. It is left open for the other tests.
func compiled(t testing.TB, name string) *engine.Module {
	t.Helper()
	m, err := guests[name]()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func compile(pkg string) (*engine.Module, error) {
	dir, err := os.MkdirTemp("", "sandboxed")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "guest.wasm")
	c := exec.CommandContext(context.Background(), "go", "build", "-buildmode=c-shared", "-o", out, pkg)
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", c, err, said)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	// Machines that run tests may be slow.
	return engine.Compile(context.Background(), file, engine.Options{MaxCallTime: time.Minute})
}

// on returns a runner on a guest.
func on(t testing.TB, m *engine.Module) *sandbox.Runner {
	t.Helper()
	r, err := sandbox.New(t.Context(), m, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newRunner(t testing.TB, name string) *sandbox.Runner {
	t.Helper()
	return on(t, compiled(t, name))
}
