package realserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A program of the Go SDK that the script and a few lines by hand have made one of ours, and the
// program as it was, take turns on one task queue: the new beside the old, alone, and the old
// again, as after a rollback. Each order that one of them began, whoever runs ends it.
func TestProgramOfTheSDKMigrates(t *testing.T) {
	t.Parallel()
	source, err := filepath.Abs(filepath.Join("..", "migration", "orders"))
	if err != nil {
		t.Fatal(err)
	}
	before := program{t, buildOrders(t, source, ""), taskQueue(t)}
	after := program{t, buildOrders(t, source, migrated(t, source)), taskQueue(t)}

	stopOld := before.worker()
	before.place("a", "b", "c")
	stopNew := after.worker() // both
	after.place("d", "e", "f")
	stopOld() // the new alone
	after.approve("a", "d")
	after.place("g")
	stopOld = before.worker()
	stopNew() // back to the old
	before.approve("b", "e", "g")
	stopNew = after.worker() // both again
	after.approve("c", "f")
	stopOld()
	stopNew()
}

// migrated is a copy of the program after the script, and the change by hand.
func migrated(t *testing.T, source string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "orders")
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join("..", "..", "scripts", "from-the-go-sdk"), dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var left []string // for a person
	for line := range strings.Lines(string(out)) {
		_, what, _ := strings.Cut(strings.TrimPrefix(line, dir+"/"), ":")
		_, what, _ = strings.Cut(what, ":")
		left = append(left, strings.TrimSpace(what))
	}
	want := "w := worker.New(c, queue, worker.Options{; return w.Run(worker.InterruptCh()); " +
		`_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{; "go.temporal.io/sdk/temporal"`
	if got := strings.Join(left, "; "); !sameWords(got, want) {
		t.Errorf("the script leaves %s; want %s", got, want)
	}
	byHand, err := os.ReadFile(filepath.Join("..", "migration", "byhand", "worker.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "worker.go"), byHand, 0o600); err != nil {
		t.Fatal(err)
	}
	main, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	// The SDK's client knows no workflow by a function of ours.
	main = bytes.Replace(main, []byte("}, Order, Purchase{"), []byte(`}, "Order", Purchase{`), 1)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), main, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sameWords reports whether two lists have the same elements in any order.
func sameWords(a, b string) bool {
	for part := range strings.SplitSeq(b, "; ") {
		if !strings.Contains(a, part) {
			return false
		}
	}
	return len(a) == len(b)
}

// buildOrders builds the program, with the files of another directory in place of its own.
func buildOrders(t *testing.T, source, in string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "orders")
	args := []string{"build", "-o", bin}
	if in != "" {
		files, err := filepath.Glob(filepath.Join(in, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		replace := map[string]string{}
		for _, f := range files {
			replace[filepath.Join(source, filepath.Base(f))] = f
		}
		text, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			t.Fatal(err)
		}
		overlay := filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(overlay, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-overlay", overlay)
	}
	//nolint:gosec // it is the go command
	if out, err := exec.CommandContext(t.Context(), "go", append(args, source)...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// A program is one of the two.
type program struct {
	t          *testing.T
	bin, queue string
}

func (s program) command(out io.Writer, args ...string) *exec.Cmd {
	c := exec.CommandContext(s.t.Context(), s.bin, args...)
	c.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+server.Address(), "ORDERS_QUEUE="+s.queue)
	c.Stdout, c.Stderr = out, out
	return c
}

// worker runs a worker until the function that it returns is called, or the test ends.
func (s program) worker() (stop func()) {
	s.t.Helper()
	var out bytes.Buffer
	c := s.command(&out, "worker")
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		s.t.Helper()
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Error(err)
		}
		if err := c.Wait(); err != nil {
			s.t.Errorf("the worker ended with %v\n%s", err, &out)
		}
	}
}

func (s program) place(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		var out bytes.Buffer
		if err := s.command(&out, "place", id).Run(); err != nil {
			s.t.Fatalf("place %s: %v\n%s", id, err, &out)
		}
	}
}

func (s program) approve(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		var out bytes.Buffer
		err := s.command(&out, "approve", id).Run()
		if want := id + ": 42.00, approved by Ada, one parcel to Main Street 1\n"; err != nil || !strings.HasSuffix(out.String(), want) {
			s.t.Errorf("approve %s: %v, %q; want %q", id, err, &out, want)
		}
	}
}
