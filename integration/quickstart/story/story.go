package story

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// whoWidth is the width of the column that says who did it.
const whoWidth = 7

// Story tells. Make one with [New]; its methods may be called from several
// goroutines.
type Story struct {
	colour bool
	began  time.Time

	mu sync.Mutex // guards to
	to io.Writer
}

// New begins a story: times are told from now. Whether it uses colour is for
// [Colourful] to say.
func New(to io.Writer, colour bool) *Story {
	return &Story{to: to, colour: colour, began: time.Now()}
}

// Colourful says whether to use colour on the file: only if it is a terminal that
// can, and not if the environment has NO_COLOR (https://no-color.org).
func Colourful(file *os.File, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" || getenv("TERM") == "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Tell writes one line: when it was, who did it, and what.
func (s *Story) Tell(who, format string, args ...any) {
	s.print(fmt.Sprintf("%s  %s  %s\n",
		s.dim(fmt.Sprintf("%6.2fs", time.Since(s.began).Seconds())),
		s.paint(colourOf(who), fmt.Sprintf("%-*s", whoWidth, who)),
		fmt.Sprintf(format, args...)))
}

// Say writes a line for itself.
func (s *Story) Say(format string, args ...any) {
	s.print(fmt.Sprintf(format, args...) + "\n")
}

// Receipt writes a title and what it holds, by name, in columns.
func (s *Story) Receipt(title string, fields [][2]string) {
	width := 0
	for _, f := range fields {
		width = max(width, len([]rune(f[0])))
	}
	var b strings.Builder
	b.WriteString("\n" + s.bold(title) + "\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "  %s  %s\n", s.dim(pad(f[0], width)), f[1])
	}
	s.print(b.String())
}

// barWidth is how many characters stand for the whole time.
const barWidth = 32

// Spans writes a table of what took how long, with bars on one scale, so that what
// happened at the same time stands side by side.
func (s *Story) Spans(spans []Span) {
	var total time.Duration
	width := 0
	for _, span := range spans {
		total = max(total, span.From+span.Took)
		width = max(width, len([]rune(span.What)))
	}
	var b strings.Builder
	b.WriteString("\n" + s.bold("Where the time went") +
		s.dim(fmt.Sprintf("  (%s in all, by the server's history)", millis(total))) + "\n")
	for _, span := range spans {
		drawn := bar(span, total)
		if span.Note == "" {
			drawn = strings.TrimRight(drawn, " ")
		}
		line := fmt.Sprintf("  %s  %8s  %s  %s", pad(span.What, width), millis(span.Took),
			s.paint(colourOf(span.Who), drawn), s.dim(span.Note))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	s.print(b.String())
}

// bar draws when the span was, on a scale of barWidth; the shortest has one mark.
func bar(span Span, total time.Duration) string {
	if total <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	scale := func(d time.Duration) int { return int(int64(d) * barWidth / int64(total)) }
	from := min(scale(span.From), barWidth-1)
	marks := max(1, min(scale(span.From+span.Took), barWidth)-from)
	return pad(strings.Repeat(" ", from)+strings.Repeat("=", marks), barWidth)
}

func millis(d time.Duration) string {
	if d >= 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len([]rune(text))))
}

func (s *Story) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.to, text)
}

// Colours of the terminal, as its escape sequences number them.
const (
	bold   = 1
	dim    = 2
	green  = 32
	yellow = 33
	blue   = 34
	cyan   = 36
)

func colourOf(who string) int {
	switch who {
	case "server":
		return blue
	case "worker":
		return green
	case "you":
		return yellow
	}
	return cyan
}

func (s *Story) bold(text string) string { return s.paint(bold, text) }
func (s *Story) dim(text string) string  { return s.paint(dim, text) }

func (s *Story) paint(colour int, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, text)
}
