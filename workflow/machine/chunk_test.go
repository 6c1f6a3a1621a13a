package machine_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// describe says in a few words what activations tell a workflow.
func describe(activations ...*runner.Activation) string {
	var lines []string
	for _, a := range activations {
		line := fmt.Sprintf("%d", a.StartedID)
		if a.Replaying {
			line += " replay"
		}
		for _, m := range a.Markers {
			line += fmt.Sprintf(", marker %s at %d", m.Attributes.GetMarkerName(), m.EventID)
		}
		for _, i := range a.Items {
			line += ", " + describeItem(i)
		}
		if l := a.Local; l != nil {
			line += ", local activity " + l.ID
			if l.Marker != nil {
				line += fmt.Sprintf("at %d", l.Marker.EventID)
			}
		}
		if a.Run {
			line += ", run"
		}
		for _, q := range a.Queries {
			line += ", query " + q.Type
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func describeItem(i runner.Item) string {
	switch {
	case i.Start != nil:
		return "start"
	case i.Signal != nil:
		return "signal " + i.Signal.Name
	case i.Cancel != nil:
		return "cancel"
	case i.Update != nil:
		return fmt.Sprintf("update %s at %d", i.Update.Instance, i.Update.SequencingID)
	case i.Reset != nil:
		return "reset to " + i.Reset.RunID
	case i.SearchAttributes != nil:
		return fmt.Sprint("search attributes ", slices.Sorted(maps.Keys(i.SearchAttributes.GetIndexedFields())))
	case i.Memo != nil:
		return fmt.Sprint("memo ", slices.Sorted(maps.Keys(i.Memo.GetFields())))
	case i.Resolve == nil:
		return "nothing"
	case i.Resolve.Failure != nil:
		return fmt.Sprintf("%s %s failed", i.Resolve.Kind, i.Resolve.ID)
	default:
		return fmt.Sprintf("%s %s done", i.Resolve.Kind, i.Resolve.ID)
	}
}

func check(t *testing.T, got []*runner.Activation, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), describe(got...)); diff != "" {
		t.Errorf("activations (-want +got):\n%s", diff)
	}
}

// A story is a history with the completions that made it, task by task.
type story struct {
	*histories.History
	answers []*runner.Completion
}

// task opens a task and completes it with what the workflow did.
func (s *story) task(c *runner.Completion) {
	s.Task()
	s.answers = append(s.answers, c)
	s.Complete(machine.Answer{Commands: c.Commands, Messages: c.Messages, Flags: c.Flags})
}

// long is a story with a bit of everything, whose last task is open.
func long() *story {
	s := &story{History: histories.Start("wf", 1)}
	s.Signal("early")
	s.task(does(schedule("6", "a"), timer("7")))
	s.CompleteActivity("6", "x")
	s.Task()
	s.FailTask()
	s.Signal("while it failed")
	s.Task()
	s.TimeOutTask()
	s.task(does())
	s.task(does(schedule("23", "b"), cancelTimer("7")))
	s.RequestCancel()
	s.FailActivity("23", histories.Failed("no"))
	s.Task() // 29
	c := &runner.Completion{Flags: []uint32{4, 3}}
	c.Messages = append(c.Messages, acceptance("u", 28), response("u"))
	c.Commands = append(c.Commands, message("u/accept"), message("u/complete"), timer("33"))
	s.answers = append(s.answers, c)
	s.Complete(machine.Answer{Commands: c.Commands, Messages: c.Messages, Flags: c.Flags})
	for _, e := range s.Events {
		if a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); a != nil {
			a.AcceptedRequest = histories.Request("u", "name")
		}
	}
	s.FireTimer("33")
	s.Task()
	return s
}

func longActivations() []string {
	return []string{
		"4 replay, start, signal early, run",
		"18 replay, activity 6 done, signal while it failed, run",
		"21 replay, run",
		"29 replay, timer 7 failed, cancel, activity 23 failed, update u at 28, run",
		"36, timer 33 done, run",
	}
}

func (s *story) driver() (*histories.Driver, *dummy) {
	d := &dummy{answers: append([]*runner.Completion(nil), s.answers...)}
	return &histories.Driver{Instance: d}, d
}

