package runner_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

func TestUnknownTypeError(t *testing.T) {
	for _, tt := range []struct {
		known []string
		want  string
	}{
		{nil, "unable to find workflow type: X. Supported types: []"},
		{[]string{"A"}, "unable to find workflow type: X. Supported types: [A]"},
		{[]string{"A", "B"}, "unable to find workflow type: X. Supported types: [A, B]"},
	} {
		if got := (&runner.UnknownTypeError{Type: "X", Known: tt.known}).Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	for k, want := range map[runner.Kind]string{runner.Activity: "activity", runner.Timer: "timer", 0: "unknown"} {
		if got := k.String(); got != want {
			t.Errorf("kind %d is %q, want %q", k, got, want)
		}
	}
}
