package compat_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/integration/compat"
)

func TestAttempt(t *testing.T) {
	t.Parallel()
	if err := compat.Attempt(t, func(testing.TB) {}); err != nil {
		t.Errorf("nothing went wrong: got %v", err)
	}
	err := compat.Attempt(t, func(t testing.TB) {
		t.Helper()
		t.Errorf("%s is bad", "this")
		t.Fatal("and that is the end")
		t.Error("unreachable")
	})
	if err == nil || err.Error() != "this is bad\nand that is the end" {
		t.Errorf("got %v, want both complaints", err)
	}
}
