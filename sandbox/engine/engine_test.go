package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine"
)

// guest is the guest of testdata, built once.
var guest = sync.OnceValues(func() ([]byte, error) { return build() })

// build builds it with more flags.
func build(flags ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sandbox")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "guest.wasm")
	args := append([]string{"build", "-buildmode=c-shared", "-o", out}, flags...)
	cmd := exec.CommandContext(context.Background(), "go", append(args, "./testdata/guest")...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", cmd, err, said)
	}
	return os.ReadFile(out)
}

// cache is where tests keep compiled code, so that only the first compiles.
var cache = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv(unmapped); dir != "" {
		return dir, nil
	}
	return os.MkdirTemp("", "sandbox-cache")
})

// unmapped has tests run as on a system that cannot map memory, and says where compiled code is.
const unmapped = "SANDBOX_TEST_UNMAPPED"

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := cache(); err == nil && os.Getenv(unmapped) == "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func TestAllOfItWhereMemoryCannotBeMapped(t *testing.T) {
	if os.Getenv(unmapped) != "" {
		t.Skip("this is it")
	}
	m := compile(t, engine.Options{}) // so that the code is there
	if mode, reason := m.Mode(); mode != engine.Mapped {
		t.Skip(reason)
	}
	dir, err := cache()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.timeout=10m", "-test.skip=Refused|Checked|Stripped|SaysWhy")
	cmd.Env = append(os.Environ(), unmapped+"="+dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestASystemThatCannotMapMemorySaysWhy(t *testing.T) {
	m := compile(t, engine.Unmapped(engine.Options{}, errors.New("it has no memfd")))
	if mode, reason := m.Mode(); mode != engine.Copied || reason != "it has no memfd" {
		t.Errorf("the mode is %s: %s", mode, reason)
	}
}

// compile compiles the guest for the test.
func compile(t testing.TB, options engine.Options) *engine.Module {
	t.Helper()
	file, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	return compileFile(t, file, options)
}

func compileFile(t testing.TB, file []byte, options engine.Options) *engine.Module {
	t.Helper()
	var err error
	if options.CacheDir, err = cache(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv(unmapped) != "" {
		options = engine.Unmapped(options, errors.New("a test has it so"))
	}
	if options.MaxCallTime == 0 {
		options.MaxCallTime = time.Minute // machines that run tests may be slow
	}
	m, err := engine.Compile(t.Context(), file, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return m
}

func start(t testing.TB, m *engine.Module, host engine.Host) *engine.Instance {
	t.Helper()
	i, err := m.Start(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

// ask calls the guest, and fails the test when that fails.
func ask(t testing.TB, i *engine.Instance, request string) string {
	t.Helper()
	answer, err := i.Call(t.Context(), []byte(request))
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	return string(answer)
}

// starts are all ways to start.
var starts = map[string]struct {
	start engine.Start
	mode  engine.Mode
}{
	"snapshot": {engine.StartSnapshot, engine.Mapped},
	"copied":   {engine.StartCopied, engine.Copied},
	"fresh":    {engine.StartFresh, engine.Fresh},
}

func TestInstancesAreWhatTheGuestWasWhenItStarted(t *testing.T) {
	for name, s := range starts {
		t.Run(name, func(t *testing.T) {
			m := compile(t, engine.Options{Start: s.start})
			mode, reason := m.Mode()
			if mode != s.mode && (mode != engine.Copied || reason == "") {
				t.Errorf("the mode is %s (%s), want %s", mode, reason, s.mode)
			}
			host := engine.Host{Random: strings.NewReader(strings.Repeat("random", 100))}
			first, second := start(t, m, host), start(t, m, host)
			for want := 1; want <= 3; want++ {
				if got := ask(t, first, "count"); got != fmt.Sprint(want) {
					t.Errorf("the first counted to %s, want %d", got, want)
				}
			}
			if got := ask(t, second, "count"); got != "1" {
				t.Errorf("the second counted to %s, want 1", got)
			}
			if got := ask(t, second, "warmed"); got != "1000" {
				t.Errorf("%s things are warm, want 1000", got)
			}
			if got := ask(t, second, "init"); got != "1970-01-01T00:00:00Z" {
				t.Errorf("initialised with %s, want no environment and the first of clocks", got)
			}
		})
	}
}

func TestGoroutinesStayBetweenCalls(t *testing.T) {
	m := compile(t, engine.Options{})
	first, second := start(t, m, engine.Host{}), start(t, m, engine.Host{})
	ask(t, first, "park one")
	ask(t, second, "park two")
	for want, i := range map[string]*engine.Instance{"one here": first, "two here": second} {
		if got := ask(t, i, "resume  here"); got != want {
			t.Errorf("%q resumed, want %q", got, want)
		}
	}
}

func TestTheClockIsTheHosts(t *testing.T) {
	m := compile(t, engine.Options{})
	now := time.Date(2031, 5, 6, 7, 8, 9, 10, time.UTC)
	i := start(t, m, engine.Host{Now: func() time.Time { now = now.Add(time.Second); return now }})
	if got, want := ask(t, i, "now"), now.Format(time.RFC3339Nano); !strings.HasPrefix(got, want[:16]) {
		t.Errorf("it is %s, want %s", got, want)
	}
	if got := ask(t, i, "since"); got == "0s" {
		t.Error("no time passes")
	}
	now = time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	if got, want := ask(t, i, "now"), "1970-01-01T00:00:00Z"; got != want {
		t.Errorf("before all times it is %s, want %s", got, want)
	}
	if got, want := ask(t, i, "since"), "0s"; got != want {
		t.Errorf("the clock went back by %s", got)
	}
}

func TestRandomNumbersAreTheHosts(t *testing.T) {
	for name, s := range starts {
		t.Run(name, func(t *testing.T) {
			m := compile(t, engine.Options{Start: s.start})
			draw := func(seed byte) [3]string {
				i := start(t, m, engine.Host{Random: rand.NewChaCha8([32]byte{seed})})
				return [3]string{ask(t, i, "math"), ask(t, i, "crypto"), ask(t, i, "range")}
			}
			first, other, again := draw(1), draw(2), draw(1)
			if first != again {
				t.Errorf("the same seed gives %q, then %q", first, again)
			}
			for n := range first {
				if first[n] == other[n] {
					t.Errorf("two seeds give %q", first[n])
				}
			}
		})
	}
}

func TestOutputIsLogged(t *testing.T) {
	m := compile(t, engine.Options{})
	var lines []string
	i := start(t, m, engine.Host{Log: func(line string) { lines = append(lines, line) }})
	ask(t, i, "print all is well")
	if want := []string{"all is well", "half a line"}; !reflect.DeepEqual(lines, want) {
		t.Errorf("logged %q, want %q", lines, want)
	}
	ask(t, start(t, m, engine.Host{}), "print into nothing")
}

func TestWhatIsForbiddenIsNamed(t *testing.T) {
	m := compile(t, engine.Options{})
	for request, want := range map[string]struct{ call, detail, says string }{
		"open /etc/passwd":  {"os.Open", "/etc/passwd", "there is no file system"},
		"stat /x":           {"os.Stat", "/x", "there is no file system"},
		"mkdir /x/y":        {"os.Mkdir", "/x/y", "there is no file system"},
		"remove /z":         {"os.Remove", "/z", "there is no file system"},
		"getenv HOME":       {"os.Getenv", "HOME", "there is no environment"},
		"environ":           {"os.Environ", "", "there is no environment"},
		"stdin":             {"reading os.Stdin", "", "there is no standard input"},
		"dial 127.0.0.1:80": {"net.Dial", "", "there is no network"},
		"listen :80":        {"net.Listen", "", "there is no network"},
		"lookup x.com":      {"net.LookupHost", "", "there is no network"},
		"sleep":             {"time.Sleep", "", "use workflow.Sleep"},
		"after":             {"waiting for a timer of package time", "1m0s", "use workflow.Sleep"},
		"crypto":            {"crypto/rand", "", "no random numbers"},
	} {
		t.Run(request, func(t *testing.T) {
			i := start(t, m, engine.Host{})
			_, err := i.Call(t.Context(), []byte(request))
			got, ok := errors.AsType[*engine.ForbiddenError](err)
			if !ok {
				t.Fatalf("got %v, want a ForbiddenError", err)
			}
			if got.Call != want.call || got.Detail != want.detail || !strings.Contains(got.Error(), want.says) {
				t.Errorf("got %q of %q: %v, want %+v", got.Call, got.Detail, got, want)
			}
			if len(got.Stack) == 0 {
				t.Errorf("there is no stack")
			}
			_, err = i.Call(t.Context(), []byte("count"))
			if dead, ok := errors.AsType[*engine.DeadError](err); !ok || !errors.Is(dead, got) {
				t.Errorf("the dead answers %v", err)
			}
		})
	}
}

func TestWhatCrashesSaysWhy(t *testing.T) {
	m := compile(t, engine.Options{MemoryLimit: 32 << 20})
	for request, want := range map[string]struct {
		as   error
		says string
	}{
		"panic in Elbonia": {&engine.TrapError{}, "panic: in Elbonia"},
		"nil":              {&engine.TrapError{}, "nil pointer dereference"},
		"exit 3":           {&engine.ExitError{}, "os.Exit(3)"},
		"exit 0":           {&engine.ExitError{}, "os.Exit(0)"},
		"lock":             {&engine.DeadlockError{}, "all goroutines are asleep"},
		"resume":           {&engine.DeadlockError{}, "all goroutines are asleep"},
		"eat 40":           {&engine.MemoryError{}, "32 MiB of memory that an instance may have (Options.MemoryLimit)"},
		"recurse":          {&engine.MemoryError{}, "Options.MemoryLimit"},
	} {
		t.Run(request, func(t *testing.T) {
			i := start(t, m, engine.Host{})
			_, err := i.Call(t.Context(), []byte(request))
			if reflect.TypeOf(err) != reflect.TypeOf(want.as) || !strings.Contains(err.Error(), want.says) {
				t.Errorf("got %T: %v, want %T that says %q", err, err, want.as, want.says)
			}
			if trap, ok := errors.AsType[*engine.TrapError](err); ok && !strings.Contains(trap.Stderr, "testdata/guest/main.go") {
				t.Errorf("the trace lacks the place:\n%s", trap.Stderr)
			}
			if i.Size() != 0 {
				t.Errorf("the dead keeps %d bytes", i.Size())
			}
		})
	}
	if got := ask(t, start(t, m, engine.Host{}), "recover me"); got != "recovered me" {
		t.Errorf("a panic that is recovered gives %q", got)
	}
}

func TestLoopsThatNeverEndAreStopped(t *testing.T) {
	m := compile(t, engine.Options{MaxCallTime: 50 * time.Millisecond})
	_, err := start(t, m, engine.Host{}).Call(t.Context(), []byte("spin"))
	stuck, ok := errors.AsType[*engine.StuckError](err)
	if !ok || !strings.Contains(err.Error(), "50ms") || !strings.Contains(err.Error(), "(in main.(*wheel).spin)") {
		t.Fatalf("got %v, want a StuckError that names the method", err)
	}
	if stuck.After != 50*time.Millisecond {
		t.Errorf("it is stuck after %v", stuck.After)
	}
}

// One loop may take long, as one that clears megabytes, and stands in the way of the host meanwhile.
func TestLoopsOfMuchWorkAreStopped(t *testing.T) {
	m := compile(t, engine.Options{MaxCallTime: 50 * time.Millisecond})
	for _, what := range []string{"wipe", "noise", "shout"} {
		_, err := start(t, m, engine.Host{Random: rand.NewChaCha8([32]byte{})}).Call(t.Context(), []byte(what))
		if _, ok := errors.AsType[*engine.StuckError](err); !ok {
			t.Errorf("%s: got %v, want a StuckError", what, err)
		}
	}
}

// A looked is a context that counts how often it was asked whether it has ended, which a call does
// whenever it looks whether its time is over.
type looked struct {
	context.Context
	times int
}

func (l *looked) Err() error {
	l.times++
	return l.Context.Err()
}

// So the limit of a call does not depend on how much is done in a loop.
func TestCallsLookOftenWhateverTheyDo(t *testing.T) {
	m := compile(t, engine.Options{MaxCallTime: time.Minute})
	for _, tt := range []struct {
		what string
		want int
	}{
		{"wipe 20", 20},
		{"noise 2", 2 * 24 << 20 / (64 << 10)},
		{"shout 2", 2 * 5 << 20 / (64 << 10)},
	} {
		ctx := &looked{Context: t.Context()}
		if _, err := start(t, m, engine.Host{Random: rand.NewChaCha8([32]byte{})}).Call(ctx, []byte(tt.what)); err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
		if ctx.times < tt.want {
			t.Errorf("%s: it looked %d times whether its time is over, want %d at least", tt.what, ctx.times, tt.want)
		}
	}
}

func TestCallsAreGivenUp(t *testing.T) {
	m := compile(t, engine.Options{})
	i := start(t, m, engine.Host{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Call(ctx, []byte("count")); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that is given up before it begins: %v", err)
	}
	if got := ask(t, i, "count"); got != "1" {
		t.Errorf("it did something: %s", got)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := i.Call(ctx, []byte("spin")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that is given up: %v", err)
	}
}
