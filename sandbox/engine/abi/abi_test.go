package abi_test

import (
	"slices"
	"testing"

	"github.com/mainspring-go/mainspring/sandbox/engine/abi"
)

func TestWhatIsServedCanBeCalledNatively(t *testing.T) {
	var order []string
	abi.Serve(
		func(request []byte) []byte { return append(request, " back"...) },
		func() { order = append(order, "first") },
		func() { order = append(order, "second") },
	)
	if got := string(abi.Call([]byte("there and"))); got != "there and back" {
		t.Errorf("the answer is %q", got)
	}
	abi.Warm()
	// Again, since collecting in between takes away what lies in pools.
	if want := []string{"first", "second", "first", "second"}; !slices.Equal(order, want) {
		t.Errorf("warmed %q, want %q", order, want)
	}
}
