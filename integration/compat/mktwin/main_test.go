package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The twin in the repository is that of the workflows beside it.
func TestTwinIsFresh(t *testing.T) {
	want, err := twins("../workflows", "sdkworkflows")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("../sdkworkflows/*.go")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]byte, len(names))
	for _, name := range names {
		if got[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run go generate in integration/compat: the twin is stale (-want +got):\n%s", diff)
	}
}

func TestTwin(t *testing.T) {
	t.Parallel()
	got, err := twin("in/a.go", []byte(`// Package in is one.
package in

import (
	"time"

	"github.com/mainspring-go/mainspring/workflow"
	c "github.com/mainspring-go/mainspring/temporal/converter"
)

// F sleeps.
func F(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Second) } // a moment

var _ c.DataConverter
`), "out")
	if err != nil {
		t.Fatal(err)
	}
	const want = `// Code generated from ../in/a.go by mktwin; DO NOT EDIT.

// Package in is one.
package out

import (
	"time"

	c "go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// F sleeps.
func F(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Second) } // a moment

var _ c.DataConverter
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("twin (-want +got):\n%s", diff)
	}
}

func TestTwinRefusesWhatTheSDKHasNot(t *testing.T) {
	t.Parallel()
	_, err := twin("in/a.go", []byte("package in\n\nimport _ \"github.com/mainspring-go/mainspring/sticky\"\n"), "out")
	if err == nil || !strings.Contains(err.Error(), "no counterpart") {
		t.Errorf("got error %v, want one that names the package", err)
	}
}

func TestWriteRemovesWhatHasNoTwin(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(from, "new.go"): "package in\n", filepath.Join(to, "old.go"): "package out\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(from, to); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(names) != 1 || filepath.Base(names[0]) != "new.go" {
		t.Errorf("the directory has %v (%v), want new.go alone", names, err)
	}
}
