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

	"github.com/mainspring-go/mainspring/activity/subprocess"
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
			if !ok || p.State != "exit status 2" || !strings.Contains(p.Error(), "out of memory") {
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
	refused(subprocess.Options{CgroupLimits: map[string]string{"a": "b"}}, "without Cgroup")
	dir := group(t)
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"nothing.max": "1"}},
		"the controller nothing must be in cgroup.subtree_control")
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"../x": "1"}}, "without a directory")
	refused(subprocess.Options{Cgroup: dir, CgroupLimits: map[string]string{"cgroup.max.depth": "many"}}, "many")
}

// Every option that is wrong is named, with what to do.
func TestOptionsThatAreWrong(t *testing.T) {
	_, err := subprocess.New(subprocess.Options{
		Size: -1, MaxTasks: -2, MaxStartFailures: -3, KillGrace: -time.Second, StartTimeout: -time.Second,
		Limits: subprocess.Limits{Memory: 1},
	})
	for _, want := range []string{
		"Size is -1", "MaxTasks is -2", "MaxStartFailures is -3", "KillGrace is -1s", "StartTimeout is -1s",
		"Limits.Memory is 1 bytes: a child needs at least",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	for _, l := range []subprocess.Limits{{AddressSpace: 1}, {CPU: time.Millisecond}, {CPU: -time.Second}} {
		if _, err := subprocess.New(subprocess.Options{Limits: l}); err == nil {
			t.Errorf("%+v is accepted", l)
		}
	}
}
