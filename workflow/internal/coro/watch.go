package coro

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
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
	current *Coroutine // whose stint it is or was
	// Converting and Exempt count the conversions of payloads that are going on,
	// the latter those that may take as long as they like.
	Converting, Exempt atomic.Int32

	helpers *Helpers               // nil while none may be asked for
	helper  atomic.Pointer[helper] // that helped last; nil while it does
	died    *Panic                 // what the last one died of that did

	mu    sync.Mutex
	names []named // of the coroutines whose name is not their number
	left  *Stuck  // set once; the goroutine that drives the run may read it without mu
}

type named struct {
	number int
	name   string
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
	if w == nil || w.stint.CompareAndSwap(c.stint, c.stint&^running) {
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

// call keeps the name of a new coroutine, unless that is its number.
func (w *Watch) call(number int, name string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names = append(w.names, named{number, name})
}

// forget drops the names of coroutines that have ended.
func (w *Watch) forget(ended func(number int) bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names = slices.DeleteFunc(w.names, func(n named) bool { return ended(n.number) })
}

func (w *Watch) nameOf(number int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.names {
		if n.number == number {
			return n.name
		}
	}
	return strconv.Itoa(number)
}

// A mark is an argument that the function carries which the goroutines of a run
// are in, so that they can be told from all others in a dump: a Watch, and the
// number of the coroutine. An array is passed in memory, so a dump shows it as
// it is and not what is left of it in a register.
type mark [2]uintptr

func (w *Watch) mark(number int) mark {
	return mark{reflect.ValueOf(w).Pointer(), uintptr(number)}
}

// maxDump is the size of the largest dump of all goroutines, in bytes.
const maxDump = 64 << 20

// look returns the name and the stack of the coroutine that is running, though
// it cannot be asked. The name is empty if it is one aside.
func (w *Watch) look() (name, stack string) {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= maxDump {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 4*len(buf))
	}
	number, stack := find(buf, w.mark(0)[0])
	if number == 0 {
		return "", stack
	}
	return w.nameOf(number), stack
}

// find looks in a dump for the goroutine that is in a function with the mark of
// id and is not parked. Below that function there is only machinery. If it is a
// helper, what asked for its help follows.
func find(dump []byte, id uintptr) (number int, stack string) {
	marked := regexp.MustCompile(fmt.Sprintf(
		`(?m)^\S*/coro\.\(\*(?:Coroutine\)\.body|helper\)\.(work))\(.*\{%#x, (0x[0-9a-f]+)\}`, id))
	for g := range bytes.SplitSeq(dump, []byte("\n\n")) {
		head, frames, _ := bytes.Cut(g, []byte("\n"))
		at := marked.FindSubmatchIndex(frames)
		if at == nil || bytes.Contains(head, []byte("[coroutine")) {
			continue
		}
		n, _ := strconv.ParseInt(string(frames[at[4]:at[5]]), 0, 64)
		stack := string(head) + "\n" + string(frames[:at[0]])
		if at[2] >= 0 {
			stack += helped(dump, id, int(n))
		}
		return int(n), stack
	}
	return 0, "its stack was not found in a dump of " + strconv.Itoa(len(dump)) + " bytes"
}

// helped returns the stack of a coroutine from where it asked for help.
func helped(dump []byte, id uintptr, number int) string {
	asked := regexp.MustCompile(fmt.Sprintf(`(?ms)^\S*/coro\.\(\*Watch\)\.Help\([^\n]*\n[^\n]*\n`+
		`(.*?)^\S*/coro\.\(\*Coroutine\)\.body\([^\n]*\{%#x, %#x\}`, id, number))
	for g := range bytes.SplitSeq(dump, []byte("\n\n")) {
		if found := asked.FindSubmatch(g); found != nil {
			return string(found[1])
		}
	}
	return ""
}
