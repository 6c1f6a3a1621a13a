package runnertest_test

import (
	"context"
	"sync"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A flaw is what a broken runner does wrong, and which clause must find it.
type flaw struct {
	name, clause string
	// prepare stands in for Prepare, and unknown for NewInstance of an unknown type.
	prepare func(r *broken, def runner.Definition) error
	unknown func(r *broken, err error) (runner.Instance, error)
	details func(d *runner.Details)
	// before changes what goes in, and after what comes out.
	before func(i *brokenInstance, a *runner.Activation)
	after  func(i *brokenInstance, a *runner.Activation, c *runner.Completion)
	// close stands in for Close.
	close func(i *brokenInstance)
}

// broken is our own runner with a flaw. Without one it is what a runner looks
// like that has its workflows itself.
type broken struct {
	flaw
	inner     *native.Runner
	functions map[string]runner.Definition

	mu    sync.Mutex
	all   []*brokenInstance
	input runner.Item // of whoever started last
}

func newBroken(f flaw, known []runner.Definition) *broken {
	r := &broken{flaw: f, inner: native.New(native.Options{}), functions: make(map[string]runner.Definition)}
	for _, def := range known {
		r.functions[def.Type] = def
	}
	return r
}

func (r *broken) Prepare(def runner.Definition) error {
	if r.prepare != nil {
		return r.prepare(r, def)
	}
	if own, ok := r.functions[def.Type]; ok {
		def = own
	}
	return r.inner.Prepare(def)
}

func (r *broken) NewInstance(d runner.Details) (runner.Instance, error) {
	if r.details != nil {
		r.details(&d)
	}
	inner, err := r.inner.NewInstance(d)
	if err != nil && r.unknown != nil {
		return r.unknown(r, err)
	}
	if err != nil {
		return nil, err
	}
	i := &brokenInstance{Instance: inner, runner: r, details: d}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, i)
	return i, nil
}

type brokenInstance struct {
	runner.Instance
	runner  *broken
	details runner.Details

	// What flaws remember.
	failed, closed, ended bool
	flags                 []uint32
	commands              []*commandpb.Command
	answers               []runner.Answer
}

func (i *brokenInstance) LocalCall(id string) (runner.LocalCall, bool) {
	caller, ok := i.Instance.(runner.LocalCaller)
	if !ok {
		return runner.LocalCall{}, false
	}
	return caller.LocalCall(id)
}

func (i *brokenInstance) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	changed := *a
	if i.runner.before != nil {
		i.runner.before(i, &changed)
	}
	c := i.Instance.Activate(ctx, &changed)
	if i.runner.after != nil {
		i.runner.after(i, a, c)
	}
	return c
}

func (i *brokenInstance) Close() {
	if i.runner.close != nil {
		i.runner.close(i)
		return
	}
	i.Instance.Close()
}

// without leaves out the commands of a type.
func without(c *runner.Completion, t enumspb.CommandType) {
	var kept []*commandpb.Command
	for _, cmd := range c.Commands {
		if cmd.GetCommandType() != t {
			kept = append(kept, cmd)
		}
	}
	c.Commands = kept
}

// forgive takes a failed task for one in which nothing happened.
func forgive(c *runner.Completion) {
	if c.Failure != nil {
		*c = runner.Completion{}
	}
}

// ctx is that of activations that a flaw makes itself.
func (*broken) ctx() context.Context { return context.Background() }
