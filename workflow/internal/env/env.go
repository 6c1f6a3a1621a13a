package env

import (
	"strconv"
	"sync"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	protocolpb "go.temporal.io/api/protocol/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Options are what a runner gives all its runs; all are required.
type Options struct {
	// RootDataConverter and RootFailureConverter are what the converters for the
	// values of one workflow or activity are made of.
	RootDataConverter    converter.DataConverter
	RootFailureConverter converter.FailureConverter
	// Adapts says that those depend on whose values they are for.
	Adapts bool
	// NewLogger makes the logger of a run when there is something to log; workflow
	// code is silent while replaying.
	NewLogger func(d *runner.Details, attempt int32) log.Logger
	// LogInReplay says that workflow code logs also while it is replayed.
	LogInReplay bool
	// Metrics is what workflow code reports numbers to; it is silent while replaying.
	Metrics metrics.Handler
	// ActivityName resolves what a workflow gives as an activity.
	ActivityName func(activity any) (string, error)
	// LocalActivity resolves what a workflow gives as a local activity: to its
	// type, and to what [runner.LocalCall] hands on as the function.
	LocalActivity func(activity any) (name string, function any, err error)
	// WorkflowName resolves what a workflow gives as a workflow.
	WorkflowName func(workflow any) (string, error)
	// Helpers are those of the coroutines of all runs.
	Helpers coro.Helpers

	// Conversions and Spawnings are jobs that are over and can be used again.
	Conversions, Spawnings sync.Pool
}

// Hooks are what the authoring API does when something happens. Bind sets them.
type Hooks interface {
	Signal(s *runner.Signal) error
	Cancel()
	Update(u *runner.Update)
	Query(q *runner.Query) (*commonpb.Payloads, error)
	// MemoChanged is told of each new memo.
	MemoChanged(m *commonpb.Memo)
}

// Env is the world of one run. Many wait in a cache, so what few runs need is made
// when it is needed.
type Env struct {
	*Options
	Details *runner.Details
	// DataConverter and FailureConverter are for the values of this run.
	DataConverter    converter.DataConverter
	FailureConverter converter.FailureConverter

	Hooks Hooks
	Info  Info
	// Coroutines of the run.
	Coroutines coro.Dispatcher
	// Now is the workflow's clock.
	Now time.Time
	// SDK is the library that completed the current task, if history says so.
	SDK runner.SDK
	// SeedRunID is the run id that ids and random numbers are made from: that of
	// the original run, until history says that the run is a copy.
	SeedRunID string
	// Replaying is the replay flag of what is being processed.
	Replaying bool
	// ReadOnly is set while code runs that must not change the workflow.
	ReadOnly bool
	// Executing is set while coroutines run.
	Executing bool

	next     int64
	commands []*commandpb.Command
	messages []*protocolpb.Message
	logger   log.Logger              // nil until something is logged
	pending  map[pendingKey]*Pending // nil without any
	children map[string]*child       // by workflow id; nil without any
	flags    flags
	origins  map[*commandpb.Command]string // where commands were made; nil if nobody asks
	locals   *locals                       // nil without any

	versions    versions
	sideEffects sideEffects
	mutables    mutables
	randoms     map[string]*Random // nil if code asked for none
}

type pendingKey struct {
	kind runner.Kind
	id   string
}

// A Pending is something that a command started and no event has ended.
type Pending struct {
	// Ends is told when it has.
	Ends Ender

	key    pendingKey
	cancel *commandpb.Command // nil until it was asked for
}

// Logger returns the logger of the run.
func (e *Env) Logger() log.Logger {
	if e.logger == nil {
		e.logger = e.NewLogger(e.Details, e.Info.Attempt)
	}
	return e.logger
}

// await keeps p until what its key names has ended.
func (e *Env) await(p *Pending) {
	if e.pending == nil {
		e.pending = make(map[pendingKey]*Pending)
	}
	e.pending[p.key] = p
}

// StartTask begins a workflow task: started is the id of its
// WorkflowTaskStarted event. Commands that were made since the last task ended
// come first and move the ids of those to come.
func (e *Env) StartTask(started int64) {
	e.next = started + 2 + int64(len(e.commands))
}

// PeekID predicts the id of the event that the next command will cause.
func (e *Env) PeekID() int64 {
	e.skipVersions()
	if e.next == 0 {
		Mismatch("attempt to generate a command before processing WorkflowTaskStarted event")
	}
	return e.next
}

// Trace begins to write down where commands are made.
func (e *Env) Trace() { e.origins = make(map[*commandpb.Command]string) }

// Origins returns where the commands were made, if Trace was called before, and
// ends that.
func (e *Env) Origins(commands []*commandpb.Command) []string {
	out := make([]string, len(commands))
	for i, c := range commands {
		out[i] = e.origins[c]
	}
	e.origins = nil
	return out
}

// PeekName is PeekID in decimal, as things are named by it.
func (e *Env) PeekName() string { return strconv.FormatInt(e.PeekID(), 10) }

// Emit adds a command.
func (e *Env) Emit(c *commandpb.Command) {
	if e.origins != nil && e.Executing { // else no code makes it
		e.origins[c] = coro.Stack()
	}
	e.commands = append(e.commands, c)
	e.skipVersions()
	e.next++
}

// drop takes back a command if it was not sent; it reports whether it was not.
func (e *Env) drop(c *commandpb.Command) bool {
	for i, have := range e.commands {
		if have == c {
			e.commands = append(e.commands[:i], e.commands[i+1:]...)
			return true
		}
	}
	return false
}

// TakeCommands returns what was made since the last call.
func (e *Env) TakeCommands() ([]*commandpb.Command, []*protocolpb.Message) {
	c, m := e.commands, e.messages
	e.commands, e.messages = nil, nil
	return c, m
}

// Resolve ends something that a command started, if it has not ended before.
func (e *Env) Resolve(r *runner.Resolve) {
	switch r.Kind {
	case runner.ChildStart:
		e.childStarted(r)
		return
	case runner.Child:
		e.childClosed(r)
		return
	case runner.ChildCancel:
		e.childCancelAnswered(r)
		return
	default:
	}
	key := pendingKey{r.Kind, r.ID}
	p, ok := e.pending[key]
	if !ok {
		return
	}
	delete(e.pending, key)
	if p.cancel != nil { // if it was not sent yet, it need not be
		e.drop(p.cancel)
	}
	p.Ends.End(r.Result, r.Failure)
}

// cancel makes the request to cancel p, once and while p has not ended. The entry
// stays: should p end before the command is sent, the command must be taken back.
func (e *Env) cancel(p *Pending, request func() *commandpb.Command) {
	if p.cancel != nil || e.pending[p.key] != p {
		return
	}
	p.cancel = request()
	e.Emit(p.cancel)
}
