package coro

import (
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
)

// A Watch lets another goroutine see how the coroutines of one run get on, and
// leave one behind that does not let go. The zero value is ready; the methods say
// who may call them.
type Watch struct {
	// stint counts the times that a coroutine had its turn; its lowest bit is set
	// while one has. Who clears it, the coroutine that lets go or the one that
	// leaves it behind, decides how the stint ends.
	stint   atomic.Uint64
	current *Coroutine // whose stint it is
	// Converting and Exempt count the conversions of payloads that are going on,
	// the latter those that may take as long as they like.
	Converting, Exempt atomic.Int32

	helpers *Helpers               // nil while none may be asked for
	helper  atomic.Pointer[helper] // that helped last; nil while it does
	died    *Panic                 // what the last one died of that did

	mu   sync.Mutex
	left *Stuck // set once; the goroutine that drives the run may read it without mu
}

const running = 1 // the bit of a stint that goes on

// enter begins a stint of c, which runs.
func (w *Watch) enter(c *Coroutine) {
	if w == nil {
		return
	}
	w.current = c
	c.stint = w.stint.Load()&^running + 2 | running
	w.stint.Store(c.stint)
}

// leave ends the stint of c, which is about to let go. It returns how c was left
// behind if it was.
func (w *Watch) leave(c *Coroutine) *Stuck {
	if w == nil {
		return nil
	}
	if w.stint.CompareAndSwap(c.stint, c.stint&^running) {
		w.current = nil // it may end now, and the run wait for long
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left
}

// Stint returns a number that stays the same while one coroutine runs on, zero
// if none does. It may be called at any time.
func (w *Watch) Stint() uint64 {
	s := w.stint.Load()
	if s&running == 0 {
		return 0
	}
	return s
}

// Aside runs f as a coroutine that no dispatcher knows, so that it can be left
// behind. It returns what f died of. It is for the goroutine that drives the run,
// while no coroutine runs.
func (w *Watch) Aside(f func(*Coroutine)) *Panic {
	c := new(Coroutine)
	c.begin(0, "", w, f)
	c.resume()
	if w.Left() != nil {
		return nil
	}
	if c.exited {
		c.evict()
	}
	return c.panicked()
}

// A mark is an argument that the function carries which the goroutines of a run
// are in, so that they can be told from all others in a dump: a Watch, and the
// number of the coroutine. An array is passed in memory, so a dump shows it as
// it is and not what is left of it in a register.
type mark [2]uintptr

func (w *Watch) mark(number int) mark {
	return mark{reflect.ValueOf(w).Pointer(), uintptr(number)}
}

// String is the mark as dumps show it.
func (m mark) String() string { return fmt.Sprintf("{%#x, %#x}", m[0], m[1]) }

// look returns the stack of the coroutine that is running, though it cannot be asked.
func (w *Watch) look(c *Coroutine) string {
	dump := dumps.take()
	if stack := find(dump, w.mark(c.number)); stack != "" {
		return stack
	}
	return "its stack was not found in a dump of " + strconv.Itoa(len(dump)) + " bytes"
}
