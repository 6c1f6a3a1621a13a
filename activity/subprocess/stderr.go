package subprocess

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// How much of a child's standard error is kept.
const (
	lastBytes = 4 << 10
	lastLines = 20
)

// stderrTail keeps the end of what a child writes to its standard error, and passes all of it on.
type stderrTail struct {
	to io.Writer

	mu     sync.Mutex
	kept   []byte
	crash  string // the first line of what the Go runtime says when it gives up
	noting bool   // it goes on
}

// Write never fails: a child must not die because nobody wants to read.
func (t *stderrTail) Write(p []byte) (int, error) {
	_, _ = t.to.Write(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notice(p)
	t.kept = append(t.kept, p...)
	if n := len(t.kept); n > 2*lastBytes {
		t.kept = append(t.kept[:0], t.kept[n-lastBytes:]...)
	}
	return len(p), nil
}

// notice keeps the line that says why a Go program gives up: stacks follow that are longer than
// what is kept. The runtime writes it in pieces, the beginning in one.
func (t *stderrTail) notice(p []byte) {
	if t.crash == "" {
		for _, begins := range []string{"panic: ", "fatal error: ", "SIG"} {
			at := bytes.Index(p, []byte(begins))
			if at > 0 && p[at-1] != '\n' {
				at = -1
			}
			if at >= 0 {
				p, t.noting = p[at:], true
				break
			}
		}
	}
	if !t.noting {
		return
	}
	line, _, whole := bytes.Cut(p, []byte{'\n'})
	t.crash += string(bytes.ToValidUTF8(line[:min(len(line), lastBytes/4)], []byte("?")))
	t.noting = !whole && len(t.crash) < lastBytes/4
}

// String is the last lines, after that which says why the program gave up if it is not among them.
func (t *stderrTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.end()
	if t.crash == "" || strings.Contains(end, t.crash) {
		return end
	}
	return t.crash + "\n...\n" + end
}

func (t *stderrTail) end() string {
	kept := t.kept
	if len(kept) > lastBytes {
		kept = kept[len(kept)-lastBytes:]
	}
	kept = bytes.TrimSpace(bytes.ToValidUTF8(kept, []byte("?")))
	at := len(kept)
	for range lastLines {
		if at = bytes.LastIndexByte(kept[:at], '\n'); at < 0 {
			return string(kept)
		}
	}
	return string(kept[at+1:])
}

// shared makes a writer of users fit for several children.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
