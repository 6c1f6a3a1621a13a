package native

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// check says whether a definition can be run.
func check(def runner.Definition) error {
	if def.Func == nil && !def.Dynamic {
		return errByName
	}
	if def.Dynamic {
		return new(workflow.Registry).RegisterDynamicWorkflow(def.Func, workflow.DynamicRegisterOptions{})
	}
	return new(workflow.Registry).RegisterWorkflowWithOptions(def.Func,
		workflow.RegisterOptions{Name: def.Type})
}

// instance is one run. Its world exists from the first activation on.
type instance struct {
	runner  *Runner
	main    *workflow.Prepared
	details runner.Details
	env     *env.Env
	binding *workflow.Binding
	closed  bool // the close command has been made
	broken  bool // a task failed or it was closed: nothing runs any more
	ended   bool // by Close
	watch   coro.Watch
}

const unhandled = enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE

// errByName is for what only a runner that has workflows itself can run.
var errByName = errors.New("it is registered by name, and this runner runs Go functions: " +
	"register the function, or give the worker a WorkflowRunner that has the workflow")

var (
	errGoexit = errors.New("workflow code called runtime.Goexit: return an error instead")
	errBroken = errors.New("this run failed a workflow task and must be rebuilt from history")
	errNoRun  = errors.New("the first activation of a run must start it")
	errTwice  = errors.New("a run was started twice")
)

// Activate implements [runner.Instance].
func (i *instance) Activate(_ context.Context, a *runner.Activation) *runner.Completion {
	if i.broken { // what runs of it runs by itself
		return i.failed(unhandled, i.runner.options.FailureConverter.ErrorToFailure(errBroken))
	}
	if dogs := i.runner.dogs; dogs != nil {
		defer dogs.Watch(&i.watch).Done()
	}
	if apart {
		i.watch.Join(&i.runner.world.Helpers)
	}
	c := i.guarded(a)
	if s := i.watch.Left(); s != nil {
		c = i.deadlocked(s)
	} else {
		i.watch.Rest(!i.live())
	}
	if c.Failure != nil {
		i.broken = true
	}
	return c
}

// live reports whether the run has coroutines.
func (i *instance) live() bool { return i.env != nil && i.env.Coroutines.Live() > 0 }

// guarded turns a panic outside of coroutines, where what happened is applied,
// into a failed task.
func (i *instance) guarded(a *runner.Activation) (c *runner.Completion) {
	defer func() {
		if p := recover(); p != nil {
			c = i.codeFailed(p, string(debug.Stack()))
		}
	}()
	return i.activate(a)
}

func (i *instance) activate(a *runner.Activation) *runner.Completion {
	for _, f := range a.Flags {
		if !env.Flag(f).Known() {
			return i.panicked(&env.IllegalStateError{Message: fmt.Sprintf("unknown SDK flag: %d", f)}, "")
		}
	}
	if a.Trace && i.env != nil {
		i.env.Trace()
	}
	run := a.Run
	var err error
	if a.Local != nil {
		run, err = i.endLocal(a)
	} else {
		err = i.happen(a)
	}
	if err != nil {
		return i.fail(err)
	}
	if run {
		if c := i.run(a); c != nil {
			return c
		}
	}
	c := &runner.Completion{Closed: i.closed, VersioningBehavior: i.main.Definition.VersioningBehavior}
	for _, q := range a.Queries {
		answer, err := i.answer(q)
		if err != nil {
			return i.fail(err)
		}
		c.Answers = append(c.Answers, answer)
	}
	c.Commands, c.Messages = i.env.TakeCommands()
	c.Flags = i.env.TakeFlags()
	if a.Trace {
		c.Trace = &runner.Trace{Commands: i.env.Origins(c.Commands), Blocked: i.env.Coroutines.Stacks()}
	}
	i.env.TakeLocals(c)
	return c
}

// happen applies the items of an activation.
func (i *instance) happen(a *runner.Activation) error {
	if i.env != nil {
		i.env.AddFlags(a.Flags)
		if err := i.loadMarkers(a.Markers); err != nil {
			return err
		}
	}
	for _, item := range a.Items {
		if item.Start != nil {
			if err := i.begin(item.Start, item.Replaying, a); err != nil {
				return err
			}
			continue
		}
		if i.env == nil {
			return errNoRun
		}
		i.env.Replaying = item.Replaying
		if err := i.applied(item); err != nil {
			return err
		}
	}
	if i.env == nil {
		return errNoRun
	}
	return nil
}

