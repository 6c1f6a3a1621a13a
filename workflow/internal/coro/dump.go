package coro

import (
	"bytes"
	"iter"
	"regexp"
	"runtime"
	"sync"
)

// A dumper makes dumps of all goroutines. All of them stand still meanwhile, so code that is
// stuck in many runs at once shares dumps, else a large process would stand still for as
// long as tasks have. The zero value is ready.
type dumper struct {
	turn sync.Mutex // of the one that makes a dump
	mu   sync.Mutex
	next *dump // that nobody has begun; nil if nobody waits for it
}

type dump struct {
	once sync.Once
	text []byte
}

var dumps dumper //nolint:gochecknoglobals // all goroutines are those of the process

// take returns a dump that was begun after the call.
func (d *dumper) take() []byte {
	d.mu.Lock()
	if d.next == nil {
		d.next = new(dump)
	}
	mine := d.next
	d.mu.Unlock()
	mine.once.Do(func() {
		d.turn.Lock()
		defer d.turn.Unlock()
		runtime.Gosched() // all that want one, too, ask first
		d.mu.Lock()
		d.next = nil
		d.mu.Unlock()
		mine.text = everything()
	})
	return mine.text
}

// maxDump is the size of the largest dump of all goroutines, in bytes: enough for some 100,000.
const maxDump = 256 << 20

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
