package verify_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

// A script is a runner whose first instance does one thing, and all others
// another.
type script struct {
	first, again *runner.Completion
	made, closed int
	err          error
}

func (*script) Prepare(runner.Definition) error { return nil }

func (s *script) NewInstance(runner.Details) (runner.Instance, error) {
	s.made++
	if s.made > 1 && s.err != nil {
		return nil, s.err
	}
	return &scripted{script: s, first: s.made == 1}, nil
}

type scripted struct {
	script *script
	first  bool
}

func (i *scripted) Activate(context.Context, *runner.Activation) *runner.Completion {
	if i.first {
		return i.script.first
	}
	return i.script.again
}

func (i *scripted) Close() { i.script.closed++ }

// Everything that a runner says is compared.
func TestEveryPartIsCompared(t *testing.T) {
	timer := &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_START_TIMER}
	type c = runner.Completion
	for _, tt := range []struct {
		name         string
		first, again c
		want         string
	}{
		{"same", c{Flags: []uint32{3}}, c{}, ""},
		{"flags", c{}, c{Flags: []uint32{4}}, "uses the SDK flags [4]"},
		{"more", c{}, c{Commands: []*commandpb.Command{timer}}, "first: nothing\n  again: StartTimer"},
		{"less", c{Commands: []*commandpb.Command{timer}}, c{}, "first: StartTimer (TimerId: )\n  again: nothing"},
		{"closed", c{Closed: true}, c{}, "first: has ended: true\n  again: has ended: false"},
		{
			"local activities",
			c{Locals: []*runner.LocalRequest{{ID: "1", Type: "a"}}},
			c{Locals: []*runner.LocalRequest{{ID: "1", Type: "b"}}},
			"first: local activity 1 of type a\n  again: local activity 1 of type b",
		},
		{"canceled", c{CanceledLocals: []string{"1"}}, c{}, `first: cancels local activities ["1"]`},
		{
			"failed",
			c{},
			c{Failure: &runner.TaskFailure{Failure: &failurepb.Failure{Message: "ouch"}}},
			"again: a task that fails: ouch",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{first: &tt.first, again: &tt.again}
			r, err := verify.New(s, verify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			i, err := r.NewInstance(runner.Details{})
			if err != nil {
				t.Fatal(err)
			}
			got := i.Activate(t.Context(), &runner.Activation{Run: true, StartedID: 3})
			switch {
			case tt.want == "" && got != s.first:
				t.Errorf("got %v, want the completion as it was", got)
			case tt.want != "" && !strings.Contains(message(got), tt.want):
				t.Errorf("got %v, want %q", got.Failure, tt.want)
			}
			i.Close()
			if s.made != 2 || s.closed != 2 {
				t.Errorf("%d instances were made and %d closed, want 2", s.made, s.closed)
			}
		})
	}
}

func message(c *runner.Completion) string {
	if c.Failure == nil {
		return ""
	}
	return c.Failure.Failure.GetMessage()
}

// A task that fails anyway, or a run that cannot be made again, is no surprise.
func TestFailures(t *testing.T) {
	failed := &runner.Completion{Failure: &runner.TaskFailure{Failure: &failurepb.Failure{Message: "ouch"}}}
	s := &script{first: failed}
	for _, want := range []string{"ouch", "the run cannot be made again: no more"} {
		r, err := verify.New(s, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		i, err := r.NewInstance(runner.Details{})
		if err != nil {
			t.Fatal(err)
		}
		got := i.Activate(t.Context(), &runner.Activation{Run: true, StartedID: 3})
		if !strings.Contains(message(got), want) {
			t.Errorf("got %v, want %q", got.Failure, want)
		}
		s = &script{first: &runner.Completion{}, err: errors.New("no more")}
	}
}
