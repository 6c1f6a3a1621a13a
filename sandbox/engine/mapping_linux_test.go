package engine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine"
)

// reserved counts the mappings that nobody may read, of the size in which an instance with the default
// limit looks for its place.
func reserved(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil {
			t.Fatal(err)
		}
		if mode == "---p" && to-from == (64+2)<<20 {
			n++
		}
	}
	return n
}

func TestAnInstanceThatCannotBeMappedIsCopied(t *testing.T) {
	file, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{MaxCallTime: time.Minute}
	if o.CacheDir, err = cache(); err != nil {
		t.Fatal(err)
	}
	before, places := holds(t), reserved(t)
	m, err := engine.Compile(t.Context(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	if mode, reason := m.Mode(); mode != engine.Mapped {
		t.Skip(reason)
	}
	mapped := start(t, m, engine.Host{})
	ask(t, mapped, "count")
	if err := engine.BreakMapping(m); err != nil {
		t.Fatal(err)
	}
	var copies []*engine.Instance
	for range 3 {
		i := start(t, m, engine.Host{})
		copies = append(copies, i)
		for want := 1; want <= 2; want++ {
			if got := ask(t, i, "count"); got != fmt.Sprint(want) {
				t.Errorf("a copy counted to %s, want %d", got, want)
			}
		}
		if got := ask(t, i, "eat 8"); got != "8" {
			t.Errorf("a copy ate %s", got)
		}
	}
	if got := ask(t, mapped, "count"); got != "2" {
		t.Errorf("one that was mapped before counted to %s, want 2", got)
	}
	for _, i := range append(copies, mapped) {
		i.Close()
	}
	if err := m.Close(t.Context()); err == nil {
		t.Error("the file was closed before, and closing it again says nothing")
	}
	if after := holds(t); after[0] != before[0] || after[1] != before[1] {
		t.Errorf("mappings and files are %v, were %v", after[:2], before[:2])
	}
	if n := reserved(t); n != places {
		t.Errorf("%d places are kept for mappings that failed", n-places)
	}
}
