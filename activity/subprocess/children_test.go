//go:build unix

package subprocess_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
)

// A child that ends, or does not keep to the protocol, fails its call with an error that says how,
// and the next call has another.
func TestChildrenThatDie(t *testing.T) {
	e := newExecutor(t, subprocess.Options{PingTimeout: time.Second})
	for how, want := range map[string]struct {
		reason subprocess.Reason
		says   string
	}{
		"exit":      {subprocess.ReasonExited, "exit status 3"},
		"kill":      {subprocess.ReasonExited, "signal: killed: it was killed from outside; the kernel does so when"},
		"segv":      {subprocess.ReasonExited, "SIGSEGV: segmentation violation"},
		"goroutine": {subprocess.ReasonExited, "panic: in a goroutine"},
		"garbage":   {subprocess.ReasonGarbage, "is no message"},
		"large":     {subprocess.ReasonGarbage, "claims 4294967295 bytes"},
		"cut":       {subprocess.ReasonGarbage, "is no message"},
		"result":    {subprocess.ReasonGarbage, "a call that it does not run"},
		"state":     {subprocess.ReasonGarbage, "is no message"},
		"stop":      {subprocess.ReasonHung, "it was silent for 1s"},
	} {
		t.Run(how, func(t *testing.T) {
			pid := result[int](t, e, "PID")
			err := failure(t, e, "Die", how)
			p, ok := errors.AsType[*subprocess.ProcessError](err)
			if !ok {
				t.Fatalf("got %v (%T)", err, err)
			}
			if p.Reason != want.reason || p.PID != pid || p.Activity != "Die" {
				t.Errorf("got %+v", p)
			}
			if !strings.Contains(err.Error(), want.says) {
				t.Errorf("it says %q, want %q", err, want.says)
			}
			if how != "segv" && !strings.Contains(err.Error(), "first line\nlast words before "+how) {
				t.Errorf("it says %q, want the last words", err) // those of the runtime are long
			}
			if now := result[int](t, e, "PID"); now == pid {
				t.Error("the process lives")
			}
		})
	}
}

// A child that closes its connection cannot tell anything any more, so it is killed.
func TestChildThatClosesItsConnection(t *testing.T) {
	e := newExecutor(t, subprocess.Options{PingTimeout: -1})
	err := failure(t, e, "Die", "silence")
	if p, ok := errors.AsType[*subprocess.ProcessError](err); !ok || p.Reason != subprocess.ReasonGarbage ||
		!strings.Contains(err.Error(), "closed its connection") {
		t.Errorf("got %v", err)
	}
}

// An activity that goes on although its context is done is asked to end, and killed if it does not.
func TestIgnoredCancellation(t *testing.T) {
	e := newExecutor(t, subprocess.Options{CancelGrace: 50 * time.Millisecond, KillGrace: time.Second})
	for deaf, want := range map[bool]string{
		false: "signal: terminated: the activity ignored that its context was done (activity paused) for 50ms, so it was sent SIGTERM",
		true:  "signal: killed: the activity ignored that its context was done (activity paused) for 50ms, so it was sent SIGTERM and, 1s later, SIGKILL",
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		env := &activity.Environment{Heartbeat: func(context.Context, []any) { cancel(activity.ErrActivityPaused) }}
		_, err := e.Execute(in(ctx, env), call(t, "Stubborn", deaf))
		p, ok := errors.AsType[*subprocess.ProcessError](err)
		if !ok || p.Reason != subprocess.ReasonIgnoredCancel || !errors.Is(p.Cause, activity.ErrActivityPaused) ||
			!strings.Contains(err.Error(), want+";") || p.Stderr != "I will not stop" {
			t.Errorf("deaf %v: %v", deaf, err)
		}
		if errors.Is(err, activity.ErrActivityPaused) {
			t.Error("the error says that the activity has obeyed")
		}
	}
}

// In a process that ignores SIGCHLD, or reaps whatever there is, as the first one of a container does,
// nobody knows any more how a child has ended.
func TestChildrenThatAreReapedElsewhere(t *testing.T) {
	signal.Ignore(syscall.SIGCHLD)
	t.Cleanup(func() { // which Reset would not undo
		heard := make(chan os.Signal, 1)
		signal.Notify(heard, syscall.SIGCHLD)
		signal.Stop(heard)
	})
	e := newExecutor(t, subprocess.Options{})
	p, ok := errors.AsType[*subprocess.ProcessError](failure(t, e, "Die", "exit"))
	if !ok || p.Reason != subprocess.ReasonExited || !strings.Contains(p.Stderr, "last words") {
		t.Errorf("got %v", p)
	}
	result[int](t, e, "PID")
}

