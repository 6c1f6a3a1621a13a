package workflow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/workflow"
)

func TestDeterministicKeys(t *testing.T) {
	if got := workflow.DeterministicKeys(map[int]bool{3: true, -1: false, 2: true}); !slices.Equal(got, []int{-1, 2, 3}) {
		t.Errorf("got %v", got)
	}
	if got := workflow.DeterministicKeys(map[string]int(nil)); got == nil || len(got) > 0 {
		t.Errorf("got %#v, want none", got)
	}
	type name struct{ first, last string }
	people := map[name]int{{"b", "x"}: 1, {"a", "y"}: 2, {"c", "w"}: 3}
	byLast := func(a, b name) int { return strings.Compare(a.last, b.last) }
	want := []name{{"c", "w"}, {"b", "x"}, {"a", "y"}}
	if got := workflow.DeterministicKeysFunc(people, byLast); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
