package sandboxed_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/integration/sandboxed"
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
	file, err := sandboxed.Build(context.Background(), pkg)
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
