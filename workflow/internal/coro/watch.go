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

// A Watch lets another goroutine see how the coroutines of one run get on. All
// that a switch pays for it is to look at a flag. The zero value is ready; all
// methods but Enter and those of its Dispatcher may be called at any time.
type Watch struct {
	flags    atomic.Uint32
	switches atomic.Uint32
	// Converting and Exempt count the conversions of payloads that are going on,
	// the latter those that may take as long as they like.
	Converting, Exempt atomic.Int32

	mu    sync.Mutex
	names []named // of the coroutines whose name is not their number
}

type named struct {
	number int
	name   string
}

const (
	asked     = 1 << iota // count the next switch
	abandoned             // end at the next switch
)

// Ask asks for the next switch to be counted.
func (w *Watch) Ask() { w.flags.Or(asked) }

// Switches returns the number of switches that were asked for and have happened.
func (w *Watch) Switches() uint32 { return w.switches.Load() }

// Abandon makes Run return at the next switch: nobody waits for it any more.
func (w *Watch) Abandon() { w.flags.Or(abandoned) }

// switched is called at every switch; it reports whether to stop.
func (w *Watch) switched() bool {
	if w == nil || w.flags.Load() == 0 {
		return false
	}
	if w.flags.And(^uint32(asked))&asked != 0 {
		w.switches.Add(1)
	}
	return w.flags.Load()&abandoned != 0
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

// A mark is an argument that the functions carry which the goroutines of a run
// are in, so that they can be told from all others in a dump: a Watch, and the
// number of the coroutine. An array is passed in memory, so a dump shows it as
// it is and not what is left of it in a register.
type mark [2]uintptr

func (w *Watch) mark(number int) mark {
	return mark{reflect.ValueOf(w).Pointer(), uintptr(number)}
}

// Enter calls f, which runs the coroutines or applies what has happened to them.
func (w *Watch) Enter(f func()) { enter(w.mark(0), f) }

//go:noinline
func enter(m mark, f func()) {
	defer func() { _ = m }()
	f()
}

// maxDump is the size of the largest dump of all goroutines, in bytes.
const maxDump = 64 << 20

// Stuck returns the name and the stack of the coroutine that is running, though
// it cannot be asked. The name is empty if what runs is no coroutine.
func (w *Watch) Stuck() (name, stack string) {
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
// id and is not parked. Below that function there is only machinery.
func find(dump []byte, id uintptr) (number int, stack string) {
	stack = "its stack was not found in a dump of " + strconv.Itoa(len(dump)) + " bytes"
	marked := regexp.MustCompile(fmt.Sprintf(`(?m)^\S*/coro\.(?:\(\*Coroutine\)\.body|enter)\(.*\{%#x, (0x[0-9a-f]+)\}`, id))
	for g := range bytes.SplitSeq(dump, []byte("\n\n")) {
		head, frames, _ := bytes.Cut(g, []byte("\n"))
		at := marked.FindSubmatchIndex(frames)
		if at == nil || bytes.Contains(head, []byte("[coroutine")) {
			continue
		}
		n, _ := strconv.ParseInt(string(frames[at[2]:at[3]]), 0, 64)
		number, stack = int(n), string(head)+"\n"+string(frames[:at[0]])
		if number != 0 { // else it may be one that waits for a coroutine to end
			break
		}
	}
	return number, stack
}
