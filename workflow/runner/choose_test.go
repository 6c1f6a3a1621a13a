package runner_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

var errRefused = errors.New("refused")

// noting notes what it is asked for.
type noting struct {
	prepared, made []string
	refuses        bool
}

func (n *noting) Prepare(d runner.Definition) error {
	if n.refuses {
		return errRefused
	}
	n.prepared = append(n.prepared, d.Type)
	return nil
}

func (n *noting) NewInstance(d runner.Details) (runner.Instance, error) {
	n.made = append(n.made, d.WorkflowType)
	return nil, nil //nolint:nilnil // nobody uses it
}

func TestChoose(t *testing.T) {
	for _, dynamicIsFree := range []bool{false, true} {
		var sandboxed, unsandboxed noting
		c := runner.Choose(&sandboxed, &unsandboxed)
		for _, d := range []runner.Definition{
			{Type: "A"}, {Type: "B", Unsandboxed: true}, {Dynamic: true, Unsandboxed: dynamicIsFree},
		} {
			if err := c.Prepare(d); err != nil {
				t.Fatal(err)
			}
		}
		for _, workflowType := range []string{"A", "B", "C"} {
			if _, err := c.NewInstance(runner.Details{WorkflowType: workflowType}); err != nil {
				t.Fatal(err)
			}
		}
		want := [2][]string{{"A", "C"}, {"B"}}
		if dynamicIsFree {
			want = [2][]string{{"A"}, {"B", "C"}}
		}
		if !slices.Equal(sandboxed.made, want[0]) || !slices.Equal(unsandboxed.made, want[1]) {
			t.Errorf("the one made %q, the other %q, want %q", sandboxed.made, unsandboxed.made, want)
		}
	}
}

func TestChooseKnowsWhatWasPrepared(t *testing.T) {
	c := runner.Choose(new(noting), &noting{refuses: true})
	if err := c.Prepare(runner.Definition{Type: "free", Unsandboxed: true}); !errors.Is(err, errRefused) {
		t.Fatalf("got %v", err)
	}
	if err := c.Prepare(runner.Definition{Type: "A"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.NewInstance(runner.Details{WorkflowType: "free"})
	unknown, ok := errors.AsType[*runner.UnknownTypeError](err)
	if !ok || unknown.Type != "free" || !slices.Equal(unknown.Known, []string{"A"}) {
		t.Errorf("got %v", err)
	}
}
