package coro

import (
	"slices"
	"strings"
)

// A Dispatcher owns the coroutines of one workflow run. The zero value is ready.
type Dispatcher struct {
	// Idle is called when all coroutines are blocked; it reports whether it
	// made some coroutine that should still run. It may be nil.
	Idle func() bool
	// Watch shows others how the coroutines get on. It may be nil, and must not
	// change once there is a coroutine.
	Watch *Watch

	list    []*Coroutine
	eager   []*Coroutine
	created int
	endings *endings // nil until Close
}

// endings are those that Close is about.
type endings struct {
	stuck *Coroutine   // its end is not waited for any more
	rest  []*Coroutine // are to be ended after that one
}

// Go adds a coroutine at the end of the list. An empty name becomes the number
// of the coroutine. It runs for the first time in the current pass if there is one.
func (d *Dispatcher) Go(name string, f func(*Coroutine)) *Coroutine {
	c := new(Coroutine)
	d.GoIn(c, name, f)
	return c
}

// GoEager adds a coroutine that runs right after the one that runs now, or
// before all others when none does.
func (d *Dispatcher) GoEager(name string, f func(*Coroutine)) *Coroutine {
	c := new(Coroutine)
	d.GoEagerIn(c, name, f)
	return c
}

// GoIn is Go for who has a place for the coroutine: c must be zero.
func (d *Dispatcher) GoIn(c *Coroutine, name string, f func(*Coroutine)) {
	d.create(c, name, f)
	d.list = append(d.list, c)
}

// GoEagerIn is GoEager for who has a place for the coroutine: c must be zero.
func (d *Dispatcher) GoEagerIn(c *Coroutine, name string, f func(*Coroutine)) {
	d.create(c, name, f)
	d.eager = append(d.eager, c)
}

func (d *Dispatcher) create(c *Coroutine, name string, f func(*Coroutine)) {
	d.created++
	c.begin(d.created, name, d.Watch, f)
}

// Run resumes coroutines, pass after pass, until all are blocked or have ended.
// It returns the panic that ended one, if any; the others then stay where they are.
// If one is left behind it returns that nobody waits for it.
func (d *Dispatcher) Run() *Panic {
	if d.endings != nil {
		return &Panic{Value: "dispatcher is closed"}
	}
	for {
		progress, died := d.pass()
		switch {
		case died != nil:
			return died
		case progress:
		case d.Idle == nil || !d.Idle():
			return nil
		}
	}
}

func (d *Dispatcher) pass() (progress bool, died *Panic) {
	created := d.created
	d.admit(0)
	ended := false
	for i := 0; i < len(d.list); i++ {
		c := d.list[i]
		if c.wait == waitWake {
			continue
		}
		if c.resume() {
			progress = true
		}
		if d.Watch.Left() != nil {
			return false, &Panic{Value: "nobody waits for this run any more"}
		}
		if p := c.panicked(); p != nil {
			return false, p
		}
		ended = ended || c.done
		d.admit(i + 1)
	}
	if ended { // taken out together, so that many ends cost no more than one
		d.list = slices.DeleteFunc(d.list, func(c *Coroutine) bool { return c.done })
	}
	return progress || d.created != created, nil
}

// admit puts those that are eager into the list.
func (d *Dispatcher) admit(at int) {
	if len(d.eager) > 0 {
		d.list = slices.Insert(d.list, at, d.eager...)
		clear(d.eager) // else it would keep them when they have ended
		d.eager = d.eager[:0]
	}
}

// Live returns the number of coroutines that have not ended. No coroutine may
// be running.
func (d *Dispatcher) Live() int { return len(d.list) + len(d.eager) }

// Close ends all coroutines in list order, running their deferred functions.
// If those of one are left behind it returns that they are stuck; the next call
// waits for them and goes on. Otherwise it is idempotent. No coroutine may be
// running, and one that was left behind must have let go.
func (d *Dispatcher) Close() *Stuck {
	if d.endings == nil {
		d.endings = &endings{}
	}
	e := d.endings
	if e.stuck != nil {
		e.stuck.evict()
		e.stuck = nil
	}
	for {
		for len(e.rest) > 0 {
			c := e.rest[0]
			e.rest = e.rest[1:]
			if !c.evict() {
				e.stuck = c
				return d.Watch.Left()
			}
		}
		if d.Live() == 0 {
			return nil
		}
		// Also what deferred functions have made, which never starts.
		e.rest = slices.Concat(d.eager, d.list)
		d.eager, d.list = nil, nil
	}
}

// Stacks describes every live coroutine: its name, what it waits for and its
// stack, with a blank line between. No coroutine may be running.
func (d *Dispatcher) Stacks() string {
	var all []string
	for _, c := range slices.Concat(d.eager, d.list) {
		all = append(all, strings.TrimRight(c.describe(), "\n"))
	}
	return strings.Join(all, "\n\n")
}