func TestChunks(t *testing.T) {
	s := long()
	d, seen := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, longActivations()...)
	last := seen.seen[4]
	if last.HistoryLength != 36 || last.HistorySize != 3500 || !last.Time.Equal(s.Events[35].GetEventTime().AsTime()) {
		t.Errorf("got history of %d events and %d bytes at %v", last.HistoryLength, last.HistorySize, last.Time)
	}
	if last.SDK != (runner.SDK{}) || seen.seen[2].SDK.Name != "mainspring-go" {
		t.Errorf("got SDK %v for the live task and %v for a replayed one", last.SDK, seen.seen[2].SDK)
	}
	if diff := cmp.Diff([]uint32{4, 3}, seen.seen[3].Flags); diff != "" {
		t.Errorf("flags of the task that used them (-want +got):\n%s", diff)
	}
	for _, i := range seen.seen[0].Items {
		if !i.Replaying {
			t.Errorf("%s is not marked as replayed", describeItem(i))
		}
	}
	if i := last.Items[0]; i.Replaying || i.EventID != 34 {
		t.Errorf("got item %+v, want event 34, live", i)
	}
}

// However history is cut into pages, the workflow is told the same.
func TestEveryCutIntoPages(t *testing.T) {
	s := long()
	full := len(s.Events)
	task := machine.Task{PreviousStartedID: s.Previous, StartedID: s.Started}
	want := strings.Join(longActivations(), "\n")
	for i := 0; i <= full; i++ {
		for _, pages := range [][][]*historypb.HistoryEvent{
			{s.Events[:i], s.Events[i:]},
			{s.Events[:i], nil, s.Events[i:], nil},
			{s.Events[:i/2], s.Events[i/2 : i], s.Events[i:]},
		} {
			d, seen := s.driver()
			if _, err := d.Do(task, pages...); err != nil {
				t.Fatalf("cut at %d: %v", i, err)
			}
			if got := describe(seen.seen...); got != want {
				t.Fatalf("cut at %d: got\n%s\nwant\n%s", i, got, want)
			}
		}
	}
	var single [][]*historypb.HistoryEvent
	for _, e := range s.Events {
		single = append(single, []*historypb.HistoryEvent{e})
	}
	d, seen := s.driver()
	if _, err := d.Do(task, single...); err != nil || describe(seen.seen...) != want {
		t.Errorf("event by event: %v\n%s", err, describe(seen.seen...))
	}
}

// A run that was there all the time is told what one that is rebuilt is told.
func TestStickyAndFullAreTheSame(t *testing.T) {
	s := long()
	rebuilt, want := s.driver()
	if _, err := rebuilt.Full(s.History); err != nil {
		t.Fatal(err)
	}
	sticky, got := s.driver()
	previous := int64(0)
	for _, a := range want.seen {
		task := machine.Task{PreviousStartedID: previous, StartedID: a.StartedID}
		if a.StartedID == 29 {
			task.Messages = append(task.Messages, s.updateRequest())
		}
		events := s.Events[sticky.Machine.LastStarted():a.StartedID]
		if _, err := sticky.Do(task, events); err != nil {
			t.Fatal(err)
		}
		previous = a.StartedID
	}
	diff := cmp.Diff(want.seen, got.seen, protocmp.Transform(), protocmp.IgnoreEmptyMessages(),
		cmpopts.IgnoreFields(runner.Activation{}, "Replaying", "SDK", "Flags"),
		cmpopts.IgnoreFields(runner.Item{}, "Replaying"))
	if diff != "" {
		t.Errorf("(-rebuilt +sticky):\n%s", diff)
	}
}

func (s *story) updateRequest() *protocolpb.Message {
	m := s.Update("u", "name")
	m.SequencingId = &protocolpb.Message_EventId{EventId: 28}
	return m
}

func TestOnlyTheLiveTaskIsAnswered(t *testing.T) {
	s := long()
	s.answers = append(s.answers, &runner.Completion{
		Commands: does(schedule("37", "c")).Commands, Flags: []uint32{5},
		Messages: []*protocolpb.Message{rejection("x")},
	})
	d, _ := s.driver()
	a, err := d.Full(s.History, func(t *machine.Task) { t.Queries = []runner.Query{{ID: "1", Type: "q"}} })
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Commands) != 1 || len(a.Messages) != 1 || len(a.Flags) != 1 || a.Closed {
		t.Errorf("got %+v, want what the live task did", a)
	}
}

func TestQueriesComeLast(t *testing.T) {
	s := long()
	query := func(t *machine.Task) { t.Queries = []runner.Query{{ID: "1", Type: "q"}} }
	d, seen := s.driver()
	d.Machine = machine.Machine{}
	if _, err := d.Full(s.History, query); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, append(longActivations(), "0, query q")...)
	// On its own, of a run that is up to date.
	seen.seen = nil
	seen.answers = []*runner.Completion{{Answers: []runner.Answer{{ID: "1"}}}}
	a, err := d.Do(machine.Task{PreviousStartedID: 36, Queries: []runner.Query{{ID: "1", Type: "r"}}})
	if err != nil || len(a.Answers) != 1 {
		t.Errorf("got %v, %v, want one answer", a, err)
	}
	check(t, seen.seen, "0, query r")
	if d.Machine.LastStarted() != 36 {
		t.Errorf("a query moved the run to %d", d.Machine.LastStarted())
	}
}

