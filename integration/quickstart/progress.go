package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// redrawEvery is the pause between two states of the line on a terminal.
	redrawEvery = 100 * time.Millisecond
	// tellEvery is the pause between two lines where nothing can be drawn over.
	tellEvery = 15 * time.Second
	// quietFor is how long a build must take before it is worth a line.
	quietFor = 700 * time.Millisecond
	// lineWidth is how wide the line on a terminal may be.
	lineWidth = 78
)

// progress turns what go run -v says into a line that a person can follow. It is
// the writer of the go command's output.
type progress struct {
	to       io.Writer
	terminal bool

	began    time.Time
	finished chan struct{}
	stopped  sync.WaitGroup

	mu       sync.Mutex // guards what is below
	partial  []byte
	packages int
	current  string
	other    []string
}

func newProgress(to io.Writer, terminal bool) *progress {
	return &progress{to: to, terminal: terminal, finished: make(chan struct{})}
}

// begin prints the first line and starts to tell.
func (p *progress) begin() {
	p.began = time.Now()
	fmt.Fprintln(p.to, "Mainspring quickstart: building it, with a Temporal server inside. "+
		"The first time takes minutes.")
	p.stopped.Go(p.tell)
}

// end stops telling. It says how long it took, if that was long.
func (p *progress) end(built bool) {
	close(p.finished)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	if took := time.Since(p.began); built && took > quietFor {
		fmt.Fprintf(p.to, "Built in %s.\n", seconds(took))
	}
}

// complaints are the lines that were no progress: what the compiler said.
func (p *progress) complaints() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.other, "\n")
}

// Write implements io.Writer for the output of the go command.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.partial = append(p.partial, b...)
	for {
		i := bytes.IndexByte(p.partial, '\n')
		if i < 0 {
			return len(b), nil
		}
		p.line(strings.TrimRight(string(p.partial[:i]), "\r"))
		p.partial = p.partial[i+1:]
	}
}

// line sorts one line: a package that is being compiled, a module that is being
// fetched, or something to show if the build fails.
func (p *progress) line(text string) {
	fetched, fetching := strings.CutPrefix(text, "go: downloading ")
	switch {
	case fetching:
		p.current = "fetching " + fetched
	case isPackage(text):
		p.packages++
		p.current = text
	case text != "":
		p.other = append(p.other, text)
	}
}

// isPackage says whether the line is an import path and nothing else.
func isPackage(text string) bool {
	return text != "" && !strings.ContainsAny(text, " \t:#\"'()")
}

// tell prints where the build is, until it ends.
func (p *progress) tell() {
	every := tellEvery
	if p.terminal {
		every = redrawEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.finished:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.erase()
			fmt.Fprint(p.to, p.status())
			if !p.terminal {
				fmt.Fprintln(p.to)
			}
			p.mu.Unlock()
		}
	}
}

// status is the line; on a terminal it must not wrap.
func (p *progress) status() string {
	text := fmt.Sprintf("  %6s  %4d packages compiled  %s",
		seconds(time.Since(p.began)), p.packages, p.current)
	if runes := []rune(text); p.terminal && len(runes) > lineWidth {
		return string(runes[:lineWidth-1]) + "…"
	}
	return text
}

func (p *progress) erase() {
	if p.terminal {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// isTerminal says whether w can be drawn over.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
