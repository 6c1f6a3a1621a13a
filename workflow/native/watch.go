package native

import (
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/watchdog"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// watch runs the code of an instance where it can be left behind.
type watch struct {
	coro coro.Watch
	dog  *watchdog.Dog // nil if code may take as long as it likes
	done chan *stuck   // gets one value for each piece of work
	late chan struct{} // set when code was left behind; closed when that returns
}

// stuck is what the dog has seen.
type stuck struct {
	after       time.Duration
	name, stack string
}

// begin prepares the watch; code has limit to let go, without end if zero.
func (w *watch) begin(limit time.Duration) {
	w.done = make(chan *stuck, 1)
	if limit <= 0 {
		return
	}
	w.dog = watchdog.New(limit, &w.coro, func(after time.Duration) {
		s := &stuck{after: after}
		s.name, s.stack = w.coro.Stuck()
		w.coro.Abandon()
		w.late = make(chan struct{})
		w.done <- s
	})
}

// watched runs f on a goroutine of its own, since code that calls runtime.Goexit
// takes down the goroutine that runs it, and waits for it to return. If f is
// stuck it is left behind: all that it uses is its own then, until late is closed.
func (w *watch) watched(f func()) *stuck {
	if w.dog != nil {
		w.dog.Start()
	}
	go func() {
		defer func() {
			if w.dog == nil || w.dog.Done() {
				w.done <- nil
				return
			}
			close(w.late)
		}()
		w.coro.Enter(f)
	}()
	return <-w.done
}

// deadlocked makes the completion of a task whose code did not let go.
func (i *instance) deadlocked(s *stuck) *runner.Completion {
	name := s.name
	if name == "" {
		name = "none: a handler"
	}
	c := i.panicked(fmt.Sprintf("[TMPRL1101] Potential deadlock detected: "+
		"workflow goroutine %q didn't yield for over %s", name, s.after), s.stack)
	c.Failure.Panicked = true
	return c
}

// Close implements [runner.Instance].
func (i *instance) Close() {
	if i.ended {
		return
	}
	i.ended, i.broken = true, true
	switch {
	case i.late != nil:
		log := i.runner.logger(i.details)
		log.Warn("A workflow coroutine is still stuck: its run is evicted when it lets go")
		go func() {
			<-i.late
			i.end()
			log.Info("A workflow coroutine that was stuck has let go: its run is evicted")
		}()
	case i.env == nil:
	case i.runner.options.DisableSafeEviction:
		go i.end()
	default:
		if s := i.watched(i.end); s != nil {
			i.runner.logger(i.details).Warn(fmt.Sprintf("Workflow coroutine %q didn't exit within %v", s.name, s.after),
				"Reason", "a deferred function does not return; the rest of the run is evicted when it does",
				"StackTrace", s.stack)
		}
	}
}

// end runs the deferred functions of all coroutines and ends them.
func (i *instance) end() {
	if i.env == nil {
		return
	}
	// Deferred functions run as if in replay, so that what is guarded by it
	// does nothing.
	i.env.Replaying = true
	i.env.Executing = true
	i.env.Coroutines.Close()
	i.env.Executing = false
}
