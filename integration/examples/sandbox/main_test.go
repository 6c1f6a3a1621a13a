package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/integration/examples/sandbox/flows"
	"github.com/mainspring-go/mainspring/sandbox"
	"github.com/mainspring-go/mainspring/sandbox/engine"
)

func TestProgram(t *testing.T) {
	module, err := compile(t.Context(), t.Output(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := module.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	t.Run("prints what the README says", func(t *testing.T) { testOutput(t, module) })
	t.Run("misdeeds end workflows where that is asked for", func(t *testing.T) { testEnds(t, module) })
}

func testOutput(t *testing.T, module *engine.Module) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := show(t.Context(), &out, module); err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(readme), "```text\n")
	want, _, _ = strings.Cut(want, "```\n")
	if got := out.String(); got != want {
		t.Errorf("printed:\n%s\nthe README says:\n%s", got, want)
	}
}

func testEnds(t *testing.T, module *engine.Module) {
	want := map[string]string{
		"reads a file":                     sandbox.Forbidden,
		"dials an address":                 sandbox.Forbidden,
		"reads the environment":            sandbox.Forbidden,
		"sleeps, but not in workflow time": sandbox.Forbidden,
		"exits":                            sandbox.Exit,
		"loops for ever":                   "PanicError",
		"takes too much memory":            sandbox.Memory,
		"waits for what never comes":       sandbox.Deadlock,
	}
	c, stop, err := startWorker(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, m := range flows.Misdeeds() {
		event, err := failed(t.Context(), c, "MisbehaveOnce", m.Name)
		if err != nil {
			t.Fatal(err)
		}
		got := event.GetWorkflowExecutionFailedEventAttributes().GetFailure().GetApplicationFailureInfo().GetType()
		if got != want[m.Name] {
			t.Errorf("a workflow that %s has %v, want that it fails with %s", m.Name, event, want[m.Name])
		}
	}
}
