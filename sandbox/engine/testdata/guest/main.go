// Guest does what it is asked to, good and bad: the first word of a request says what, the rest
// with what.
package main

import (
	"bytes"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine/abi"
)

// counter and kept are the state of the package, warmed is of the time before.
var (
	counter int
	kept    [][]byte
	warmed  = map[string]int{}
	inInit  = os.Getenv("HOME") + time.Now().UTC().Format(time.RFC3339)
	parked  = make(chan chan string)

	_ = abi.Serve(serve, func() {
		for i := range 1000 {
			warmed[strconv.Itoa(i)] = i
		}
	})
)

func main() {}

func serve(request []byte) []byte {
	verb, rest, _ := strings.Cut(string(request), " ")
	do := deeds()[verb]
	if do == nil {
		return []byte("no such verb: " + verb)
	}
	return []byte(do(rest))
}

func deeds() map[string]func(arg string) string {
	return map[string]func(string) string{
		"echo":    func(s string) string { return s },
		"count":   func(string) string { counter++; return strconv.Itoa(counter) },
		"warmed":  func(string) string { return strconv.Itoa(len(warmed)) },
		"init":    func(string) string { return inInit },
		"now":     func(string) string { return time.Now().UTC().Format(time.RFC3339Nano) },
		"since":   since,
		"crypto":  func(string) string { return crand.Text() },
		"math":    func(string) string { return strconv.FormatUint(rand.Uint64(), 16) },
		"range":   ranged,
		"print":   func(s string) string { fmt.Println(s); fmt.Fprint(os.Stderr, "half ", "a line"); return "" },
		"park":    park,
		"resume":  func(s string) string { answer := make(chan string); parked <- answer; return <-answer + s },
		"open":    func(s string) string { _, err := os.Open(s); return fmt.Sprint(err) },
		"stat":    func(s string) string { _, err := os.Stat(s); return fmt.Sprint(err) },
		"mkdir":   func(s string) string { return fmt.Sprint(os.Mkdir(s, 0o700)) },
		"remove":  func(s string) string { return fmt.Sprint(os.Remove(s)) },
		"getenv":  func(s string) string { return "got " + os.Getenv(s) },
		"environ": func(string) string { return fmt.Sprint(len(os.Environ())) },
		"stdin":   func(string) string { _, err := os.Stdin.Read(make([]byte, 1)); return fmt.Sprint(err) },
		"args":    func(string) string { return fmt.Sprint(len(os.Args)) },
		"dial":    func(s string) string { _, err := net.Dial("tcp", s); return fmt.Sprint(err) },
		"listen":  func(s string) string { _, err := net.Listen("tcp", s); return fmt.Sprint(err) },
		"lookup":  func(s string) string { _, err := net.LookupHost(s); return fmt.Sprint(err) },
		"sleep":   func(string) string { time.Sleep(time.Second); return "slept" },
		"after":   func(string) string { <-time.After(time.Minute); return "waited" },
		"exit":    func(s string) string { n, _ := strconv.Atoi(s); os.Exit(n); return "" },
		"panic":   func(s string) string { panic(s) },
		"nil":     func(string) string { var p *int; return strconv.Itoa(*p) },
		"recover": recovered,
		"recurse": func(string) string { return strconv.Itoa(recurse(0)) },
		"spin":    func(string) string { new(wheel).spin(); return "" },
		"wipe":    wipe,
		"noise":   noise,
		"shout":   shout,
		"busy":    busy,
		"lock":    func(string) string { var mu sync.Mutex; mu.Lock(); mu.Lock(); return "" },
		"eat":     eat,
		"garbage": garbage,
	}
}

func since(string) string {
	began := time.Now()
	return time.Since(began).String()
}

func ranged(string) string {
	var b strings.Builder
	for k := range map[int]int{1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0} {
		fmt.Fprint(&b, k, " ")
	}
	return b.String()
}

// park leaves a goroutine that waits for the next call.
func park(s string) string {
	go func() { (<-parked) <- s }()
	return ""
}

func recovered(s string) (answer string) {
	defer func() { answer = fmt.Sprint("recovered ", recover()) }()
	panic(s)
}

func recurse(n int) int {
	var big [1024]byte
	big[n%1024] = 1
	return recurse(n+1) + int(big[(n+1)%1024])
}

type wheel struct{ turns int }

//go:noinline
func (w *wheel) spin() {
	for i := 0; ; i++ {
		w.turns += i
	}
}

// wipe, noise and shout do much in each of few loops: so many, or for ever.
func wipe(times string) string {
	b := make([]byte, 24<<20)
	return again(times, func() { clear(b) })
}

func noise(times string) string {
	b := make([]byte, 24<<20)
	return again(times, func() { _, _ = crand.Read(b) })
}

func shout(times string) string {
	b := bytes.Repeat([]byte("loud\n"), 1<<20)
	return again(times, func() { _, _ = os.Stdout.Write(b) })
}

func again(times string, f func()) string {
	n, err := strconv.Atoi(times)
	for i := 0; err != nil || i < n; i++ {
		f()
	}
	return ""
}

// busy does the work of so many loops.
func busy(s string) string {
	n, _ := strconv.Atoi(s)
	sum := 0
	for i := range n {
		sum = mix(sum, i)
	}
	return strconv.Itoa(sum)
}

//go:noinline
func mix(a, b int) int { return a*31 + b }

// eat takes so many megabytes.
func eat(s string) string {
	n, _ := strconv.Atoi(s)
	for range n {
		kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
	}
	return strconv.Itoa(len(kept))
}

// garbage makes and forgets so many megabytes.
func garbage(s string) string {
	n, _ := strconv.Atoi(s)
	sum := 0
	for range n {
		b := make([]byte, 1<<20)
		sum += len(b)
	}
	return strconv.Itoa(sum)
}
