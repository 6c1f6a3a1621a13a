package workflow

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// HandlerUnfinishedPolicy says what happens if a workflow returns while an
// update handler still runs.
type HandlerUnfinishedPolicy int

const (
	// HandlerUnfinishedPolicyWarnAndAbandon logs it.
	HandlerUnfinishedPolicyWarnAndAbandon HandlerUnfinishedPolicy = iota
	// HandlerUnfinishedPolicyAbandon does not.
	HandlerUnfinishedPolicyAbandon
)

// UpdateInfo tells a handler which update it runs for.
type UpdateInfo struct {
	// ID of the update.
	ID string
	// Name of the update.
	Name string
}

// UpdateHandlerOptions are the options of [SetUpdateHandlerWithOptions].
type UpdateHandlerOptions struct {
	// Validator decides whether an update is accepted: a function with the
	// parameters of the handler, or those after its Context, that returns an
	// error. It must not change anything and cannot block. What it rejects
	// leaves no trace in history.
	Validator any
	// UnfinishedPolicy applies if the workflow returns before the handler does.
	UnfinishedPolicy HandlerUnfinishedPolicy
	// Description is one line that the metadata query shows.
	Description string
}

type updateHandler struct {
	call        *callable
	validate    *callable
	policy      HandlerUnfinishedPolicy
	description string
}

// runningUpdate is an update that was accepted and has not ended.
type runningUpdate struct {
	info   UpdateInfo
	policy HandlerUnfinishedPolicy
}

// updates are the handlers of a run and the updates that wait for one.
type updates struct {
	run      *run
	handlers map[string]*updateHandler
	queued   []*runner.Update
	running  map[string]runningUpdate
}

// SetUpdateHandler handles updates of this name with handler, a function that
// takes a Context and any serializable parameters and returns an error, alone
// or after a result. Updates that arrived before it was set run first.
func SetUpdateHandler(ctx Context, updateName string, handler any) error {
	return SetUpdateHandlerWithOptions(ctx, updateName, handler, UpdateHandlerOptions{})
}

// SetUpdateHandlerWithOptions is [SetUpdateHandler] with options.
func SetUpdateHandlerWithOptions(
	ctx Context, updateName string, handler any, opts UpdateHandlerOptions,
) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SetUpdateHandler(ctx, updateName, handler, opts)
}

func (o rootOutbound) SetUpdateHandler(
	ctx Context, updateName string, handler any, opts UpdateHandlerOptions,
) error {
	r := o.run
	if err := checkHandlerName("update names starting with '__' are reserved for internal use",
		updateName); err != nil {
		return err
	}
	what := "handler of update " + updateName
	call, err := newCallable(handler, shape{what: what, context: true})
	if err != nil {
		return err
	}
	h := &updateHandler{call: call, policy: opts.UnfinishedPolicy, description: opts.Description}
	if opts.Validator != nil {
		h.validate, err = newCallable(opts.Validator, shape{what: "validator of update " + updateName, errorOnly: true})
		if err != nil {
			return err
		}
		if err := sameParameters(h.call, h.validate, updateName); err != nil {
			return err
		}
	}
	if r.updates.handlers == nil {
		r.updates.handlers = make(map[string]*updateHandler)
	}
	r.updates.handlers[updateName] = h
	if r.env.TryUse(env.PriorityUpdateHandling) {
		r.updates.release(updateName)
		coroutineOf(ctx).Yield("letting updates run that waited for their handler")
	}
	return nil
}

// sameParameters checks that a validator takes what its handler takes.
func sameParameters(handler, validator *callable, name string) error {
	h, v := handler.fn.Type(), validator.fn.Type()
	skip := 0
	if validator.takesCtx {
		skip = 1
	}
	same := v.NumIn()-skip == h.NumIn()-1
	for i := 1; same && i < h.NumIn(); i++ {
		same = h.In(i) == v.In(i-1+skip)
	}
	if !same {
		return fmt.Errorf("validator of update %s must take the parameters of its handler: handler is %s, validator is %s",
			name, h, v)
	}
	return nil
}

// GetCurrentUpdateInfo returns the update whose handler or validator runs in
// ctx, or nil.
func GetCurrentUpdateInfo(ctx Context) *UpdateInfo {
	return runOf(ctx).outbound.GetCurrentUpdateInfo(ctx)
}

func (rootOutbound) GetCurrentUpdateInfo(ctx Context) *UpdateInfo { return updateInfoOf(ctx) }

func updateInfoOf(ctx Context) *UpdateInfo {
	i, _ := ctx.Value(updateInfoKey).(*UpdateInfo)
	return i
}

// AllHandlersFinished reports whether no update handler is running: the thing
// to Await before a workflow returns or continues as new.
func AllHandlersFinished(ctx Context) bool { return len(runOf(ctx).updates.running) == 0 }

