package machine

import (
	"cmp"
	"slices"
	"time"
	"unique"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Task is one workflow task as the server gave it, without its history.
type Task struct {
	// PreviousStartedID is the WorkflowTaskStarted of the last task that was
	// completed; zero for the first.
	PreviousStartedID int64
	// StartedID is the WorkflowTaskStarted of this task; zero if it only asks
	// queries.
	StartedID int64
	// Messages are the update requests that came with the task.
	Messages []*protocolpb.Message
	// Queries are answered at the end.
	Queries []runner.Query
}

// An Answer is what the server is told.
type Answer struct {
	Commands []*commandpb.Command
	Messages []*protocolpb.Message
	Flags    []uint32
	Answers  []runner.Answer
	// Closed says that the run has ended with this task.
	Closed bool
	// Heartbeat says that local activities go on: the server is to give out the
	// next task at once.
	Heartbeat bool
	// VersioningBehavior is that of the run, as of this task.
	VersioningBehavior enumspb.VersioningBehavior
}

// Next says what a machine needs.
type Next uint8

// What [Machine.Next] asks of its driver.
const (
	// NeedHistory: call Feed with the next page of events.
	NeedHistory Next = iota + 1
	// Activate: give the activation to the instance, then call Apply.
	Activate
	// Done: the task is processed; call Answer.
	Done
	// AwaitLocal: the task waits for local activities. Do what Locals says, then
	// call EndLocal when one has ended, or Heartbeat to wait in another task.
	AwaitLocal
)

// A Machine follows one workflow run. The zero value is ready.
type Machine struct {
	*turn   // the task that it works at; nil while the run waits
	closed  bool
	last    int64 // WorkflowTaskStarted of the last task begun
	handled int64 // last event cut in the turns before

	messageCommands bool // history records commands for messages
	sdk             unique.Handle[SDK]
	owed            []uint32 // flags in force that history has lost

	activities activities
	timers     timers
	children   children
	signals    externals
	cancels    externals
	updates    updates

	locals      locals
	taskTimeout time.Duration
}

// A turn is what a machine knows while it works at one task. It refers to the
// history of that, so a run that waits has none.
type turn struct {
	task    Task
	reader  reader
	chunks  [2]chunk
	current *chunk  // in chunks, or nil
	ahead   *chunk  // in chunks, or nil
	noMore  bool    // the reader has no other chunk
	asked   bool    // the queries of the task were handed out
	active  *active // in acting; nil if there is none
	acting  active
	answer  Answer
	ended   *runner.LocalResult // the next step of a live task
}

// active is the workflow task that code works at: an activation, and further
// steps if local activities end in it.
type active struct {
	started  int64
	awaited  bool // a completion is
	live     bool // its commands are the task's answer
	expected []*historypb.HistoryEvent
	compare  bool
	sdk      SDK
	locals   []runner.Marker    // how local activities of this task ended
	done     *runner.Completion // what all its steps did
	own      bool               // done was made here
}

// SDK is the library that completed a workflow task.
type SDK = runner.SDK

// SDK returns the library that history has recorded last; zero if none.
func (m *Machine) SDK() SDK {
	if m.sdk == (unique.Handle[SDK]{}) {
		return SDK{}
	}
	return m.sdk.Value()
}

// LastStarted returns the id of the WorkflowTaskStarted event of the last task
// that was begun: history for the next one may begin with the event after it.
func (m *Machine) LastStarted() int64 { return m.last }

// acts makes a the task that code works at.
func (t *turn) acts(a active) {
	t.acting = a
	t.active = &t.acting
}

// Forget takes back the last task, which the server has discarded together
// with its events: to is the WorkflowTaskStarted that counts again. Call it before
// Rest.
func (m *Machine) Forget(to int64) {
	m.last = to
	m.reader.handled -= 2 // its WorkflowTaskScheduled and WorkflowTaskStarted
	// The flags it began to use stay in force: history must hear of them later.
	m.owed = slices.Clone(m.answer.Flags)
}

// Begin starts a task. Feed it history unless it only asks queries of a run
// that is up to date.
func (m *Machine) Begin(t Task) {
	m.Rest()
	m.turn = &turn{task: t, reader: reader{handled: m.handled, until: t.StartedID}}
	if t.StartedID != 0 {
		m.last = t.StartedID
	}
}

// Rest ends the task that was begun, also if it has failed, and lets go of all
// that only that has needed. Until Begin is called again there is nothing to ask
// but SDK, LastStarted, TaskTimeout and Closed.
func (m *Machine) Rest() {
	if m.turn != nil {
		m.handled = m.reader.handled
		m.turn, m.locals.waiting = nil, false
	}
}

// Feed gives the next page of events; last says that there is no other.
func (m *Machine) Feed(events []*historypb.HistoryEvent, last bool) error {
	if m.turn == nil {
		return malformed("history came without a task")
	}
	return m.reader.feed(events, last)
}

// Next returns the next activation, or says what is needed first.
func (m *Machine) Next() (*runner.Activation, Next, error) {
	if m.turn == nil {
		return nil, 0, malformed("an activation was asked for without a task")
	}
	if m.closed {
		return m.finish()
	}
	if a := m.step(); a != nil {
		return a, Activate, nil
	}
	if m.current == nil && !m.noMore && !m.load(&m.current) {
		return nil, NeedHistory, nil
	}
	if m.current == nil {
		return m.finish()
	}
	if m.ahead == nil && !m.noMore && !m.load(&m.ahead) {
		return nil, NeedHistory, nil
	}
	a, err := m.activation()
	if err != nil {
		return nil, 0, err
	}
	m.current, m.ahead = m.ahead, nil
	if !a.Run && len(a.Items) == 0 {
		m.active = nil
		return m.Next()
	}
	return a, Activate, nil
}

// load cuts the next chunk; it returns false if more history is needed.
func (m *Machine) load(into **chunk) bool {
	c := &m.chunks[0]
	if c == m.current {
		c = &m.chunks[1]
	}
	some, ok := m.reader.next(c)
	if some {
		*into = c
	}
	m.noMore = ok && !some
	return ok
}

// finish hands out the queries once, then there is nothing left.
func (m *Machine) finish() (*runner.Activation, Next, error) {
	if m.locals.waiting {
		return nil, AwaitLocal, nil
	}
	if m.asked || len(m.task.Queries) == 0 {
		return nil, Done, nil
	}
	m.asked = true
	m.acts(active{awaited: true})
	return &runner.Activation{Queries: m.task.Queries}, Activate, nil
}

// activation builds what the current chunk tells the workflow.
func (m *Machine) activation() (*runner.Activation, error) {
	c := m.current
	completion := c.completion()
	a := &runner.Activation{Flags: completion.GetSdkMetadata().GetLangUsedFlags()}
	m.recorded(c)
	if c.started != nil {
		attr := c.started.GetWorkflowTaskStartedEventAttributes()
		a.Run = true
		a.StartedID = c.started.GetEventId()
		a.Time = c.started.GetEventTime().AsTime()
		a.HistoryLength = a.StartedID
		a.HistorySize = attr.GetHistorySizeBytes()
		a.ContinueAsNewSuggested = attr.GetSuggestContinueAsNew()
		a.ContinueAsNewReasons = attr.GetSuggestContinueAsNewReasons()
		a.TargetVersionChanged = attr.GetTargetWorkerDeploymentVersionChanged()
		a.BuildID = buildID(completion)
		a.BinaryChecksum = completion.GetBinaryChecksum() //nolint:staticcheck // old histories have it
		a.Replaying = a.StartedID <= m.task.PreviousStartedID
		m.locals.newTask()
	}
	m.acts(active{
		started: a.StartedID,
		awaited: true,
		live:    !a.Replaying && a.StartedID != 0 && a.StartedID == m.task.StartedID,
	})
	if a.Replaying {
		a.SDK = m.SDK()
		m.active.sdk = a.SDK
		if c.completed != nil && m.ahead != nil {
			m.active.expected, m.active.compare = m.ahead.commands(m.messageCommands), true
		}
	}
	if m.ahead != nil {
		a.Markers, m.active.locals = m.ahead.markers()
	}
	messages, err := m.messages(c, a)
	if err != nil {
		return nil, err
	}
	if err := m.items(a, c, messages); err != nil {
		return nil, err
	}
	if c.started == nil {
		// What follows the last task: code runs only for a query to see it, if it
		// is more than what the task itself has caused.
		a.Run = slices.ContainsFunc(a.Items, func(i runner.Item) bool { return !i.Replaying })
	}
	return a, nil
}

// recorded keeps what history says of the library that ran a chunk.
func (m *Machine) recorded(c *chunk) {
	said, known := c.completion().GetSdkMetadata(), m.SDK()
	m.messageCommands = m.messageCommands || slices.Contains(said.GetLangUsedFlags(), protocolMessageCommand)
	now := SDK{Name: cmp.Or(said.GetSdkName(), known.Name), Version: cmp.Or(said.GetSdkVersion(), known.Version)}
	if now != known {
		m.sdk = unique.Make(now) // few libraries run many runs
	}
}

// protocolMessageCommand is the SDK flag of runs that have commands for messages.
const protocolMessageCommand = 3

// Apply takes the completion of the activation that Next returned.
func (m *Machine) Apply(c *runner.Completion) error {
	if m.turn == nil || m.active == nil || !m.active.awaited {
		return malformed("a completion came without an activation")
	}
	if c.Failure != nil {
		return malformed("the completion of a task that failed cannot be applied")
	}
	act := m.active
	act.awaited = false
	m.answer.Answers = append(m.answer.Answers, c.Answers...)
	m.closed = m.closed || c.Closed
	all := act.add(c)
	if act.compare && (len(act.locals) == 0 || m.closed) {
		if nd := compare(all, act.expected); nd != nil {
			return m.explained(nd, act)
		}
	}
	m.command(c)
	if act.live {
		m.answer.Commands = all.Commands
		m.answer.Messages = all.Messages
		m.answer.Flags = append(m.answer.Flags, m.owed...)
		m.answer.Flags = append(m.answer.Flags, c.Flags...)
		m.owed = nil
		m.answer.Closed = c.Closed
		m.locals.waiting = len(m.locals.open) > 0 && !m.closed
		m.answer.VersioningBehavior = c.VersioningBehavior
	}
	return nil
}

// add takes the completion of one step and returns that of all of them so far.
func (act *active) add(c *runner.Completion) *runner.Completion {
	switch {
	case act.done == nil:
		act.done = c
		return c
	case !act.own:
		act.own = true // what was handed over is not changed
		act.done = &runner.Completion{
			Commands: slices.Clone(act.done.Commands), Messages: slices.Clone(act.done.Messages),
		}
	}
	act.done.Commands = append(act.done.Commands, c.Commands...)
	act.done.Messages = append(act.done.Messages, c.Messages...)
	return act.done
}

// command tells the machines what the workflow asked for.
func (m *Machine) command(c *runner.Completion) {
	for i, cmd := range c.Commands {
		m.activities.command(cmd, len(c.Commands)-i)
		m.timers.command(cmd)
		m.others(cmd)
	}
	m.updates.sent(c.Messages)
	m.locals.apply(c)
}

// Answer returns what the server is to be told once Next has returned Done.
func (m *Machine) Answer() Answer {
	if m.turn == nil {
		return Answer{}
	}
	return m.answer
}

// Closed reports whether the workflow has returned.
func (m *Machine) Closed() bool { return m.closed }
