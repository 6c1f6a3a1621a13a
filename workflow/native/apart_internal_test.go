package native

import (
	"errors"
	"strings"
	"testing"
)

func TestInPlace(t *testing.T) {
	if err := inPlace(func() error { return errNoRun }); !errors.Is(err, errNoRun) {
		t.Errorf("got %v", err)
	}
	p, ok := errors.AsType[*panicError](inPlace(func() error { panic("boom") }))
	if !ok || p.Value != "boom" || !strings.Contains(p.Stack, "TestInPlace") {
		t.Errorf("got %+v", p)
	}
}