// What follows the last task is for a query to see.
func TestQueriesSeeWhatFollowsTheLastTask(t *testing.T) {
	query := []runner.Query{{ID: "1", Type: "q"}}
	for _, tt := range []struct {
		name string
		more func(*story)
		want []string
	}{
		{"nothing", func(*story) {}, []string{"3 replay, start, run", "0, query q"}},
		{"events", func(s *story) { s.Signal("s") }, []string{"3 replay, start, run", "0, signal s, run", "0, query q"}},
		{
			"a task that is open", func(s *story) { s.Signal("s"); s.Task() },
			[]string{"3 replay, start, run", "8, signal s, run", "0, query q"},
		},
		{
			"a task that was never completed", func(s *story) { s.Task(); s.Terminate() },
			[]string{"3 replay, start, run", "7, run", "0, query q"},
		},
	} {
		s := &story{History: histories.Start("wf")}
		s.task(does(timer("5")))
		tt.more(s)
		d, seen := s.driver()
		if _, err := d.Do(machine.Task{PreviousStartedID: 3, Queries: query}, s.Events); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		check(t, seen.seen, tt.want...)
	}
	// A server that counts the terminated task as the previous one: it left no
	// commands to compare with.
	s := &story{History: histories.Start("wf")}
	s.Task()
	s.Terminate()
	s.answers = []*runner.Completion{does(timer("5"))}
	d, seen := s.driver()
	if _, err := d.Do(machine.Task{PreviousStartedID: 3, Queries: query}, s.Events); err != nil {
		t.Error(err)
	}
	check(t, seen.seen, "3 replay, start, run", "0, query q")
}

func TestNothingIsReadAfterTheEnd(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.task(&runner.Completion{Commands: does(completeWorkflow()).Commands, Closed: true})
	d, seen := s.driver()
	a, err := d.Do(machine.Task{PreviousStartedID: 3, Queries: []runner.Query{{ID: "1", Type: "q"}}}, s.Events)
	if err != nil || !d.Machine.Closed() || a.Closed {
		t.Errorf("got %v, closed %t, %+v", err, d.Machine.Closed(), a)
	}
	check(t, seen.seen, "3 replay, start, run", "0, query q")
}

func TestForget(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.task(does())
	s.answers[0].Flags = []uint32{3}
	d, seen := s.driver()
	if _, err := d.Do(machine.Task{StartedID: 3}, s.Events[:3]); err != nil {
		t.Fatal(err)
	}
	// A speculative task: 4 is its predecessor's end, 5 and 6 are only in the task.
	speculative := &histories.History{Events: s.Since(0), Previous: s.Previous}
	speculative.Events = histories.Clone(speculative.Events)
	speculative.Task()
	seen.answers = []*runner.Completion{{Messages: []*protocolpb.Message{rejection("u")}, Flags: []uint32{4}}}
	a, err := d.Sticky(speculative, func(t *machine.Task) {
		t.Messages = append(t.Messages, speculative.Update("u", "name"))
	})
	if err != nil || len(a.Messages) != 1 {
		t.Fatalf("got %v, %v", a, err)
	}
	if d.Machine.LastStarted() != 6 {
		t.Fatalf("last started is %d, want 6", d.Machine.LastStarted())
	}
	d.Machine.Forget(3)
	if d.Machine.LastStarted() != 3 {
		t.Fatalf("last started is %d after Forget, want 3", d.Machine.LastStarted())
	}
	s.Signal("s") // event 5 is another one now
	s.Task()
	seen.seen = nil
	seen.answers = []*runner.Completion{{Flags: []uint32{5}}}
	a, err = d.Sticky(s.History, func(t *machine.Task) { t.Messages = append(t.Messages, s.Update("u", "name")) })
	if err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, "7, signal s, update u at 6, run")
	if diff := cmp.Diff([]uint32{4, 5}, a.Flags); diff != "" {
		t.Errorf("flags, with those that history has lost (-want +got):\n%s", diff)
	}
}

