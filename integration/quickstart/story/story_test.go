package story_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/integration/quickstart/story"
)

func TestLinesStandInColumns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := story.New(&out, false)
		s.Tell("you", "placed %s", "order-1")
		time.Sleep(1230 * time.Millisecond)
		s.Tell("server", "done")
		s.Say("that is %d%%", 100)
		want := "  0.00s  you      placed order-1\n" +
			"  1.23s  server   done\n" +
			"that is 100%\n"
		if out.String() != want {
			t.Errorf("told\n%swant\n%s", out.String(), want)
		}
	})
}

func TestReceiptStandsInColumns(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	story.New(&out, false).Receipt("Receipt", [][2]string{{"to", "Bern"}, {"überprüft", "Ada"}})
	want := "\nReceipt\n  to         Bern\n  überprüft  Ada\n"
	if out.String() != want {
		t.Errorf("told\n%swant\n%s", out.String(), want)
	}
}

func TestSpansAreDrawnOnOneScale(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	var out strings.Builder
	story.New(&out, false).Spans([]story.Span{
		{What: "charge", Who: "worker", Took: 160 * ms, Note: "activity"},
		{What: "pack", Who: "worker", From: 160 * ms, Took: 80 * ms},
		{What: "carry", Who: "worker", From: 160 * ms, Took: 160 * ms},
		{What: "ping", Who: "you", From: 320 * ms},
	})
	want := "\nWhere the time went  (320 ms in all, by the server's history)\n" +
		"  charge    160 ms  ================                  activity\n" +
		"  pack       80 ms                  ========\n" +
		"  carry     160 ms                  ================\n" +
		"  ping        0 ms                                 =\n"
	if out.String() != want {
		t.Errorf("told\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	story.New(&out, false).Spans(nil)
	if !strings.Contains(out.String(), "0 ms in all") {
		t.Errorf("no spans are told as %q", out.String())
	}
}

func TestColourIsOnlyWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	for _, colour := range []bool{false, true} {
		var out strings.Builder
		s := story.New(&out, colour)
		s.Tell("you", "x")
		s.Receipt("R", [][2]string{{"a", "b"}})
		s.Spans([]story.Span{{What: "w", Took: time.Second, Note: "n"}})
		if got := strings.Contains(out.String(), "\x1b["); got != colour {
			t.Errorf("colour %t: escape sequences %t in %q", colour, got, out.String())
		}
	}
}

func TestColourfulWantsATerminal(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	plain, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	// A device of characters, as a terminal is; there is no terminal in a test.
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	tests := []struct {
		name string
		file *os.File
		env  map[string]string
		want bool
	}{
		{"a file", plain, map[string]string{"TERM": "xterm"}, false},
		{"a terminal", device, map[string]string{"TERM": "xterm"}, true},
		{"NO_COLOR", device, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
		{"a dumb terminal", device, map[string]string{"TERM": "dumb"}, false},
		{"no terminal at all", device, nil, false},
	}
	for _, tt := range tests {
		if got := story.Colourful(tt.file, env(tt.env)); got != tt.want {
			t.Errorf("%s: Colourful is %t, want %t", tt.name, got, tt.want)
		}
	}
}

// whole fails the test when one write is not one line.
type whole struct {
	io.Writer

	t *testing.T
}

func (w whole) Write(b []byte) (int, error) {
	if strings.Count(string(b), "\n") != 1 || b[len(b)-1] != '\n' {
		w.t.Errorf("a write of %q is not one line", b)
	}
	return len(b), nil
}

func TestTellersDoNotMix(t *testing.T) {
	t.Parallel()
	s := story.New(whole{t: t}, true)
	var tellers sync.WaitGroup
	for range 8 {
		tellers.Go(func() {
			for range 100 {
				s.Tell("worker", "a line")
			}
		})
	}
	tellers.Wait()
}

func ExampleNew() {
	s := story.New(os.Stdout, story.Colourful(os.Stdout, os.Getenv))
	s.Receipt("Receipt", [][2]string{{"paid", "44.00 EUR"}, {"to", "3 New Street, Bern"}})
	// Output:
	// Receipt
	//   paid  44.00 EUR
	//   to    3 New Street, Bern
}