// applied applies an item, aside if that is to call converters or interceptors.
func (i *instance) applied(item runner.Item) error {
	if item.Signal != nil && !i.runner.bare() || item.Resolve != nil && item.Resolve.Failure != nil {
		return i.aside(func() error { return i.apply(item) })
	}
	return i.apply(item)
}

func (i *instance) loadMarkers(markers []runner.Marker) error {
	if len(markers) > 0 {
		return i.aside(func() error { return i.env.LoadMarkers(markers) })
	}
	return i.env.LoadMarkers(nil)
}

func (i *instance) apply(item runner.Item) error {
	switch {
	case item.Signal != nil:
		return i.env.Hooks.Signal(item.Signal)
	case item.Resolve != nil:
		i.env.Resolve(item.Resolve)
	case item.Cancel != nil:
		i.env.Hooks.Cancel()
	case item.Update != nil:
		i.env.Hooks.Update(item.Update)
	case item.SearchAttributes != nil:
		i.env.SearchAttributesUpserted(item.SearchAttributes)
	case item.Memo != nil:
		i.env.MemoUpserted(item.Memo)
	case item.Reset != nil:
		i.env.Reset(item.Reset.RunID)
	}
	return nil
}

// begin starts the run.
func (i *instance) begin(s *runner.Start, replaying bool, a *runner.Activation) error {
	var err error
	if i.runner.bare() && !i.runner.world.Adapts {
		err = i.start(s, replaying, a)
	} else {
		err = i.aside(func() error { return i.start(s, replaying, a) })
	}
	if err != nil {
		return err
	}
	return i.loadMarkers(a.Markers)
}

// start makes the world of the run.
func (i *instance) start(s *runner.Start, replaying bool, a *runner.Activation) error {
	if i.env != nil {
		return errTwice
	}
	o := &i.runner.options
	about := converter.WorkflowSerializationContext{
		Namespace: i.details.Namespace, WorkflowID: i.details.WorkflowID,
	}
	e := &env.Env{
		Options:          &i.runner.world,
		Details:          &i.details,
		DataConverter:    converter.WithDataConverterSerializationContext(o.DataConverter, about),
		FailureConverter: converter.WithFailureConverterSerializationContext(o.FailureConverter, about),
	}
	e.Coroutines.Watch = &i.watch
	e.Replaying = replaying
	e.Now = s.Time
	e.Info.Started, e.Info.StartTime, e.Info.Attempt = s.Attributes, s.Time, s.Attributes.GetAttempt()
	e.Info.SearchAttributes, e.Info.Memo = s.Attributes.GetSearchAttributes(), s.Attributes.GetMemo()
	e.SeedRunID = s.Attributes.GetOriginalExecutionRunId()
	e.AddFlags(a.Flags)
	e.TryUse(env.ProtocolMessageCommand) // from the first event on, so that it never changes mid-run
	b, err := workflow.Bind(e, i.main, &i.runner.between)
	if err != nil {
		return err
	}
	i.env, i.binding = e, b
	if a.Trace {
		e.Trace()
	}
	return nil
}

// run lets the workflow's code run; it returns a completion if the task failed.
func (i *instance) run(a *runner.Activation) *runner.Completion {
	e := i.env
	if a.Time.After(e.Now) {
		e.Now = a.Time
	}
	e.Replaying, e.SDK = a.Replaying, a.SDK
	if a.StartedID > 0 { // else it is what follows the last task, seen by a query
		e.Info.HistoryLength, e.Info.HistorySize = a.HistoryLength, a.HistorySize
		e.Info.ContinueAsNewSuggested = a.ContinueAsNewSuggested
		e.Info.ContinueAsNewReasons = a.ContinueAsNewReasons
		e.Info.TargetVersionChanged = a.TargetVersionChanged
		e.Info.BuildID, e.Info.BinaryChecksum = a.BuildID, a.BinaryChecksum
		if !a.Replaying {
			e.Info.BuildID = i.runner.options.BuildID
		}
		if e.Info.BinaryChecksum == "" {
			e.Info.BinaryChecksum = i.runner.options.BuildID
		}
		e.StartTask(a.StartedID)
	}
	e.Executing = true
	died := e.Coroutines.Run()
	if i.watch.Left() != nil { // e is not ours any more
		return &runner.Completion{} // Activate says what has happened
	}
	e.Executing = false
	switch {
	case died != nil && died.Goexit:
		return i.fail(errGoexit)
	case died != nil:
		return i.died(died)
	}
	result, err, done := i.binding.Outcome()
	if !done || i.closed {
		return nil
	}
	i.closed = true
	i.binding.Abandoned()
	return i.emitClose(result, err)
}

