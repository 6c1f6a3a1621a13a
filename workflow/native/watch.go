package native

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// errLeft ends an activation whose code was left behind.
var errLeft = errors.New("code of this run did not let go")

// A panicError is what code died of that no coroutine ran.
type panicError struct{ *coro.Panic }

func (e *panicError) Error() string { return fmt.Sprint(e.Value) }

// aside runs f, which calls code of the user's though no coroutine runs, where it
// can be left behind. If it was, what f has written must not be read.
func (i *instance) aside(f func() error) error {
	if !apart {
		return inPlace(f)
	}
	var err error
	p := i.watch.Aside(func(*coro.Coroutine) { err = f() })
	switch {
	case i.watch.Left() != nil:
		return errLeft
	case p == nil:
		return err
	case p.Goexit:
		return errGoexit
	default:
		return &panicError{p}
	}
}

// inPlace runs f here. If it ends the goroutine, that is the end of the instance.
func inPlace(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{&coro.Panic{Value: v, Stack: string(debug.Stack())}}
		}
	}()
	return f()
}

// deadlocked makes the completion of a task whose code did not let go.
func (i *instance) deadlocked(s *coro.Stuck) *runner.Completion {
	name := s.Name
	if name == "" {
		name = "none: a handler"
	}
	c := i.panicked(fmt.Sprintf("[TMPRL1101] Potential deadlock detected: "+
		"workflow goroutine %q didn't yield for over %s", name, s.After), s.Stack)
	c.Failure.Panicked = true
	return c
}

// Close implements [runner.Instance].
func (i *instance) Close() {
	if i.ended {
		return
	}
	i.ended, i.broken = true, true
	if s := i.watch.Left(); s != nil {
		log := i.runner.logger(i.details)
		log.Warn("A workflow coroutine is still stuck: its run is evicted when it lets go")
		go func() {
			<-s.LetGo()
			i.end()
			log.Info("A workflow coroutine that was stuck has let go: its run is evicted")
		}()
		return
	}
	switch {
	case !i.live():
	case i.runner.options.DisableSafeEviction:
		go i.end()
	default:
		i.evict()
	}
}

// end runs the deferred functions of all coroutines and ends them.
func (i *instance) end() {
	if i.env == nil {
		i.watch.Rest(true)
		return
	}
	// Deferred functions run as if in replay, so that what is guarded by it
	// does nothing.
	i.env.Replaying, i.env.Executing = true, true
	for i.env.Coroutines.Close() != nil {
		// One did not end in time: it is waited for all the same.
	}
	i.watch.Rest(true)
}

// evict is end, except that it does not wait for what is stuck.
func (i *instance) evict() {
	if dogs := i.runner.dogs; dogs != nil {
		defer dogs.Watch(&i.watch).Done()
	}
	i.env.Replaying, i.env.Executing = true, true
	s := i.env.Coroutines.Close()
	if s == nil {
		i.watch.Rest(true)
		return
	}
	i.runner.logger(i.details).Warn(fmt.Sprintf("Workflow coroutine %q didn't exit within %v", s.Name, s.After),
		"Reason", "a deferred function does not return; the rest of the run is evicted when it does",
		"StackTrace", s.Stack)
	go func() {
		for i.env.Coroutines.Close() != nil {
			// Two cannot be: code is left behind once.
		}
		i.watch.Rest(true)
	}()
}
