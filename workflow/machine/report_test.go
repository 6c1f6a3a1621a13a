package machine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func mismatch(t *testing.T, err error) *machine.NondeterminismError {
	t.Helper()
	nd, ok := errors.AsType[*machine.NondeterminismError](err)
	if !ok {
		t.Fatalf("got %v, want a NondeterminismError", err)
	}
	return nd
}

func TestKindsOfChanges(t *testing.T) {
	a, b, c := schedule("11", "A"), schedule("12", "B"), schedule("13", "C")
	for _, tt := range []struct {
		name    string
		was, is *runner.Completion
		want    machine.Change
	}{
		{"at the end", does(a), does(a, b), machine.Added},
		{"before the old one", does(a), does(b, schedule("12", "A")), machine.Added},
		{"another timer", does(timer("11"), b), does(timer("11"), timer("12"), schedule("13", "B")), machine.Added},
		{"the last one", does(a, b), does(a), machine.Removed},
		{"the only one", does(a), does(), machine.Removed},
		{"the first of two", does(a, b), does(schedule("11", "B")), machine.Removed},
		{"swapped", does(a, b, c), does(schedule("11", "B"), schedule("12", "A"), c), machine.Reordered},
		{"swapped with ids", does(timer("x"), timer("y")), does(timer("y"), timer("x")), machine.Reordered},
		{"another type", does(a), does(schedule("11", "B")), machine.Renamed},
		{"timer for activity", does(a), does(timer("11")), machine.Replaced},
		{"goes on instead of ending", does(completeWorkflow()), does(timer("11")), machine.Replaced},
		{"another id", does(timer("x")), does(timer("y")), machine.Renumbered},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nd := mismatch(t, replay(tt.was, tt.is))
			if nd.Change != tt.want || nd.Change.Hint() == "" || !strings.Contains(nd.Error(), nd.Change.Hint()) {
				t.Errorf("got change %q in\n%v\nwant %q with its hint", nd.Change, nd, tt.want)
			}
			if nd.Task != 9 || len(nd.History) != len(tt.was.Commands) || len(nd.Code) != len(tt.is.Commands) {
				t.Errorf("got task %d with %d steps in history and %d of the code, want 9, %d, %d", nd.Task,
					len(nd.History), len(nd.Code), len(tt.was.Commands), len(tt.is.Commands))
			}
		})
	}
	if hint := machine.Change("").Hint(); hint != "" {
		t.Errorf("no change is hinted at with %q", hint)
	}
}

// What history has after the task says more than the task alone.
func TestAStepThatHistoryHasLater(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.task(does(schedule("5", "A")))
	s.task(does(schedule("9", "B")))
	s.Signal("s")
	s.Task()
	s.answers = []*runner.Completion{does(schedule("5", "B"))}
	d, _ := s.driver()
	_, err := d.Full(s.History)
	if nd := mismatch(t, err); nd.Change != machine.Removed {
		t.Errorf("got %q, want that A was removed:\n%v", nd.Change, nd)
	}
}

func TestVersionsOfTheTaskAreShown(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.Task()
	s.CompleteTask(nil)
	for _, id := range []any{"split", 7} {
		s.Add(enumspb.EVENT_TYPE_MARKER_RECORDED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
					MarkerName: "Version",
					Details:    map[string]*commonpb.Payloads{"change-id": histories.Payloads(id), "version": histories.Payloads(1)},
				},
			},
		})
	}
	s.Command(does(timer("7")).Commands, nil)
	s.Signal("s")
	s.Task()
	s.answers = []*runner.Completion{does(schedule("5", "A"))}
	d, _ := s.driver()
	_, err := d.Full(s.History)
	nd := mismatch(t, err)
	if diff := cmp.Diff([]machine.Version{{EventID: 5, ChangeID: "split"}, {EventID: 6}}, nd.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for _, want := range []string{`event 5 records a version of change "split": if`, "event 6 records a version: if"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("report lacks %s:\n%v", want, err)
		}
	}
}

func TestTheTextOfAReport(t *testing.T) {
	timers := func(n int) (out []*commandpb.Command) {
		for i := range n {
			out = append(out, timer(string(rune('a'+i))))
		}
		return out
	}
	was, is := timers(16), append(timers(7), schedule("18", "Pay"))
	nd := mismatch(t, replay(does(was...), does(is...)))
	nd.Stack = "main.Order\n    /src/order.go:12"
	want := `[TMPRL1100] nondeterministic workflow: history event is TimerStarted (EventId: 18, TimerId: h), ` +
		`replay command is ScheduleActivityTask (ActivityId: 18, ActivityType: Pay)
  in the workflow task that started with event 9:
    history has:
        (2 more)
        TimerStarted (EventId: 13, TimerId: c)
        TimerStarted (EventId: 14, TimerId: d)
        TimerStarted (EventId: 15, TimerId: e)
        TimerStarted (EventId: 16, TimerId: f)
        TimerStarted (EventId: 17, TimerId: g)
      > TimerStarted (EventId: 18, TimerId: h)
        TimerStarted (EventId: 19, TimerId: i)
        TimerStarted (EventId: 20, TimerId: j)
        TimerStarted (EventId: 21, TimerId: k)
        TimerStarted (EventId: 22, TimerId: l)
        TimerStarted (EventId: 23, TimerId: m)
        (3 more)
    the code did:
        (2 more)
        StartTimer (TimerId: c)
        StartTimer (TimerId: d)
        StartTimer (TimerId: e)
        StartTimer (TimerId: f)
        StartTimer (TimerId: g)
      > ScheduleActivityTask (ActivityId: 18, ActivityType: Pay)
  likely cause: a step was replaced by one of another kind. Guard the change with workflow.GetVersion, ` +
		`so that runs which have passed this point stay on the old branch
  stack:
    main.Order
        /src/order.go:12`
	if diff := cmp.Diff(want, nd.Error()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if nd := mismatch(t, replay(does(timer("a")), does())); !strings.Contains(nd.Error(), "the code did:\n      > nothing\n") {
		t.Errorf("the end of the code is not shown:\n%v", nd)
	}
}
