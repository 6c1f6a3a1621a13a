package coro

import (
	"iter"
	"runtime/debug"
	"strings"
	"sync"
)

// A Job is what a coroutine wants to have done on another stack than its own.
type Job interface{ Do() }

// Helpers do the jobs of coroutines that need a large stack, so that those of the
// coroutines, of which there are many and which wait for long, stay as small as
// stacks are at first: they do not shrink to that again. Helpers are few and are used
// again. There are none while no run has coroutines. The zero value is ready; it may
// be used by many goroutines at once.
type Helpers struct {
	mu   sync.Mutex
	runs int // that may ask for help
	idle []*helper
}

// A helper is a coroutine that no dispatcher knows. Whoever has taken it hands over to it.
type helper struct {
	job  Job
	mark mark // of the coroutine whose job it is
	died *Panic
	next func() (struct{}, bool)
	stop func()
}

func newHelper() *helper {
	h := new(helper)
	h.next, h.stop = iter.Pull(func(yield func(struct{}) bool) {
		for h.work(h.mark); yield(struct{}{}); {
			h.work(h.mark)
		}
	})
	return h
}

// work does the job and keeps what it dies of: only here its stack can be read.
// Dumps show m.
//
//go:noinline
func (h *helper) work(m mark) {
	defer func() {
		_ = m
		if v := recover(); v != nil {
			h.died = &Panic{Value: v, Stack: string(debug.Stack())}
		}
	}()
	h.job.Do()
}

func (s *Helpers) take() *helper {
	var h *helper
	s.mu.Lock()
	if last := len(s.idle) - 1; last >= 0 {
		h, s.idle[last] = s.idle[last], nil
		s.idle = s.idle[:last]
	}
	s.mu.Unlock()
	if h == nil {
		h = newHelper()
	}
	return h
}

// put gives back one that was taken.
func (s *Helpers) put(h *helper) {
	s.mu.Lock()
	keep := s.runs > 0
	if keep {
		s.idle = append(s.idle, h)
	}
	s.mu.Unlock()
	if !keep {
		h.stop()
	}
}

func (s *Helpers) join() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
}

// leave takes back join. The last one ends the helpers.
func (s *Helpers) leave() {
	s.mu.Lock()
	var over []*helper
	if s.runs--; s.runs == 0 {
		over, s.idle = s.idle, nil
	}
	s.mu.Unlock()
	if len(over) > 0 {
		Unlocked(func() { // whoever ends a run may be locked to a thread
			for _, h := range over {
				h.stop()
			}
		})
	}
}

// Join lets the coroutines of w ask for help, until Rest. It is for the goroutine that
// drives the run, before its coroutines run.
func (w *Watch) Join(s *Helpers) {
	if w.helpers == nil {
		w.helpers = s
		s.join()
	}
	if w.helper.Load() == nil {
		w.helper.Store(s.take()) // here, where a stack is large
	}
}

// Rest gives back the helper that the coroutines of w have had; over says that they
// will not ask for one again, unless Join is called. It is for the goroutine that
// drives the run, while no coroutine runs and none is left behind.
func (w *Watch) Rest(over bool) {
	s := w.helpers
	if s == nil {
		return
	}
	if h := w.helper.Swap(nil); h != nil {
		s.put(h)
	}
	if over {
		w.helpers = nil
		s.leave()
	}
}

// Help does j on the stack of a helper, as if the coroutine that runs had called Do;
// if none does, it is called. A panic is the coroutine's, and so is the end of the
// goroutine. If the coroutine is left behind meanwhile, it is while it is being helped.
func (w *Watch) Help(j Job) {
	if w == nil || w.helpers == nil || w.Stint() == 0 {
		j.Do()
		return
	}
	h := w.helper.Swap(nil) // whoever has it has it alone
	if h == nil {
		h = w.helpers.take()
	}
	h.job, h.mark = j, w.mark(w.current.number)
	h.next()
	died := h.died
	h.job, h.died = nil, nil
	if !w.helper.CompareAndSwap(nil, h) {
		w.helpers.put(h)
	}
	if died != nil {
		w.pass(died)
	}
}

// pass panics with what a helper died of, in its stead.
//
//go:noinline
func (w *Watch) pass(died *Panic) {
	w.died = died
	panic(died.Value) //nolint:forbidigo // it is not ours: it goes on its way
}

// stack returns the stack of a coroutine that has panicked, below that of the helper
// if that is where it did.
func (w *Watch) stack() string {
	own := string(debug.Stack())
	if w == nil || w.died == nil || !strings.Contains(own, "/coro.(*Watch).pass(") {
		return own
	}
	return w.died.Stack + "\n" + own
}
