//go:build unix

package subprocess_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// newExecutor makes an executor, by default of one child, that leaves nothing behind.
func newExecutor(t *testing.T, o subprocess.Options) *subprocess.Executor {
	t.Helper()
	settled(t)
	files, routines := openFiles(t), runtime.NumGoroutine()
	if o.Size == 0 {
		o.Size = 1
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := subprocess.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if all := children(t); len(all) > 0 {
			t.Errorf("these children are left, zombies or not: %v", all)
		}
		if now := openFiles(t); len(now) > len(files) {
			t.Errorf("open files before: %v\nand now: %v", files, now)
		}
		eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= routines })
		if s := e.Stats(); s.Children != 0 || s.Busy != 0 {
			t.Errorf("a closed executor has %+v", s)
		}
	})
	return e
}

// settled waits until what tests before have left on its way out is gone.
func settled(t *testing.T) {
	t.Helper()
	eventually(t, "no child is left of other tests", func() bool { return len(children(t)) == 0 })
}

// eventually waits until something is so that nothing here can be told of.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is never so that %s", what)
		}
	}
}

func openFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil // not on Linux
	}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil { // else it was that of ReadDir
			files = append(files, to)
		}
	}
	return files
}

// children are the pids of this process's children, with their states.
func children(t *testing.T) map[int]string {
	t.Helper()
	found := map[int]string{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if state, parent := status(pid); parent == os.Getpid() {
			found[pid] = state
		}
	}
	return found
}

// status is the state of a process and its parent, empty if there is none.
func status(pid int) (state string, parent int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	_, _ = fmt.Sscan(rest, &state, &parent)
	return state, parent
}

// alive says whether a process is there and no zombie.
func alive(pid int) bool {
	state, _ := status(pid)
	return state != "" && state != "Z"
}

// call prepares a call.
func call(t *testing.T, name string, args ...any) *activity.Call {
	t.Helper()
	d, err := registry().Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(args...)
	if err != nil {
		t.Fatal(err)
	}
	return &activity.Call{Type: name, Input: input, Definition: d}
}

// in puts an environment around.
func in(ctx context.Context, env *activity.Environment) context.Context {
	return activity.WithOutbound(ctx, env)
}

// result runs a call that must succeed.
func result[T any](t *testing.T, e activity.Executor, name string, args ...any) T {
	t.Helper()
	p, err := e.Execute(in(t.Context(), &activity.Environment{}), call(t, name, args...))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return decode[T](t, p)
}

// failure runs a call that must fail.
func failure(t *testing.T, e activity.Executor, name string, args ...any) error {
	t.Helper()
	p, err := e.Execute(in(t.Context(), &activity.Environment{}), call(t, name, args...))
	if err == nil {
		t.Fatalf("%s returned %v", name, p)
	}
	return err
}

func header(fields map[string]string) *commonpb.Header {
	h := &commonpb.Header{Fields: map[string]*commonpb.Payload{}}
	for k, v := range fields {
		h.Fields[k] = &commonpb.Payload{Data: []byte(v)}
	}
	return h
}
