package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine"
)

// A guest that is stripped has its names from the table that Go's runtime has for its own traces.
func TestAGuestThatIsStrippedIsAsAnyOther(t *testing.T) {
	file, err := build("-ldflags=-s")
	if err != nil {
		t.Fatal(err)
	}
	m := compileFile(t, file, engine.Options{MaxCallTime: 5 * time.Second})
	if got := ask(t, start(t, m, engine.Host{}), "recover me"); got != "recovered me" {
		t.Errorf("it answers %q", got)
	}
	for request, says := range map[string]string{
		"panic in Elbonia": "panic: in Elbonia",
		"lock":             "all goroutines are asleep",
		"eat 80":           "Options.MemoryLimit",
		"spin":             "(in main.(*wheel).spin)",
		"getenv HOME":      `os.Getenv of "HOME" is forbidden`,
		"sleep":            "time.Sleep is forbidden",
		"listen :80":       "net.Listen is forbidden",
		"open /x":          `os.Open of "/x" is forbidden`,
	} {
		if _, err := start(t, m, engine.Host{}).Call(t.Context(), []byte(request)); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %q", request, err, says)
		}
	}
}

// A later version of Go may name its functions otherwise.
func TestAGuestWhoseRuntimeLacksWhatIsSkippedIsRefused(t *testing.T) {
	file, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	for name, symbol := range map[string]string{
		"runtime.usleep":                 "runtime.usleep",
		"runtime.__scavengerState_.wake": "runtime.(*scavengerState).wake",
	} {
		other := strings.ReplaceAll(string(file), name, name[:len(name)-1]+"_")
		_, err := engine.Compile(t.Context(), []byte(other), engine.Options{})
		if err == nil || !strings.Contains(err.Error(), "has no function "+symbol+",") ||
			!strings.Contains(err.Error(), "does not know the version of Go") {
			t.Errorf("without %s: %v", symbol, err)
		}
	}
}

// still is a guest whose random numbers, always seven, lie nowhere in its memory.
func still() []byte {
	section := func(id byte, body ...string) string {
		b := strings.Join(body, "")
		return string([]byte{id, byte(len(b))&0x7f | 0x80, byte(len(b) >> 7)}) + b
	}
	name := func(s string) string { return string([]byte{byte(len(s))}) + s }
	export := func(s string, index byte) string { return name(s) + string([]byte{0, index}) }
	return []byte("\x00asm\x01\x00\x00\x00" +
		section(1, "\x05", "\x60\x00\x00", "\x60\x00\x01\x7f", "\x60\x00\x01\x7e", "\x60\x01\x7f\x01\x7f", "\x60\x01\x7f\x01\x7e") +
		section(2, "\x01", name("wasi_snapshot_preview1"), name("sched_yield"), "\x00\x01") +
		section(3, "\x08\x00\x01\x00\x02\x03\x04\x03\x03") +
		section(5, "\x01\x00\x01") +
		section(6, "\x01\x7f\x01\x41\x00\x0b") +
		section(7, "\x06", export("_initialize", 1), export("mainspring_abi", 2), export("mainspring_warm", 3),
			export("mainspring_random", 4), export("mainspring_buffer", 5), export("mainspring_call", 6)) +
		section(10, "\x08", name("\x00\x0b"), name("\x00\x41\x01\x0b"), name("\x00\x0b"), name("\x00\x42\x07\x0b"),
			name("\x00\x41\x00\x0b"), name("\x00\x42\x00\x0b"), name("\x00\x41\x00\x0b"), name("\x00\x41\x00\x0b")) +
		section(0, name("name"), "\x01", name("\x02\x07"+name("runtime.usleep")+"\x08"+name("runtime.__scavengerState_.wake"))))
}

func TestAGuestWhoseRandomNumbersAreNotFoundIsRefused(t *testing.T) {
	_, err := engine.Compile(t.Context(), still(), engine.Options{})
	if err == nil || !strings.Contains(err.Error(), "would draw the same numbers") {
		t.Errorf("got %v", err)
	}
	m := compileFile(t, still(), engine.Options{Start: engine.StartFresh})
	if got := ask(t, start(t, m, engine.Host{}), ""); got != "" {
		t.Errorf("fresh, it answers %q", got)
	}
}
