package wire

import (
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func activation(c *codec, a *runner.Activation) {
	c.boolean(&a.Run)
	integer(c, &a.StartedID)
	c.instant(&a.Time)
	c.boolean(&a.Replaying)
	integer(c, &a.HistoryLength)
	integer(c, &a.HistorySize)
	c.boolean(&a.ContinueAsNewSuggested)
	list(c, &a.ContinueAsNewReasons, integer)
	c.boolean(&a.TargetVersionChanged)
	c.text(&a.BuildID)
	c.text(&a.BinaryChecksum)
	c.text(&a.SDK.Name)
	c.text(&a.SDK.Version)
	list(c, &a.Flags, integer)
	list(c, &a.Markers, marker)
	list(c, &a.Items, item)
	optional(c, &a.Local, localResult)
	list(c, &a.Queries, query)
	c.boolean(&a.Trace)
}

func marker(c *codec, m *runner.Marker) {
	integer(c, &m.EventID)
	message(c, &m.Attributes)
	message(c, &m.SearchAttributes)
}

// A kind says which pointer of an item is set.
const (
	nothing uint8 = iota
	start
	resolve
	signal
	cancel
	update
	reset
	searchAttributes
	memo
)

func item(c *codec, i *runner.Item) {
	integer(c, &i.EventID)
	c.boolean(&i.Replaying)
	kind := kindOf(i)
	integer(c, &kind)
	switch kind {
	case nothing:
	case start:
		one(c, &i.Start, started)
	case resolve:
		one(c, &i.Resolve, resolved)
	case signal:
		one(c, &i.Signal, signaled)
	case cancel:
		one(c, &i.Cancel, func(c *codec, x *runner.Cancel) { c.text(&x.Cause) })
	case update:
		one(c, &i.Update, updated)
	case reset:
		one(c, &i.Reset, func(c *codec, r *runner.Reset) { c.text(&r.RunID) })
	case searchAttributes:
		message(c, &i.SearchAttributes)
	case memo:
		message(c, &i.Memo)
	default:
		c.malformed("an item of an unknown kind")
	}
}

func kindOf(i *runner.Item) uint8 {
	switch {
	case i.Start != nil:
		return start
	case i.Resolve != nil:
		return resolve
	case i.Signal != nil:
		return signal
	case i.Cancel != nil:
		return cancel
	case i.Update != nil:
		return update
	case i.Reset != nil:
		return reset
	case i.SearchAttributes != nil:
		return searchAttributes
	case i.Memo != nil:
		return memo
	default:
		return nothing
	}
}

// one is a pointer that is known to be set.
func one[T any](c *codec, p **T, of func(*codec, *T)) {
	if c.reading {
		*p = new(T)
	}
	of(c, *p)
}

func started(c *codec, s *runner.Start) {
	c.instant(&s.Time)
	message(c, &s.Attributes)
}

func resolved(c *codec, r *runner.Resolve) {
	integer(c, &r.Kind)
	c.text(&r.ID)
	c.text(&r.RunID)
	message(c, &r.Result)
	message(c, &r.Failure)
}

func signaled(c *codec, s *runner.Signal) {
	c.text(&s.Name)
	message(c, &s.Input)
	message(c, &s.Header)
	c.text(&s.Identity)
}

func updated(c *codec, u *runner.Update) {
	c.text(&u.Instance)
	c.text(&u.MessageID)
	integer(c, &u.SequencingID)
	message(c, &u.Request)
}

func localResult(c *codec, l *runner.LocalResult) {
	c.text(&l.ID)
	c.instant(&l.Time)
	integer(c, &l.Attempt)
	integer(c, &l.Backoff)
	message(c, &l.Result)
	message(c, &l.Failure)
	optional(c, &l.Marker, marker)
}

func query(c *codec, q *runner.Query) {
	c.text(&q.ID)
	c.text(&q.Type)
	message(c, &q.Args)
	message(c, &q.Header)
}