// An activity that takes the signal for a word to end, and returns, has its result; its child is ended
// all the same, and another takes the place.
func TestActivityThatEndsWhenItIsAskedTo(t *testing.T) {
	e := newExecutor(t, subprocess.Options{CancelGrace: 50 * time.Millisecond})
	ctx, cancel := context.WithCancelCause(t.Context())
	env := &activity.Environment{Heartbeat: func(context.Context, []any) { cancel(activity.ErrActivityPaused) }}
	p, err := e.Execute(in(ctx, env), call(t, "Tidy"))
	if err != nil {
		t.Fatal(err)
	}
	pid := decode[int](t, p)
	eventually(t, "the child has ended", func() bool { return !alive(pid) })
	if now := result[int](t, e, "PID"); now == pid {
		t.Error("the child that was told to end goes on")
	}
}

// After so many calls another child takes the place.
func TestChildrenAreRecycled(t *testing.T) {
	e := newExecutor(t, subprocess.Options{MaxTasks: 3})
	var pids []int
	for range 7 {
		pids = append(pids, result[int](t, e, "PID"))
	}
	if pids[0] != pids[2] || pids[2] == pids[3] || pids[3] != pids[5] || pids[5] == pids[6] {
		t.Errorf("calls ran in %v, want three in each", pids)
	}
	if s := e.Stats(); s.Recycled != 2 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

// When a child has grown another takes its place.
func TestChildrenThatHaveGrown(t *testing.T) {
	onLinux(t)
	grown := newExecutor(t, subprocess.Options{MaxRSS: 100 << 20})
	pid := result[int](t, grown, "PID")
	if now := result[int](t, grown, "Keep", 1); now != pid {
		t.Error("a child that has not grown has another in its place")
	}
	if now := result[int](t, grown, "Keep", 120); now != pid {
		t.Error("a child was ended before its call")
	}
	if now := result[int](t, grown, "PID"); now == pid {
		t.Error("a child of 120 MiB goes on, 100 are allowed")
	}
}

// Children are ready before there is a call, and a place whose child has died gets another.
func TestChildrenAreKeptWarm(t *testing.T) {
	e := newExecutor(t, subprocess.Options{Size: 3})
	warm := func() bool { return e.Stats().Children == 3 }
	eventually(t, "all children are ready", warm)
	for _, pid := range e.PIDs() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "the loss is noticed", func() bool { return e.Stats().Lost == 3 })
	eventually(t, "all children are ready again", warm)
	if s := e.Stats(); s.Started != 6 {
		t.Errorf("%+v", s)
	}
}

// What an activity has started is killed with its child, when that ends and when it crashes.
func TestOffspringEndsWithTheChild(t *testing.T) {
	e := newExecutor(t, subprocess.Options{MaxTasks: 1})
	pid := result[int](t, e, "Offspring", false)
	eventually(t, "offspring ends with its child", func() bool { return !alive(pid) })
	err := failure(t, e, "Offspring", true)
	p, ok := errors.AsType[*subprocess.ProcessError](err)
	if !ok {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(p.Stderr, "offspring %d", &pid); err != nil {
		t.Fatal(err)
	}
	eventually(t, "offspring ends with its child", func() bool { return !alive(pid) })
}

// Children that cannot be started make the executor ill for good, and calls are told why.
func TestChildrenThatDoNotStart(t *testing.T) {
	for name, test := range map[string]struct {
		options subprocess.Options
		says    string
	}{
		"no such program":  {subprocess.Options{Command: "/no/such/program"}, "no such file"},
		"another program":  {subprocess.Options{Command: "/bin/false"}, "exit status 1"},
		"without Main":     {subprocess.Options{Env: []string{mode + "=mute"}, StartTimeout: 100 * time.Millisecond}, "is subprocess.Main called"},
		"garbage":          {subprocess.Options{Env: []string{mode + "=liar"}}, "is no message"},
		"another protocol": {subprocess.Options{Env: []string{mode + "=foreigner"}}, "version 99 of the protocol"},
		"no activities":    {subprocess.Options{Env: []string{mode + "=empty"}}, "subprocess.Program has no activities"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.MaxStartFailures, test.options.Size = 3, 2
			e := newExecutor(t, test.options)
			err := failure(t, e, "PID")
			s, ok := errors.AsType[*subprocess.StartError](err)
			if !ok || s.Tries != 3 || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v (%T), want %q", err, err, test.says)
			}
			if err := e.Health(); !errors.As(err, &s) {
				t.Errorf("the health is %v", err)
			}
			again := failure(t, e, "PID")
			if !errors.As(again, &s) {
				t.Errorf("the next call got %v", again)
			}
		})
	}
}

