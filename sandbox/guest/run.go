package guest

import (
	"context"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A run is the one that an instance of the guest is, once it has begun.
type run struct {
	program  *Program
	instance runner.Instance
	notes    []wire.Note
	answer   []byte
}

// serve answers a request.
func (r *run) serve(request []byte) []byte {
	if wire.IsDescribe(request) {
		return wire.AppendDescription(nil, r.program.describe())
	}
	a := r.do(request)
	a.Notes, r.notes = r.notes, nil
	out, err := wire.AppendAnswer(r.answer[:0], a)
	if err != nil { // such as text that is not UTF-8 in a command
		out, _ = wire.AppendAnswer(nil, &wire.Answer{Completion: failed(fmt.Errorf(
			"what the workflow did cannot be encoded: %w", err))}) // nothing is in it but text
	}
	r.answer = out
	return out
}

func (r *run) do(request []byte) *wire.Answer {
	q, err := wire.ParseRequest(request)
	if err != nil {
		return &wire.Answer{Error: err.Error()}
	}
	if q.Begin != nil {
		if a := r.begin(q.Begin); a != nil {
			return a
		}
	}
	if q.Activation == nil {
		return &wire.Answer{}
	}
	if r.instance == nil {
		return &wire.Answer{Error: "an activation of a run that has not begun"}
	}
	c := r.instance.Activate(context.Background(), q.Activation)
	if err := r.encodeLocals(c); err != nil {
		c = failed(err)
	}
	return &wire.Answer{Completion: c}
}

// begin makes the run; it returns an answer if it cannot.
func (r *run) begin(b *wire.Begin) *wire.Answer {
	if r.instance != nil {
		return &wire.Answer{Error: "a run that has begun begins again"}
	}
	def, ok := r.program.definition(b.Details.WorkflowType)
	if !ok {
		return &wire.Answer{Error: (&runner.UnknownTypeError{
			Type: b.Details.WorkflowType, Known: r.program.describe().Types,
		}).Error()}
	}
	n := r.program.native.With(func(o *native.Options) {
		o.Logger = r.logger(slog.Level(b.LogLevel))
		o.BuildID, o.EnableLoggingInReplay = b.BuildID, b.LogInReplay
		if b.Metrics {
			o.MetricsHandler = r.meter()
		}
	})
	if v := b.VersioningBehavior; v != enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED {
		def.VersioningBehavior = v
		def.Behavior = func(string) enumspb.VersioningBehavior { return v }
		if err := n.Prepare(def); err != nil {
			return &wire.Answer{Error: err.Error()}
		}
	}
	i, err := n.NewInstance(b.Details)
	if err != nil {
		return &wire.Answer{Error: err.Error()}
	}
	r.instance = i
	return nil
}

// encodeLocals puts the arguments of local activities into their requests: whoever runs them is
// not here.
func (r *run) encodeLocals(c *runner.Completion) error {
	caller, ok := r.instance.(runner.LocalCaller)
	if !ok {
		return nil
	}
	for n, l := range c.Locals {
		call, ok := caller.LocalCall(l.ID)
		if !ok || len(call.Args) == 0 {
			continue
		}
		by := call.DataConverter
		if by == nil {
			by = converter.MakeTransferAware(r.program.options.DataConverter)
		}
		args, err := by.ToPayloads(call.Args...)
		if err != nil {
			return fmt.Errorf("the arguments of local activity %s cannot be encoded, as they must be in a sandbox: %w", l.Type, err)
		}
		with := *l
		with.Args = args
		c.Locals[n] = &with
	}
	return nil
}

// failed is the completion of a task that failed with err.
func failed(err error) *runner.Completion {
	return &runner.Completion{Failure: &runner.TaskFailure{
		Cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
		Failure: temporal.GetDefaultFailureConverter().ErrorToFailure(err),
	}}
}