// emitClose ends the run; it returns a completion if the task failed.
func (i *instance) emitClose(result *commonpb.Payloads, err error) *runner.Completion {
	emit := func() error {
		i.env.Emit(closeCommand(i.env, i.binding, result, err))
		return nil
	}
	if err == nil {
		_ = emit() // nothing can go wrong
		return nil
	}
	if err := i.aside(emit); err != nil {
		return i.fail(err)
	}
	return nil
}

// died ends the workflow for a panic if that is the user's will, else the task.
func (i *instance) died(p *coro.Panic) *runner.Completion {
	err, ok := p.Value.(error)
	if !ok {
		err = temporal.NewWorkflowPanicError(p.Value, p.Stack)
	}
	_, illegal := errors.AsType[*env.IllegalStateError](err)
	if illegal || i.closed || i.runner.options.FailWorkflow == nil {
		return i.codeFailed(p.Value, p.Stack)
	}
	fails := false
	if err := i.aside(func() error {
		fails = i.runner.options.FailWorkflow(i.main.Definition.Type, err)
		return nil
	}); err != nil {
		return i.fail(err)
	}
	if !fails {
		return i.codeFailed(p.Value, p.Stack)
	}
	i.closed = true
	return i.emitClose(nil, err)
}

// codeFailed makes the completion of a task whose code panicked, with what it
// had done before.
func (i *instance) codeFailed(p any, stack string) *runner.Completion {
	c := i.panicked(p, stack)
	if c.Failure == nil {
		return c
	}
	c.Failure.Panicked = true
	if i.env != nil {
		c.Commands, c.Messages = i.env.TakeCommands()
		c.Flags = i.env.TakeFlags()
	}
	return c
}

func (i *instance) answer(q runner.Query) (runner.Answer, error) {
	var a runner.Answer
	err := i.aside(func() error {
		result, err := i.env.Hooks.Query(&q)
		a = runner.Answer{ID: q.ID, Result: result}
		if err != nil {
			a.Error, a.Failure = err.Error(), i.convert(err)
		}
		return nil
	})
	if err != nil {
		return runner.Answer{}, err
	}
	return a, nil
}

// fail makes the completion of a task that failed with err.
func (i *instance) fail(err error) *runner.Completion {
	if errors.Is(err, errLeft) {
		return &runner.Completion{} // Activate says what has happened
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		return i.codeFailed(p.Value, p.Stack)
	}
	return i.failure(unhandled, err)
}

// panicked makes the completion of a task whose code panicked with value p.
func (i *instance) panicked(p any, stack string) *runner.Completion {
	cause := unhandled
	if err, ok := p.(error); ok {
		if _, illegal := errors.AsType[*env.IllegalStateError](err); illegal {
			cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
		}
	}
	return i.failure(cause, temporal.NewWorkflowPanicError(p, stack))
}

func (i *instance) failure(cause enumspb.WorkflowTaskFailedCause, err error) *runner.Completion {
	guarded := i.aside
	if i.watch.Left() != nil { // which can be only once
		guarded = inPlace
	}
	var f *failurepb.Failure
	switch died := guarded(func() error { f = i.convert(err); return nil }); {
	case errors.Is(died, errLeft):
		return &runner.Completion{} // Activate says what has happened
	case died != nil: // so does the converter
		f = temporal.GetDefaultFailureConverter().ErrorToFailure(err)
	}
	return i.failed(cause, f)
}

// convert is how the run converts errors that are none of the workflow's, which may take as long as a
// conversion may.
func (i *instance) convert(err error) *failurepb.Failure {
	i.watch.Converting.Add(1)
	defer i.watch.Converting.Add(-1)
	return i.runner.options.FailureConverter.ErrorToFailure(err)
}

func (*instance) failed(cause enumspb.WorkflowTaskFailedCause, f *failurepb.Failure) *runner.Completion {
	return &runner.Completion{Failure: &runner.TaskFailure{Cause: cause, Failure: f}}
}
