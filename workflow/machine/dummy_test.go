package machine_test

import (
	"context"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A dummy answers activations with what it was told to, in order, and keeps
// what it was shown.
type dummy struct {
	answers []*runner.Completion
	seen    []*runner.Activation
}

func (d *dummy) Activate(_ context.Context, a *runner.Activation) *runner.Completion {
	d.seen = append(d.seen, a)
	if len(d.answers) == 0 {
		return &runner.Completion{}
	}
	c := d.answers[0]
	d.answers = d.answers[1:]
	return c
}

func (d *dummy) Close() {}