// An executor that is closed has said so to calls that wait, has waited for those that run, and
// leaves no process. The rig checks what is left.
func TestClose(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	stop := make(chan struct{})
	began := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	env := &activity.Environment{WorkerStop: stop, Heartbeat: func(context.Context, []any) { close(began) }}
	var running, waiting error
	var group sync.WaitGroup
	group.Go(func() { _, running = e.Execute(in(ctx, env), call(t, "Wait")) })
	<-began
	group.Go(func() { _, waiting = e.Execute(t.Context(), call(t, "PID")) })
	closed := make(chan struct{})
	go func() { e.Close(); close(closed) }()
	eventually(t, "it is ill", func() bool { return e.Health() != nil })
	select {
	case <-closed:
		t.Error("it has not waited")
	default:
	}
	cancel()
	group.Wait()
	<-closed
	if running != nil || !errors.Is(waiting, subprocess.ErrClosed) || !errors.Is(e.Health(), subprocess.ErrClosed) {
		t.Errorf("the call that ran: %v, that waited: %v, health: %v", running, waiting, e.Health())
	}
	e.Close()
}

// Under calls at once whose children are killed at random, each call gets its own result or says
// that its child was lost, and nothing is left; the rig checks that.
func TestChildrenKilledAtRandom(t *testing.T) {
	e := newExecutor(t, subprocess.Options{Size: 4, MaxTasks: 20})
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			if pids := e.PIDs(); len(pids) > 1 {
				_ = syscall.Kill(pids[0], syscall.SIGKILL)
			}
		}
	})
	var lost, done atomic.Int32
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for n := range 50 {
				want := i*1000 + n
				p, err := e.Execute(t.Context(), call(t, "Size", make([]byte, want)))
				switch _, died := errors.AsType[*subprocess.ProcessError](err); {
				case died:
					lost.Add(1)
				case err != nil:
					t.Errorf("call %d: %v", want, err)
				default:
					if got := decode[int](t, p); got != want {
						t.Errorf("call %d got the result of %d", want, got)
					}
					done.Add(1)
				}
			}
		})
	}
	callers.Wait()
	close(stop)
	killer.Wait()
	if lost.Load()+done.Load() != 400 || done.Load() == 0 {
		t.Errorf("%d calls were done and %d lost of 400", done.Load(), lost.Load())
	}
	t.Logf("%d done, %d lost: %+v", done.Load(), lost.Load(), e.Stats())
}

// parent is a program with children, which tells their ids and runs until it is killed.
func parent() {
	e, err := subprocess.New(subprocess.Options{Size: 2, Env: []string{}})
	if err != nil {
		panic(err)
	}
	for range 2 {
		env := &activity.Environment{Heartbeat: func(_ context.Context, details []any) { fmt.Println("busy") }}
		c := &activity.Call{Type: "Wait"}
		go func() { _, err := e.Execute(in(context.Background(), env), c); panic(err) }()
	}
	select {}
}

// Children whose parent is killed end, also those that run calls.
func TestParentKilled(t *testing.T) {
	settled(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), mode+"=parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			t.Fatal("the parent has ended")
		}
	}
	var pids []int
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("the children cannot be found without /proc")
	}
	for _, e := range entries {
		var pid int
		if _, err := fmt.Sscan(e.Name(), &pid); err == nil {
			if _, of := status(pid); of == cmd.Process.Pid {
				pids = append(pids, pid)
			}
		}
	}
	if len(pids) != 2 {
		t.Fatalf("the parent has the children %v, want 2", pids)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "children end with their parent", func() bool { return !alive(pids[0]) && !alive(pids[1]) })
}
