package machine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// asks is the completion of code that asks for local activities.
func asks(ids ...string) *runner.Completion {
	c := does()
	for _, id := range ids {
		c.Locals = append(c.Locals, &runner.LocalRequest{ID: id})
	}
	return c
}

func ended(id string, c *runner.Completion) *runner.Completion {
	c.EndedLocal = id
	return c
}

// waiting is a story whose open task, its second, waits for local activities
// that were asked for as c says.
func waiting(t *testing.T, first, second *runner.Completion) (*story, *dummy, *machine.Machine) {
	t.Helper()
	s := &story{History: histories.Start("wf")}
	s.task(first)
	s.Signal("s")
	s.Task()
	d, seen := s.driver()
	seen.answers = append(seen.answers, second)
	m := &d.Machine
	m.Begin(machine.Task{PreviousStartedID: s.Previous, StartedID: s.Started})
	if err := m.Feed(s.Since(0), true); err != nil {
		t.Fatal(err)
	}
	if next := goOn(t, m, seen); next != machine.AwaitLocal {
		t.Fatalf("the machine wants %v, want it to wait", next)
	}
	return s, seen, m
}

// goOn gives out activations until the machine wants something else.
func goOn(t *testing.T, m *machine.Machine, d *dummy) machine.Next {
	t.Helper()
	for {
		a, next, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		if next != machine.Activate {
			return next
		}
		if err := m.Apply(d.Activate(t.Context(), a)); err != nil {
			t.Fatal(err)
		}
	}
}

func checkLocals(t *testing.T, m *machine.Machine, want string) {
	t.Helper()
	start, cancel := m.Locals()
	var got []string
	for _, l := range start {
		if l.Later {
			got = append(got, "later "+l.ID)
			continue
		}
		got = append(got, "start "+l.ID)
	}
	for _, id := range cancel {
		got = append(got, "cancel "+id)
	}
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ", "), want)
	}
}

// The steps of a live task are one answer.
func TestALiveTaskWaitsForItsLocalActivities(t *testing.T) {
	canceled := asks("2", "3")
	canceled.Commands = append(canceled.Commands, timer("a"))
	canceled.CanceledLocals = []string{"1", "3", "none"}
	_, seen, m := waiting(t, asks("1"), canceled)
	checkLocals(t, m, "later 1, start 2, start 3, cancel 1, cancel 3")
	checkLocals(t, m, "") // they are told once
	m.EndLocal(&runner.LocalResult{ID: "unheard-of"})
	if next := goOn(t, m, seen); next != machine.AwaitLocal {
		t.Errorf("a result that nobody waits for: the machine wants %v", next)
	}

	then := ended("2", asks("4"))
	then.CanceledLocals = []string{"1"}
	then.Commands = append(then.Commands, marker("LocalActivity"), timer("b"))
	seen.answers = append(seen.answers, then)
	m.EndLocal(&runner.LocalResult{ID: "2", Time: histories.Epoch().Add(time.Hour)})
	if next := goOn(t, m, seen); next != machine.AwaitLocal {
		t.Fatalf("the machine wants %v, want it to wait", next)
	}
	step := seen.seen[len(seen.seen)-1]
	check(t, []*runner.Activation{step}, "0, local activity 2, run")
	if step.Time != histories.Epoch().Add(time.Hour) {
		t.Errorf("the step is at %v", step.Time)
	}
	checkLocals(t, m, "start 4")

	last := ended("4", does(marker("LocalActivity"), timer("c")))
	last.Closed = true
	seen.answers = append(seen.answers, last)
	m.EndLocal(&runner.LocalResult{ID: "4"})
	if next := goOn(t, m, seen); next != machine.Done {
		t.Fatalf("the machine wants %v, want it to be done", next)
	}
	a := m.Answer()
	want := "StartTimer a 0s\nRecordMarker LocalActivity\nStartTimer b 0s\nRecordMarker LocalActivity\nStartTimer c 0s"
	if got := histories.Describe(a.Commands); got != want || !a.Closed || a.Heartbeat {
		t.Errorf("got %q, closed %v, heartbeat %v, want %q, closed and none", got, a.Closed, a.Heartbeat, want)
	}
	if len(canceled.Commands) != 1 {
		t.Error("a completion was changed after it had been applied")
	}
}

// A heartbeat answers what there is; the next task goes on waiting, in vain for
// what comes too late.
func TestAHeartbeatEndsATask(t *testing.T) {
	flags := asks("1")
	flags.Commands, flags.Flags = append(flags.Commands, timer("a")), []uint32{4}
	s, seen, m := waiting(t, does(), flags)
	checkLocals(t, m, "start 1")
	m.Heartbeat()
	if next := goOn(t, m, seen); next != machine.Done {
		t.Fatalf("the machine wants %v, want it to be done", next)
	}
	a := m.Answer()
	if !a.Heartbeat || len(a.Commands) != 1 || !slices.Equal(a.Flags, []uint32{4}) {
		t.Errorf("got answer %+v", a)
	}
	s.Complete(a)
	m.EndLocal(&runner.LocalResult{ID: "1"}) // between tasks
	m.Heartbeat()
	s.Task()
	events := s.Since(m.LastStarted())
	m.Begin(machine.Task{PreviousStartedID: s.Previous, StartedID: s.Started})
	if err := m.Feed(events, true); err != nil {
		t.Fatal(err)
	}
	if next := goOn(t, m, seen); next != machine.AwaitLocal || m.Answer().Heartbeat {
		t.Errorf("the machine wants %v, want it to wait again", next)
	}
	checkLocals(t, m, "")
	if m.TaskTimeout() != 10*time.Second {
		t.Errorf("a task may take %v, want what the history says", m.TaskTimeout())
	}
	seen.answers = append(seen.answers, ended("1", does(marker("LocalActivity"))))
	m.EndLocal(&runner.LocalResult{ID: "1"})
	if next := goOn(t, m, seen); next != machine.Done || m.Answer().Heartbeat || len(m.Answer().Commands) != 1 {
		t.Errorf("the machine wants %v, its answer is %+v", next, m.Answer())
	}
}

// Without an activation in between, there is nothing to apply.
func TestCompletionsOfNoStepAreRefused(t *testing.T) {
	_, _, m := waiting(t, does(), asks("1"))
	if err := m.Apply(does()); err == nil {
		t.Error("a completion was taken while the task waits")
	}
}
