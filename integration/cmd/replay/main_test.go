package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/mainspring-go/mainspring/workflow/replay/command"
)

// program is what main does, with the exit code.
func program(t *testing.T, args ...string) int {
	t.Helper()
	was := os.Args
	defer func() { os.Args = was }()
	os.Args = append([]string{"replay"}, args...)
	return run()
}

func TestStoredHistories(t *testing.T) {
	const stored = "../../compat/testdata"
	if code := program(t, stored); code != command.Same {
		t.Errorf("exit code %d for the stored histories", code)
	}
	text, err := os.ReadFile(filepath.Join(stored, "sdk", "timers.json"))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	changed := bytes.ReplaceAll(text, []byte(`"timerId":"`), []byte(`"timerId":"1`))
	if err := os.WriteFile(other, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := program(t, other); code != command.Differs {
		t.Errorf("exit code %d for a history with other timers", code)
	}
	if code := program(t, other+".none"); code != command.NotReplayed {
		t.Errorf("exit code %d for no history", code)
	}
}
