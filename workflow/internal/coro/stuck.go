package coro

import "time"

// Stuck is code that was left behind because it did not let go. The goroutine
// that drove it goes on, and must leave the run alone until the code has let go.
type Stuck struct {
	// After is for how long the code had not let go.
	After time.Duration
	// Name is that of its coroutine, empty for what was run aside.
	Name string
	// Stack is where it was.
	Stack string

	coroutine *Coroutine
	freed     chan struct{} // closed when the one that waited for it goes on
	letGo     chan struct{} // closed when the code has come to an end or to where it would block
	ending    chan struct{} // closed when it is to run its deferred functions
	ended     chan struct{} // closed when it has
}

// LetGo is closed when the code has let go. Then the run can be closed.
func (s *Stuck) LetGo() <-chan struct{} { return s.letGo }

// Left returns the code that was left behind, nil if there is none. It is for the
// goroutine that drives the run.
func (w *Watch) Left() *Stuck {
	if w == nil {
		return nil
	}
	return w.left
}

// Abandon leaves the coroutine of a stint behind, which has not let go for a
// while. It reports whether the stint still went on: then the caller must call
// free soon. Free makes the goroutine go on that waits for the coroutine, and
// waits for the coroutine in its place.
func (w *Watch) Abandon(stint uint64, after time.Duration) (free func(), ok bool) {
	w.mu.Lock()
	if !w.stint.CompareAndSwap(stint, stint&^running) {
		w.mu.Unlock()
		return nil, false
	}
	c := w.current
	s := &Stuck{
		After: after, coroutine: c, freed: make(chan struct{}),
		letGo: make(chan struct{}), ending: make(chan struct{}), ended: make(chan struct{}),
	}
	w.left = s
	w.mu.Unlock()
	s.Name, s.Stack = c.name(), w.look(c)
	return func() {
		if ended := c.evicting(); ended != nil {
			ended <- false
			return
		}
		// A coroutine hands over to whoever waits for it, and whoever hands over
		// waits from then on: so what c cannot do, its yield, is done here for it.
		c.yield(struct{}{})
	}, true
}

// wait is what the code does that has let go after all.
func (s *Stuck) wait() {
	close(s.letGo)
	<-s.ending
}

// end makes the code run its deferred functions, and waits for them.
func (s *Stuck) end() {
	if !s.coroutine.done {
		close(s.ending)
	}
	<-s.ended
}

// over is what the code does at its end.
func (s *Stuck) over(c *Coroutine) {
	if !c.evicted {
		<-s.freed // the caller of free waits for the end by then
		close(s.letGo)
	}
	close(s.ended)
}
