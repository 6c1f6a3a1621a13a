package subprocess

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// How much of a child's standard error is kept.
const (
	lastBytes  = 4 << 10
	lastLines  = 20
	crashBytes = 8 << 10
	frames     = 10 // of the goroutine that has crashed
)

// stderrTail keeps the end of what a child writes to its standard error, and passes all of it on.
type stderrTail struct {
	to io.Writer

	mu    sync.Mutex
	kept  []byte
	crash []byte // how it begins what the Go runtime says when it gives up
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

// notice keeps what a Go program says first when it gives up: stacks of all goroutines follow that
// are longer than what is kept. The runtime writes it in pieces, the beginning of a line in one.
func (t *stderrTail) notice(p []byte) {
	for _, begins := range []string{"panic: ", "fatal error: ", "SIG"} {
		at := bytes.Index(p, []byte(begins))
		if at < 0 || at > 0 && p[at-1] != '\n' || begins == "SIG" && len(t.crash) > 0 {
			continue
		}
		p, t.crash = p[at:], []byte{} // the newest counts: one that was recovered from may be logged
		break
	}
	if t.crash != nil {
		t.crash = append(t.crash, p[:min(len(p), crashBytes-len(t.crash))]...)
	}
}

// String is the last lines, after those which say why and where the program gave up if they are not
// among them.
func (t *stderrTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.end()
	lines := strings.Split(strings.ToValidUTF8(string(t.crash), "?"), "\n")
	if strings.Contains(end, lines[0]) {
		return end
	}
	return excerpt(lines) + "\n...\n" + end
}

// excerpt is what matters in the dump of a program that crashed: why, and the stack of the goroutine
// that ran, without what belongs to the runtime.
func excerpt(dump []string) string {
	dump[0] = dump[0][:min(len(dump[0]), lastBytes/4)]
	all := dump[:1:1]
	at := slices.IndexFunc(dump, func(line string) bool {
		return strings.HasPrefix(line, "goroutine ") && strings.Contains(line, " [running")
	})
	if at < 0 {
		return dump[0]
	}
	all = append(all, dump[at])
	for at++; at+1 < len(dump) && dump[at] != "" && len(all) < 2+2*frames; at += 2 {
		if function := strings.TrimPrefix(dump[at], "internal/"); strings.HasPrefix(function, "runtime.") ||
			strings.HasPrefix(function, "runtime/") {
			continue
		}
		place, _, _ := strings.Cut(dump[at+1], " fp=") // and what else is of use to the runtime only
		all = append(all, dump[at], place)
	}
	return strings.Join(all, "\n")
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
