package native_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

// A step is one workflow task of a run as it was when it was live.
type step struct {
	events   int // how many there were
	task     machine.Task
	commands []*commandpb.Command
	messages []*protocolpb.Message
	locals   []*runner.LocalResult // nil for a heartbeat
}

// A world is one random workflow with a server that makes its history.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	runner runner.Runner
	*histories.History
	steps   []step
	updates int
	clock   time.Duration
}

// live takes the run from its start to its end, or to where nothing happens to
// it any more.
func (w *world) live() {
	d := w.driver()
	for range 40 {
		for w.rand.IntN(8) == 0 { // attempts that come to nothing
			w.Task()
			if w.rand.IntN(2) == 0 {
				w.FailTask()
			} else {
				w.TimeOutTask()
			}
			w.happen()
		}
		w.Task()
		s := step{events: len(w.Events)}
		s.task = machine.Task{PreviousStartedID: w.Previous, StartedID: w.Started}
		if w.rand.IntN(5) == 0 {
			w.updates++
			s.task.Messages = append(s.task.Messages, w.Update(fmt.Sprint("id", w.updates), "u"))
		}
		d.Local = func(ls *histories.Locals) *runner.LocalResult {
			s.locals = append(s.locals, w.local(ls))
			return s.locals[len(s.locals)-1]
		}
		a, err := d.Do(s.task, w.Since(d.Machine.LastStarted()))
		if err != nil {
			w.t.Fatalf("live task %d failed: %v", w.Started, err)
		}
		s.commands, s.messages = a.Commands, a.Messages
		w.steps = append(w.steps, s)
		w.Complete(a)
		if w.Closed || (!w.happen() && !a.Heartbeat) {
			return
		}
	}
}