// update takes in an update request. Before any handler exists, it waits for one.
func (r *run) update(u *runner.Update) {
	if !r.env.TryUse(env.PriorityUpdateHandling) {
		r.spawn(r.root, u.Request.GetInput().GetName(), false, func(ctx Context) {
			if len(r.updates.handlers) == 0 {
				coroutineOf(ctx).Yield("waiting for an update handler")
			}
			r.updates.handle(ctx, u)
		})
		return
	}
	if len(r.updates.handlers) == 0 {
		r.updates.queued = append(r.updates.queued, u)
		r.env.Coroutines.Idle = r.updates.releaseAll
		return
	}
	r.updates.start(u)
}

func (us *updates) start(u *runner.Update) {
	us.run.spawn(us.run.root, u.Request.GetInput().GetName(), true, func(ctx Context) {
		us.handle(ctx, u)
	})
}

// release starts what waited for a handler of this name.
func (us *updates) release(name string) {
	var rest []*runner.Update
	for _, u := range us.queued {
		if u.Request.GetInput().GetName() == name {
			us.start(u)
			continue
		}
		rest = append(rest, u)
	}
	us.queued = rest
}

// releaseAll starts all that still waits when every coroutine is blocked: no
// handler will come, and the update learns so.
func (us *updates) releaseAll() bool {
	if len(us.queued) == 0 {
		return false
	}
	queued := us.queued
	us.queued = nil
	for _, u := range queued {
		us.start(u)
	}
	return true
}

// handle takes one update from request to outcome, in a coroutine of its own.
func (us *updates) handle(ctx Context, u *runner.Update) {
	e := us.run.env
	name := u.Request.GetInput().GetName()
	info := &UpdateInfo{ID: u.Instance, Name: name}
	ctx = WithValue(ctx, updateInfoKey, info)
	reject := func(err error) { e.RejectUpdate(u, e.FailureConverter.ErrorToFailure(err)) }
	ctx, err := us.run.received(ctx, u.Request.GetInput().GetHeader())
	if err != nil {
		reject(err)
		return
	}
	h, err := us.handler(name)
	if err != nil {
		reject(err)
		return
	}
	args, err := us.run.arguments(ctx, h.call, u.Request.GetInput().GetArgs())
	if err != nil {
		reject(fmt.Errorf("unable to decode the input for update %q: %w", name, err))
		return
	}
	in := &UpdateInput{Name: name, Args: args}
	// What history has accepted is not judged again.
	if !e.Replaying {
		if err := us.run.readOnly(func() error { return us.run.inbound.ValidateUpdate(ctx, in) }); err != nil {
			reject(err)
			return
		}
	}
	us.execute(ctx, u, h, func() (any, error) { return us.run.inbound.ExecuteUpdate(ctx, in) })
}

// handler returns the handler of updates of a name.
func (us *updates) handler(name string) (*updateHandler, error) {
	h, ok := us.handlers[name]
	if !ok {
		return nil, fmt.Errorf("unknown update %s. KnownUpdates=%v", name,
			slices.Sorted(maps.Keys(us.handlers)))
	}
	return h, nil
}

// guardValidator turns a panic of a validator into a rejection, except that a
// misuse of the workflow API fails the task.
func guardValidator(judge func() error) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if isMisuse(p) {
			panic(p) //nolint:forbidigo // it is not ours: it goes on its way
		}
		err = temporal.NewPanicError(fmt.Sprintf("update validator panic: %v", p), string(debug.Stack()))
	}()
	return judge()
}

func (us *updates) execute(ctx Context, u *runner.Update, h *updateHandler, call func() (any, error)) {
	e := us.run.env
	if us.running == nil {
		us.running = make(map[string]runningUpdate)
	}
	us.running[u.Instance] = runningUpdate{
		info: UpdateInfo{ID: u.Instance, Name: u.Request.GetInput().GetName()}, policy: h.policy,
	}
	defer delete(us.running, u.Instance)
	e.AcceptUpdate(u)
	result, err := call()
	if err == nil {
		payloads, encodeErr := encodeAnswer(e, converterOf(ctx), result)
		if encodeErr == nil {
			e.CompleteUpdate(u, payloads, nil)
			return
		}
		err = encodeErr
	}
	e.CompleteUpdate(u, nil, e.FailureConverter.ErrorToFailure(err))
}

// warnUnfinished says in the log which updates a workflow left behind.
func (us *updates) warnUnfinished() {
	if len(us.running) == 0 {
		return // most workflows: there is nothing to sort
	}
	var left []string
	for _, id := range slices.Sorted(maps.Keys(us.running)) {
		if u := us.running[id]; u.policy == HandlerUnfinishedPolicyWarnAndAbandon {
			left = append(left, u.info.Name+" (id "+id+")")
		}
	}
	if len(left) > 0 {
		us.run.log().Warn("[TMPRL1102] Workflow finished while update handlers are still running: "+
			"wait for them with workflow.Await and workflow.AllHandlersFinished", "Updates", left)
	}
}
