package machine

import (
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Local is a local activity that is to be run.
type Local struct {
	*runner.LocalRequest
	// Later says that code asked for it in an earlier workflow task than this.
	Later bool
}

// locals are the local activities that code has asked for and that have not ended.
type locals struct {
	open    []*local
	waiting bool // the task of the machine has come to where it waits for them
}

type local struct {
	Local
	canceled        bool
	told, toldAgain bool // the driver knows of the request, and of its cancellation
}

// newTask begins another workflow task, in history or live.
func (ls *locals) newTask() {
	for _, l := range ls.open {
		l.Later = true
	}
}

// apply takes what code did about local activities.
func (ls *locals) apply(c *runner.Completion) {
	if c.EndedLocal != "" {
		ls.open = slices.DeleteFunc(ls.open, func(l *local) bool { return l.ID == c.EndedLocal })
	}
	for _, r := range c.Locals {
		ls.open = append(ls.open, &local{Local: Local{LocalRequest: r}})
	}
	for _, id := range c.CanceledLocals {
		if l := ls.find(id); l != nil {
			l.canceled = true
		}
	}
}

func (ls *locals) find(id string) *local {
	for _, l := range ls.open {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// Locals returns what is to be done about local activities since the last call:
// those to start, and then those to cancel. How a canceled one ends is waited
// for like any other.
func (m *Machine) Locals() (start []Local, cancel []string) {
	for _, l := range m.locals.open {
		if !l.told {
			l.told = true
			start = append(start, l.Local)
		}
		if l.canceled && !l.toldAgain {
			l.toldAgain = true
			cancel = append(cancel, l.ID)
		}
	}
	return start, cancel
}

// EndLocal ends a local activity that the machine waits for; Next then returns
// what the workflow is to know of it. One that nobody waits for is ignored.
func (m *Machine) EndLocal(r *runner.LocalResult) {
	if m.locals.waiting && m.locals.find(r.ID) != nil {
		m.ended = r
	}
}

// Heartbeat ends the task although local activities go on: they are waited for
// in the next one, which the answer asks the server for.
func (m *Machine) Heartbeat() {
	if m.locals.waiting {
		m.locals.waiting = false
		m.answer.Heartbeat = true
	}
}

// TaskTimeout returns how long a workflow task of this run may take.
func (m *Machine) TaskTimeout() time.Duration { return m.taskTimeout }

// step is the next step of the task that the last activation began: code goes
// on after each local activity that ended in it, in the order of history or,
// if the task is live, of their ends. It is nil if there is none.
func (m *Machine) step() *runner.Activation {
	act := m.active
	switch {
	case act == nil:
		return nil
	case len(act.locals) > 0:
		marker := act.locals[0]
		act.locals = act.locals[1:]
		act.awaited = true
		return &runner.Activation{
			Run: true, Replaying: true, SDK: act.sdk, Local: &runner.LocalResult{Marker: &marker},
		}
	case act.live && m.ended != nil:
		r := m.ended
		m.ended = nil
		act.awaited = true
		return &runner.Activation{Run: true, Time: r.Time, Local: r}
	default:
		return nil
	}
}
