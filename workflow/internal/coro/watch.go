package coro

import (
	"bytes"
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"runtime"
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

// maxDump is the size of the largest dump of all goroutines, in bytes: enough for some 100,000.
const maxDump = 256 << 20

// look returns the stack of the coroutine that is running, though it cannot be asked.
func (w *Watch) look(c *Coroutine) string {
	dump := dumps.take()
	if stack := find(dump, w.mark(c.number)); stack != "" {
		return stack
	}
	return "its stack was not found in a dump of " + strconv.Itoa(len(dump)) + " bytes"
}

// everything returns the stacks of all goroutines, or as many as fit. All stand still
// meanwhile, so there is room for what they usually need at once.
func everything() []byte {
	size := 64<<10 + runtime.NumGoroutine()*3<<10
	for {
		buf := make([]byte, min(size, maxDump))
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) == maxDump {
			return buf[:n]
		}
		size = 4 * len(buf)
	}
}

// find returns the stack of the goroutine that is in a function with the mark and is
// not parked, empty if there is none. Below that function there is only machinery. If it
// is a helper, what asked for its help follows.
func find(dump []byte, m mark) string {
	marked := m.in(`^\S*/coro\.\(\*(?:Coroutine\)\.body|helper\)\.(work))\(.*`)
	for head, frames := range carrying(dump, m) {
		at := marked.FindSubmatchIndex(frames)
		if at == nil || bytes.Contains(head, []byte("[coroutine")) {
			continue
		}
		stack := string(head) + "\n" + string(frames[:at[0]])
		if at[2] >= 0 {
			stack += helped(dump, m)
		}
		return stack
	}
	return ""
}

// helped returns the stack of a coroutine from where it asked for help.
func helped(dump []byte, m mark) string {
	asked := m.in(`^\S*/coro\.\(\*Watch\)\.Help\([^\n]*\n[^\n]*\n((?s:.*?))^\S*/coro\.\(\*Coroutine\)\.body\(.*`)
	for _, frames := range carrying(dump, m) {
		if found := asked.FindSubmatch(frames); found != nil {
			return string(found[1])
		}
	}
	return ""
}

// String is the mark as dumps show it.
func (m mark) String() string { return fmt.Sprintf("{%#x, %#x}", m[0], m[1]) }

// in returns an expression of lines, the last of which ends with the mark.
func (m mark) in(lines string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)` + lines + regexp.QuoteMeta(m.String()))
}

// carrying yields the goroutines of a dump that carry the mark: the line that says how
// they are, and their frames. Dumps are large, so all others are skipped as mere bytes.
func carrying(dump []byte, m mark) iter.Seq2[[]byte, []byte] {
	text, apart := []byte(m.String()), []byte("\n\n")
	return func(yield func(head, frames []byte) bool) {
		for rest := dump; ; {
			at := bytes.Index(rest, text)
			if at < 0 {
				return
			}
			begin, end := bytes.LastIndex(rest[:at], apart)+len(apart), len(rest)
			if begin < len(apart) {
				begin = 0 // the first of all
			}
			if n := bytes.Index(rest[at:], apart); n >= 0 {
				end = at + n
			}
			head, frames, _ := bytes.Cut(rest[begin:end], []byte("\n"))
			if !yield(head, frames) {
				return
			}
			rest = rest[end:]
		}
	}
}
