package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestGoOutputIsSorted(t *testing.T) {
	t.Parallel()
	p := newProgress(&output{}, false)
	lines := []string{
		"go: downloading go.temporal.io/server v1.32.1", "internal/abi", "fmt",
		"go.temporal.io/server/common/log", "# example.com/broken", "./main.go:4:15: undefined: x", "",
	}
	// In pieces, as a pipe gives them.
	text := strings.Join(lines, "\r\n") + "\r\n"
	for i := 0; i < len(text); i += 7 {
		if _, err := p.Write([]byte(text[i:min(i+7, len(text))])); err != nil {
			t.Fatal(err)
		}
	}
	if p.packages != 3 || p.current != "go.temporal.io/server/common/log" {
		t.Errorf("%d packages, the last %q; want 3, the last common/log", p.packages, p.current)
	}
	want := "# example.com/broken\n./main.go:4:15: undefined: x"
	if got := p.complaints(); got != want {
		t.Errorf("complaints %q, want %q", got, want)
	}
}

func TestProgressIsToldInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		terminal bool
		took     time.Duration
		want     string
	}{
		{false, 40 * time.Second, "   15.0s     1 packages compiled  fmt\n" +
			"   30.0s     1 packages compiled  fmt\nBuilt in 40.0s.\n"},
		{false, 200 * time.Millisecond, ""},
		{true, 150 * time.Millisecond, "\r\x1b[K    0.1s     1 packages compiled  fmt\r\x1b[K"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("terminal %t for %v", tt.terminal, tt.took), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := &output{}
				p := newProgress(out, tt.terminal)
				p.begin()
				fmt.Fprintln(p, "fmt")
				time.Sleep(tt.took)
				p.end(true)
				_, got, _ := strings.Cut(out.String(), "\n")
				if got != tt.want {
					t.Errorf("told\n%q\nwant\n%q", got, tt.want)
				}
			})
		})
	}
}

func TestLongLinesAreCut(t *testing.T) {
	t.Parallel()
	p := newProgress(&output{}, true)
	p.began = time.Now()
	p.line("go.temporal.io/" + strings.Repeat("x", 200))
	if got := len([]rune(p.status())); got != lineWidth {
		t.Errorf("the line has %d characters, want %d", got, lineWidth)
	}
}