func TestSDK(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	for _, meta := range []*sdkpb.WorkflowTaskCompletedMetadata{
		{SdkName: "temporal-go", SdkVersion: "1.39.0"}, nil, {SdkVersion: "1.40.0"}, {SdkName: "mainspring-go", SdkVersion: "0.1.0"},
	} {
		s.Task()
		s.CompleteTask(meta)
	}
	d, seen := s.driver()
	if _, err := d.Do(machine.Task{PreviousStartedID: s.Previous}, s.Events); err != nil {
		t.Fatal(err)
	}
	want := []runner.SDK{
		{Name: "temporal-go", Version: "1.39.0"},
		{Name: "temporal-go", Version: "1.39.0"},
		{Name: "temporal-go", Version: "1.40.0"},
		{Name: "mainspring-go", Version: "0.1.0"},
	}
	for i, a := range seen.seen {
		if i < len(want) && a.SDK != want[i] {
			t.Errorf("task %d: got %v, want %v", i, a.SDK, want[i])
		}
	}
	if len(seen.seen) != len(want) || d.Machine.SDK() != want[3] {
		t.Errorf("got %d activations and %v in the end", len(seen.seen), d.Machine.SDK())
	}
}

func TestHistoriesThatAreNot(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*story) (machine.Task, [][]*historypb.HistoryEvent)
		want  string
	}{
		{"a gap", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{s.Events[:9], s.Events[10:]}
		}, "missing history events, expectedNextEventID=10 but receivedNextEventID=11"},
		{"a gap before the first page", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{s.Events[1:]}
		}, "missing history events, expectedNextEventID=1 but receivedNextEventID=2"},
		{"too much", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 35}, [][]*historypb.HistoryEvent{s.Events}
		}, "history contains events past expected last event ID (35)"},
		{"too little", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{s.Events[:35]}
		}, "premature end of stream, expectedLastEventID=36 but no more events after eventID=35"},
		{"nothing", func(*story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 36}, nil
		}, "premature end of stream, expectedLastEventID=36 but no more events after eventID=0"},
		{"an id that is none", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			s.Events[0].EventId = -1
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{s.Events}
		}, "event has id -1"},
		{"a nil event", func(*story) (machine.Task, [][]*historypb.HistoryEvent) {
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{{nil}}
		}, "event has id 0"},
		{"another beginning", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			s.Events[0].EventType = enumspb.EVENT_TYPE_TIMER_FIRED
			return machine.Task{StartedID: 36}, [][]*historypb.HistoryEvent{s.Events}
		}, "first history event is not WorkflowExecutionStarted but TimerFired"},
		{"an accepted update without its request", func(s *story) (machine.Task, [][]*historypb.HistoryEvent) {
			for _, e := range s.Events {
				if a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); a != nil {
					a.AcceptedRequest = nil
				}
			}
			return machine.Task{PreviousStartedID: 29, StartedID: 36}, [][]*historypb.HistoryEvent{s.Events}
		}, "missing body in message for update ID u"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := long()
			task, pages := tt.spoil(s)
			if task.PreviousStartedID == 0 {
				task.PreviousStartedID = s.Previous
			}
			d, _ := s.driver()
			_, err := d.Do(task, pages...)
			malformed, ok := errors.AsType[*machine.HistoryError](err)
			if !ok || !strings.Contains(malformed.Reason, tt.want) {
				t.Errorf("got %v, want a HistoryError with %q", err, tt.want)
			}
		})
	}
}

func TestUnknownEvents(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.Add(enumspb.EVENT_TYPE_NEXUS_OPERATION_STARTED, &historypb.HistoryEvent{})
	s.Task()
	d, _ := s.driver()
	if _, err := d.Full(s.History); err == nil || !strings.Contains(err.Error(), "unknown history event: NexusOperationStarted") {
		t.Errorf("got %v, want the event to be unknown", err)
	}
	s.Events[1].WorkerMayIgnore = true
	d, seen := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Error(err)
	}
	check(t, seen.seen, "4, start, run")
}

func TestApplyOutOfTurn(t *testing.T) {
	var m machine.Machine
	if err := m.Apply(&runner.Completion{}); err == nil {
		t.Error("a completion without an activation was applied")
	}
	h := histories.Start("wf")
	h.Task()
	m.Begin(machine.Task{StartedID: 3})
	if err := m.Feed(h.Events, true); err != nil {
		t.Fatal(err)
	}
	if _, next, err := m.Next(); next != machine.Activate || err != nil {
		t.Fatalf("got %v, %v", next, err)
	}
	if err := m.Apply(&runner.Completion{Failure: &runner.TaskFailure{}}); err == nil {
		t.Error("the completion of a failed task was applied")
	}
	m.Rest()
	if err := m.Feed(h.Events, true); err == nil {
		t.Error("history was taken without a task")
	}
	if a, _, err := m.Next(); err == nil {
		t.Errorf("got the activation %v without a task", a)
	}
	if err := m.Apply(&runner.Completion{}); err == nil || m.LastStarted() != 3 {
		t.Errorf("got %v from a completion without a task, and %d for the last task, want an error and 3", err, m.LastStarted())
	}
}