func (w *world) driver() *histories.Driver {
	i, err := w.runner.NewInstance(runner.Details{WorkflowType: "wf", RunID: "run"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(i.Close)
	return &histories.Driver{Instance: i}
}

// local is how one of the local activities that are waited for ends; nil if
// the task ends before.
func (w *world) local(ls *histories.Locals) *runner.LocalResult {
	if w.rand.IntN(5) == 0 {
		return nil
	}
	l := ls.Open[w.rand.IntN(len(ls.Open))]
	w.clock += 10 * time.Millisecond
	r := &runner.LocalResult{
		ID: l.ID, Time: w.Events[w.Last()-1].GetEventTime().AsTime().Add(w.clock), Attempt: l.Attempt,
	}
	switch n := w.rand.IntN(6); {
	case slices.Contains(ls.Canceled, l.ID):
		r.Failure = canceledFailure()
	case n == 0:
		r.Failure = failure()
	case n == 1:
		r.Failure, r.Backoff = failure(), time.Minute
	default:
		r.Result = histories.Payloads(n)
	}
	return r
}

// happen lets a few things happen; it reports whether anything did.
func (w *world) happen() bool {
	before := len(w.Events)
	for range 1 + w.rand.IntN(3) {
		timers := slices.Sorted(maps.Keys(w.Timers))
		activities := slices.Sorted(maps.Keys(w.Activities))
		switch n := w.rand.IntN(18); {
		case n >= 12 && len(w.Children) > 0 && w.rand.IntN(3) > 0:
			w.child()
		case n >= 12 && len(w.Sent) > 0:
			w.answer()
		case n < 4 && len(timers) > 0:
			w.FireTimer(timers[w.rand.IntN(len(timers))])
		case n < 7 && len(activities) > 0:
			w.CompleteActivity(activities[w.rand.IntN(len(activities))], "x")
		case n < 8 && len(activities) > 0:
			w.CancelActivity(activities[w.rand.IntN(len(activities))])
		case n < 9 && len(activities) > 0:
			w.FailActivity(activities[w.rand.IntN(len(activities))], failure())
		case n < 11:
			w.Signal("s", n)
		case n == 11 && w.rand.IntN(4) == 0:
			w.RequestCancel()
		default:
		}
	}
	return len(w.Events) > before
}

// child lets something happen to one of the children.
func (w *world) child() {
	ids := slices.Sorted(maps.Keys(w.Children))
	id := ids[w.rand.IntN(len(ids))]
	n := w.rand.IntN(8)
	switch {
	case w.Children[id].Started == 0 && n == 0:
		w.FailChildStart(id, enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS)
	case w.Children[id].Started == 0:
		w.StartChild(id)
	case n == 0:
		w.FailChild(id, failure())
	case n == 1:
		w.TimeOutChild(id)
	case n == 2:
		w.TerminateChild(id)
	case n < 5:
		w.CancelChild(id, n)
	default:
		w.CompleteChild(id, n)
	}
}

// answer answers something that was sent to another workflow.
func (w *world) answer() {
	sent := w.Sent[w.rand.IntN(len(w.Sent))].Initiated
	if w.rand.IntN(3) == 0 {
		w.Refuse(sent, histories.NoSuchWorkflow)
		return
	}
	w.Deliver(sent)
}

// again takes a new run through all tasks from the first-th on: the first of
// them with all of history, in pages, and the others with what came after.
func (w *world) again(first int) {
	d := w.driver()
	for i, s := range w.steps[first:] {
		from := int64(0)
		if i > 0 {
			from = d.Machine.LastStarted()
		}
		locals := s.locals
		d.Local = func(*histories.Locals) *runner.LocalResult {
			r := locals[0]
			locals = locals[1:]
			return r
		}
		a, err := d.Do(s.task, w.pages(w.Events[from:s.events])...)
		if err != nil {
			w.t.Fatalf("rebuilt at task %d, task %d failed: %v", w.steps[first].task.StartedID, s.task.StartedID, err)
		}
		same := slices.EqualFunc(s.commands, a.Commands, equal[*commandpb.Command]) &&
			slices.EqualFunc(s.messages, a.Messages, equal[*protocolpb.Message])
		if !same { // the diff is dear, and rarely needed
			w.t.Fatalf("rebuilt at task %d, task %d (-live +rebuilt):\n%s\n%s",
				w.steps[first].task.StartedID, s.task.StartedID,
				cmp.Diff(s.commands, a.Commands, protocmp.Transform()),
				cmp.Diff(s.messages, a.Messages, protocmp.Transform()))
		}
	}
}

func equal[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

func (w *world) pages(events []*historypb.HistoryEvent) (out [][]*historypb.HistoryEvent) {
	for len(events) > 0 {
		n := 1 + w.rand.IntN(len(events))
		out, events = append(out, events[:n]), events[n:]
	}
	return out
}

// checkIDs: every id is that of the event that its command has caused.
//
//nolint:staticcheck // the control is the only id that what is sent to others has
func (w *world) checkIDs() {
	for _, e := range w.Events {
		id := e.GetActivityTaskScheduledEventAttributes().GetActivityId() +
			e.GetTimerStartedEventAttributes().GetTimerId() +
			e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes().GetControl() +
			e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes().GetControl()
		if child := e.GetStartChildWorkflowExecutionInitiatedEventAttributes().GetWorkflowId(); strings.Contains(child, "_") {
			id = strings.TrimPrefix(child, "original-run_")
		}
		if id != "" && id != fmt.Sprint(e.GetEventId()) {
			w.t.Errorf("event %d %s has id %s", e.GetEventId(), e.GetEventType(), id)
		}
	}
}

// checkProgram runs the workflow that grows from the seed, and rebuilds it at
// each of its tasks. Some do so on a runner that verifies each task besides.
func checkProgram(t *testing.T, seed uint64) (tasks int, closed bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, rand: r, runner: native.New(native.Options{}), History: histories.Start("wf")}
	fn := workflowOf(program(r, 3))
	if seed%8 == 0 {
		v, err := verify.New(w.runner, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.runner = v
	}
	if err := w.runner.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	w.live()
	w.checkIDs()
	for i := range w.steps {
		w.again(i)
	}
	// And once from beginning to end, as for a query.
	if _, err := w.driver().Do(machine.Task{PreviousStartedID: w.Previous}, w.Events); err != nil {
		t.Fatalf("replay of the whole history: %v", err)
	}
	return len(w.steps), w.Closed
}

func TestRandomProgramsReplay(t *testing.T) {
	const seeds = 150
	tasks, closed := 0, 0
	for seed := range uint64(seeds) {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			n, end := checkProgram(t, seed)
			tasks += n
			if end {
				closed++
			}
		}) {
			return // one is enough to look at
		}
	}
	t.Logf("%d tasks in %d runs, of which %d came to their end", tasks, seeds, closed)
	if tasks < 4*seeds || closed < seeds/4 {
		t.Errorf("%d tasks and %d ends in %d runs: these programs test too little", tasks, closed, seeds)
	}
}

func FuzzPrograms(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkProgram(t, seed) })
}
