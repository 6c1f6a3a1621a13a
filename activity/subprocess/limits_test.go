//go:build unix

package subprocess_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this is so on Linux only")
	}
}

// A child that wants more memory than it may have dies, and says of what.
func TestMemoryLimits(t *testing.T) {
	onLinux(t)
	if racing {
		t.Skip("the race detector needs more memory than there is")
	}
	for name, limits := range map[string]subprocess.Limits{
		"memory": {Memory: 128 << 20}, "address space": {AddressSpace: 2 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExecutor(t, subprocess.Options{Limits: limits})
			result[int](t, e, "Keep", 20)
			err := failure(t, e, "Keep", 3000)
			p, ok := errors.AsType[*subprocess.ProcessError](err)
			if !ok || p.State != "exit status 2" || !strings.Contains(p.Error(), "out of memory") ||
				!strings.Contains(p.Stderr, "(*acts).Keep(") { // where
				t.Errorf("%s: %v", name, err)
			}
			result[int](t, e, "Keep", 20)
		})
	}
}

// A call that has used up its processor time ends with its child; calls do not pay for those before.
func TestCPULimit(t *testing.T) {
	onLinux(t)
	e := newExecutor(t, subprocess.Options{Limits: subprocess.Limits{CPU: time.Second}})
	pid := result[int](t, e, "PID")
	for range 3 {
		if now := result[int](t, e, "Burn", 700*time.Millisecond); now != pid {
			t.Fatal("a call has paid for those before")
		}
	}
	err := failure(t, e, "Burn", time.Hour)
	p, ok := errors.AsType[*subprocess.ProcessError](err)
	if !ok || p.Reason != subprocess.ReasonCPU || !strings.Contains(err.Error(), "used up its 1s of processor time") {
		t.Errorf("got %v", err)
	}
}

// group makes a cgroup of version 2.
func group(t *testing.T) string {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err != nil {
			continue
		}
		dir := filepath.Join(root, fmt.Sprint("subprocess-test-", os.Getpid(), "-", t.Name()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() {
			if err := os.Remove(dir); err != nil {
				t.Errorf("something is left in the cgroup: %v", err)
			}
		})
		return dir
	}
	t.Skip("there is no cgroup of version 2 that may be written to")
	return ""
}

// Each child gets a group of its own, which is gone with it.
func TestCgroups(t *testing.T) {
	onLinux(t)
	dir := group(t)
	e := newExecutor(t, subprocess.Options{
		Cgroup: dir, CgroupLimits: map[string]string{"cgroup.max.depth": "7"}, MaxTasks: 1,
	})
	first, second := result[string](t, e, "Cgroup"), result[string](t, e, "Cgroup")
	want := filepath.Base(dir) + "/activities-"
	if !strings.Contains(first, want) || !strings.Contains(second, want) || first == second {
		t.Errorf("children were in %q and %q, want groups of their own in %q", first, second, dir)
	}
	set, err := filepath.Glob(filepath.Join(dir, "*", "cgroup.max.depth"))
	if err != nil || len(set) == 0 {
		t.Fatalf("no group: %v", err)
	}
	for _, name := range set {
		if b, err := os.ReadFile(name); err == nil && string(b) != "7\n" {
			t.Errorf("%s is %q", name, b)
		}
	}
	e.Close()
	if left, _ := filepath.Glob(filepath.Join(dir, "activities-*")); len(left) > 0 {
		t.Errorf("these groups are left: %v", left)
	}
}

// A child that the kernel kills for its group's memory says so, and costs one call only.
func TestCgroupOutOfMemory(t *testing.T) {
	onLinux(t)
	dir := group(t)
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
		t.Skipf("there is no memory controller to be had: %v", err)
	}
	limits := map[string]string{"memory.max": "128M"}
	if _, err := os.Stat(filepath.Join(dir, "memory.swap.max")); err == nil {
		limits["memory.swap.max"] = "0"
	}
	e := newExecutor(t, subprocess.Options{Cgroup: dir, CgroupLimits: limits, Size: 1})
	result[int](t, e, "Keep", 20)
	err := failure(t, e, "Keep", 3000)
	p, ok := errors.AsType[*subprocess.ProcessError](err)
	if !ok || p.State != "signal: killed" || !strings.Contains(err.Error(), "its cgroup has used up its memory") {
		t.Errorf("got %v", err)
	}
	result[int](t, e, "Keep", 20)
	e.Close()
}

// A cgroup that will not do is refused, with what is missing.
func TestCgroupsThatWillNotDo(t *testing.T) {
	onLinux(t)
	refused := func(o subprocess.Options, says string) {
		t.Helper()
		if _, err := subprocess.New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: got %v, want %q", o.CgroupLimits, err, says)
		}
	}
	refused(subprocess.Options{Cgroup: t.TempDir()}, "no cgroup of version 2")
	refused(subprocess.Options{Cgroup: "/no/such/group"}, "no such file")
	refused(subprocess.Options{CgroupLimits: map[string]string{"a": "b"}}, "or name the directory of a cgroup in Cgroup")
	dir := group(t)
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"nothing.max": "1"}},
		"the controller nothing must be in cgroup.subtree_control")
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"../x": "1"}}, "without a directory")
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"cgroup.max.depth": "many"}}, "many")
}

// Every option that is wrong is named, with what to do, and all at once.
func TestOptionsThatAreWrong(t *testing.T) {
	var nobody *os.File
	var nothing *subprocess.SharedState
	_, err := subprocess.New(subprocess.Options{
		Size: -1, MaxTasks: -2, MaxStartFailures: -3, KillGrace: -time.Second, StartTimeout: -2 * time.Second,
		Limits: subprocess.Limits{Memory: 1, AddressSpace: 2, CPU: time.Millisecond},
		Stdout: nobody, Stderr: nobody, SharedStateManager: nothing,
	})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%v is not all that is wrong", err)
	}
	got := make(map[string]string)
	for _, err := range joined.Unwrap() {
		wrong, ok := errors.AsType[*settings.Error](err)
		if !ok || wrong.Of != "subprocess" || !strings.HasPrefix(wrong.Fix, "use ") && !strings.HasPrefix(wrong.Fix, "leave ") {
			t.Errorf("%v (%T) does not say what to do", err, err)
			continue
		}
		got[wrong.Field] = wrong.Value
	}
	want := map[string]string{
		"Size": "-1", "MaxTasks": "-2", "MaxStartFailures": "-3", "KillGrace": "-1s", "StartTimeout": "-2s",
		"Limits.Memory": "1 bytes", "Limits.AddressSpace": "2 bytes", "Limits.CPU": "1ms",
		"Stdout": "a nil *os.File", "Stderr": "a nil *os.File", "SharedStateManager": "a nil *subprocess.SharedState",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := subprocess.New(subprocess.Options{Limits: subprocess.Limits{CPU: -time.Second}}); err == nil {
		t.Error("a negative limit is accepted")
	}
}
