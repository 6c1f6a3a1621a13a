package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the go command run this test binary as the launcher's keep.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == keepCommand {
		os.Exit(keep(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// output collects what is written, for a reader at the same time.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns when the output contains text.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(o.String(), text); {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in the output:\n%s", text, o)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func launch(ctx context.Context, program string, args ...string) (int, *output) {
	out := &output{}
	return launcher{program: program, args: args, in: strings.NewReader(""), out: out, err: out}.run(ctx), out
}

func TestProgramGetsItsArgumentsAndKeepsItsExitCode(t *testing.T) {
	for _, want := range []string{"0", "3"} {
		code, out := launch(t.Context(), "./testdata/hello", want, "-serve", "two words")
		if got := string(rune('0' + code)); got != want {
			t.Errorf("exit code %d, want %s; output:\n%s", code, want, out)
		}
		if !strings.Contains(out.String(), "args: ["+want+" -serve two words]") {
			t.Errorf("the program did not get its arguments:\n%s", out)
		}
		if !strings.HasPrefix(out.String(), "Mainspring quickstart") {
			t.Errorf("the first line is not ours:\n%s", out)
		}
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	if code, out := launch(t.Context(), "./testdata/hello", "0"); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, error %v", left, err)
	}
}

func TestSignalReachesTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &output{}
	code := make(chan int, 1)
	l := launcher{
		program: "./testdata/hello", args: []string{"wait"},
		in: strings.NewReader(""), out: out, err: out,
	}
	go func() { code <- l.run(ctx) }()
	out.await(t, "waiting")
	cancel()
	if got := <-code; got != 7 || !strings.Contains(out.String(), "stopped in order") {
		t.Errorf("exit code %d, want the program's own, 7; output:\n%s", got, out)
	}
}

func TestInterruptedBuildEndsCleanly(t *testing.T) {
	// A build cache of its own, so that the build takes long enough to be stopped.
	dir := t.TempDir()
	t.Setenv("GOCACHE", dir+"/cache")
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(time.Second, cancel)
	code, out := launch(ctx, "./testdata/hello", "0")
	if code != codeInterrupted || !strings.Contains(out.String(), "Stopped while compiling") {
		t.Errorf("exit code %d, want %d; output:\n%s", code, codeInterrupted, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "cache" {
		t.Errorf("left in the temporary directory: %v, error %v; want only the cache", left, err)
	}
}

func TestCompilerIsHeardWhenTheBuildFails(t *testing.T) {
	code, out := launch(t.Context(), "./testdata/broken")
	if code != 1 || !strings.Contains(out.String(), "undefined: undefinedName") {
		t.Errorf("exit code %d, want 1 and what the compiler says; output:\n%s", code, out)
	}
}

func TestMissingGoCommandIsExplained(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	code, out := launch(t.Context(), "./testdata/hello", "0")
	if code != 1 || !strings.Contains(out.String(), "https://go.dev/dl") {
		t.Errorf("exit code %d, want 1 and advice; output:\n%s", code, out)
	}
}

func TestKeepCopiesWhereItCannotLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, target := dir+"/source", dir+"/target"
	if err := os.WriteFile(source, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(target, source); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(target)
	if err != nil || string(got) != "program" {
		t.Errorf("copied %q, error %v", got, err)
	}
	if err := copyFile(target, source); err == nil {
		t.Error("copied over an existing file")
	}
}
