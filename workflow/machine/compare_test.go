package machine_test

import (
	"errors"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// replay is a run whose history was made with was and whose code now does is.
// A signal follows, so that there is something left to find wrong.
func replay(was, is *runner.Completion, flags ...uint32) error {
	s := &story{History: histories.Start("wf")}
	// What the commands of was may be about.
	s.task(does(schedule("a5", "before"), timer("t6"), timer("t7")))
	s.Task()
	s.answers = append(s.answers, is)
	s.Complete(machine.Answer{Commands: was.Commands, Messages: was.Messages, Flags: flags})
	s.Events = histories.Clone(s.Events)
	for _, e := range s.Events {
		if a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); a != nil {
			a.AcceptedRequest = histories.Request(a.GetProtocolInstanceId(), "name")
		}
	}
	s.Signal("s")
	s.Task()
	d, _ := s.driver()
	_, err := d.Full(s.History)
	return err
}

func TestSameCommands(t *testing.T) {
	updates := &runner.Completion{
		Commands: does(message("u/accept"), message("u/complete")).Commands,
		Messages: []*protocolpb.Message{acceptance("u", 8), response("u")},
	}
	for name, c := range map[string]*runner.Completion{
		"none": does(), "activity": does(schedule("a", "x")), "timer": does(timer("a")),
		"cancel activity": does(cancelActivity(5)), "cancel timer": does(cancelTimer("t6")),
		"fail": does(failWorkflow()), "complete": does(completeWorkflow()), "cancel": does(cancelWorkflow()),
		"update": updates, "side effect": does(marker("SideEffect")), "local activity": does(marker("LocalActivity")),
		"search attributes": does(histories.UpsertSearchAttributes("a", 1)),
		"memo":              does(histories.UpsertMemo("a", 1)),
	} {
		if err := replay(c, c, 3); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDifferentCommands(t *testing.T) {
	accepted := func(instance string, sequencing int64) *runner.Completion {
		return &runner.Completion{
			Commands: does(message(instance + "/accept")).Commands,
			Messages: []*protocolpb.Message{acceptance(instance, sequencing)},
		}
	}
	completed := func(instance string) *runner.Completion {
		return &runner.Completion{
			Commands: does(message(instance + "/complete")).Commands,
			Messages: []*protocolpb.Message{response(instance)},
		}
	}
	for _, tt := range []struct {
		name    string
		was, is *runner.Completion
		event   string // of the error
		command string
	}{
		{"missing", does(timer("a")), does(), "TimerStarted (EventId: 11, TimerId: a)", ""},
		{"extra", does(), does(timer("a")), "", "StartTimer (TimerId: a)"},
		{
			"extra at the end", does(timer("a")), does(timer("a"), schedule("b", "x")), "",
			"ScheduleActivityTask (ActivityId: b, ActivityType: x)",
		},
		{
			"kind", does(timer("a")), does(schedule("a", "x")), "TimerStarted (EventId: 11, TimerId: a)",
			"ScheduleActivityTask (ActivityId: a, ActivityType: x)",
		},
		{"timer id", does(timer("a")), does(timer("b")), "TimerStarted (EventId: 11, TimerId: a)", "StartTimer (TimerId: b)"},
		{
			"activity id", does(schedule("a", "x")), does(schedule("b", "x")),
			"ActivityTaskScheduled (EventId: 11, ActivityId: a, ActivityType: x)",
			"ScheduleActivityTask (ActivityId: b, ActivityType: x)",
		},
		{
			"activity type", does(schedule("a", "x")), does(schedule("a", "y")),
			"ActivityTaskScheduled (EventId: 11, ActivityId: a, ActivityType: x)",
			"ScheduleActivityTask (ActivityId: a, ActivityType: y)",
		},
		{
			"order", does(timer("a"), timer("b")), does(timer("b"), timer("a")),
			"TimerStarted (EventId: 11, TimerId: a)", "StartTimer (TimerId: b)",
		},
		{
			"canceled timer", does(cancelTimer("t6")), does(cancelTimer("t7")),
			"TimerCanceled (EventId: 11, TimerId: t6)", "CancelTimer (TimerId: t7)",
		},
		{
			"canceled activity", does(cancelActivity(5)), does(cancelActivity(6)),
			"ActivityTaskCancelRequested (EventId: 11, ScheduledEventId: 5)", "RequestCancelActivityTask (ScheduledEventId: 6)",
		},
		{
			"cancellation in another place", does(timer("a"), cancelTimer("t6")), does(cancelTimer("t6"), timer("a")),
			"TimerStarted (EventId: 11, TimerId: a)", "CancelTimer (TimerId: t6)",
		},
		{
			"accepted update", accepted("u", 10), accepted("v", 10),
			"WorkflowExecutionUpdateAccepted (EventId: 11, UpdateId: u, SequencingEventId: 10)",
			"ProtocolMessage (MessageId: v/accept, SequencingEventId: 10)",
		},
		{
			"sequencing of an update", accepted("u", 10), accepted("u", 9),
			"WorkflowExecutionUpdateAccepted (EventId: 11, UpdateId: u, SequencingEventId: 10)",
			"ProtocolMessage (MessageId: u/accept, SequencingEventId: 9)",
		},
		{
			"completed update", completed("u"), completed("v"),
			"WorkflowExecutionUpdateCompleted (EventId: 11, UpdateId: u)", "ProtocolMessage (MessageId: v/complete)",
		},
		{
			"message without a body", completed("u"), does(message("u/complete")),
			"WorkflowExecutionUpdateCompleted (EventId: 11, UpdateId: u)", "ProtocolMessage (MessageId: u/complete)",
		},
		{
			"close command", does(completeWorkflow()), does(failWorkflow()),
			"WorkflowExecutionCompleted (EventId: 11)", "FailWorkflowExecution",
		},
		{
			"end of a run that went on", does(timer("a")), does(cancelWorkflow()),
			"TimerStarted (EventId: 11, TimerId: a)", "CancelWorkflowExecution",
		},
		{
			"command of a kind that this release does not know", does(timer("a")),
			does(&commandpb.Command{CommandType: enumspb.COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION}),
			"TimerStarted (EventId: 11, TimerId: a)", "ScheduleNexusOperation",
		},
		{
			"marker", does(marker("SideEffect")), does(marker("LocalActivity")),
			"MarkerRecorded (EventId: 11, MarkerName: SideEffect)", "RecordMarker (MarkerName: LocalActivity)",
		},
		{
			"side effect that is gone", does(marker("SideEffect")), does(),
			"MarkerRecorded (EventId: 11, MarkerName: SideEffect)", "",
		},
		{
			"local activity that is new", does(), does(marker("LocalActivity")),
			"", "RecordMarker (MarkerName: LocalActivity)",
		},
		{
			"memo instead of search attributes",
			does(histories.UpsertSearchAttributes("a", 1)), does(histories.UpsertMemo("a", 1)),
			"UpsertWorkflowSearchAttributes (EventId: 11)", "ModifyWorkflowProperties",
		},
		{
			"search attributes instead of memo",
			does(histories.UpsertMemo("a", 1)), does(histories.UpsertSearchAttributes("a", 1)),
			"WorkflowPropertiesModified (EventId: 11)", "UpsertWorkflowSearchAttributes",
		},
		{
			"upsert that only looks like one of a version",
			does(histories.UpsertSearchAttributes("TemporalChangeVersion", "x")), does(),
			"UpsertWorkflowSearchAttributes (EventId: 11)", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := replay(tt.was, tt.is, 3)
			nd, ok := errors.AsType[*machine.NondeterminismError](err)
			if !ok {
				t.Fatalf("got %v, want a NondeterminismError", err)
			}
			if nd.Event != tt.event || nd.Command != tt.command {
				t.Errorf("got event %q and command %q, want %q and %q", nd.Event, nd.Command, tt.event, tt.command)
			}
			if wantID := int64(11); (tt.event != "") != (nd.EventID == wantID) {
				t.Errorf("got event id %d, want %d if history has one", nd.EventID, wantID)
			}
			text := err.Error()
			if !strings.HasPrefix(text, "[TMPRL1100] nondeterministic workflow: ") ||
				!strings.Contains(text, tt.event) || !strings.Contains(text, tt.command) {
				t.Errorf("got %q", text)
			}
		})
	}
}

// What may change between the release that wrote a history and this one.
func TestDifferencesThatDoNotMatter(t *testing.T) {
	long, short := schedule("a", "x"), schedule("a", "x")
	long.GetScheduleActivityTaskCommandAttributes().Input = histories.Payloads("other input")
	if err := replay(does(long), does(short)); err != nil {
		t.Errorf("input: %v", err)
	}
	if err := replay(does(schedule("a", "main.pkg.Name")), does(schedule("a", "Name"))); err != nil {
		t.Errorf("package of an activity type: %v", err)
	}
	// The order of cancellations is random in the official SDK.
	was := does(cancelActivity(5), cancelTimer("t7"), cancelTimer("t6"), timer("a"))
	is := does(cancelTimer("t6"), cancelTimer("t7"), cancelActivity(5), timer("a"))
	if err := replay(was, is); err != nil {
		t.Errorf("order of cancellations: %v", err)
	}
	// Histories without flag 3 have updates that no command is for.
	old := &runner.Completion{
		Commands: does(message("u/accept"), message("u/complete")).Commands,
		Messages: []*protocolpb.Message{acceptance("u", 8), response("u")},
	}
	now := &runner.Completion{Messages: old.Messages}
	if err := replay(old, now); err != nil {
		t.Errorf("updates without commands: %v", err)
	}
	if err := replay(old, now, 3); err == nil {
		t.Error("with flag 3, updates without commands were taken")
	}
}

// On a run in memory nothing is compared, but events have to find what they
// are about.
func TestEventsWithoutTheirCommands(t *testing.T) {
	open := func(h *histories.History) {
		h.Activities["a"], h.Timers["t"] = 5, 5
	}
	for _, tt := range []struct {
		name  string
		event func(*histories.History)
		want  string
	}{
		{"activity", func(h *histories.History) {
			h.Command(does(schedule("a", "x")).Commands, nil)
		}, "During replay, a matching activity a command was expected in history event position 5."},
		{"timer", func(h *histories.History) {
			h.Command(does(timer("t")).Commands, nil)
		}, "During replay, a matching timer t command was expected in history event position 5."},
		{"fired timer", func(h *histories.History) { h.FireTimer("t") }, "a matching timer t command was expected"},
		{"canceled timer", func(h *histories.History) {
			h.Command(does(cancelTimer("t")).Commands, nil)
		}, "a matching timer t command was expected"},
		{"completed activity", func(h *histories.History) {
			h.CompleteActivity("a")
		}, "unable to find activityID for the scheduledEventID: 5, for the event: ActivityTaskStarted"},
		{"cancellation of an activity", func(h *histories.History) {
			h.Command(does(cancelActivity(5)).Commands, nil)
		}, "unable to find activityID for the scheduledEventID: 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &story{History: histories.Start("wf")}
			d, _ := s.driver()
			s.Task()
			if _, err := d.Sticky(s.History); err != nil {
				t.Fatal(err)
			}
			s.CompleteTask(nil)
			open(s.History)
			tt.event(s.History)
			s.Task()
			_, err := d.Sticky(s.History)
			nd, ok := errors.AsType[*machine.NondeterminismError](err)
			if !ok || !strings.Contains(err.Error(), tt.want) || nd.EventID != 5 {
				t.Errorf("got %v at event %d, want a NondeterminismError with %q at 5", err, nd.EventID, tt.want)
			}
		})
	}
	// Twice is once too often.
	s := &story{History: histories.Start("wf")}
	s.answers = []*runner.Completion{does(timer("t"))}
	d, _ := s.driver()
	s.Task()
	if _, err := d.Sticky(s.History); err != nil {
		t.Fatal(err)
	}
	s.CompleteTask(nil)
	for range 2 {
		s.Command(does(timer("t")).Commands, nil)
	}
	s.Task()
	if _, err := d.Sticky(s.History); err == nil {
		t.Error("a timer was started twice")
	}
}

func TestUpdateMessages(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.Signal("one")
	s.Signal("two")
	s.Task() // 5
	at := func(id string, event int64) *protocolpb.Message {
		m := s.Update(id, "name")
		m.SequencingId = &protocolpb.Message_EventId{EventId: event}
		return m
	}
	foreign := &protocolpb.Message{Id: "f", ProtocolInstanceId: "f", Body: rejection("x").GetBody()}
	messages := []*protocolpb.Message{at("c", 4), at("a", 1), foreign, at("b", 2), at("d", 4), at("never", 9)}
	d, seen := s.driver()
	if _, err := d.Full(s.History, func(t *machine.Task) { t.Messages = messages }); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, "5, start, update a at 1, signal one, update b at 2, signal two, "+
		"update c at 4, update d at 4, run")

	// The event that orders a message may be one that the task no longer shows:
	// the timeout of an attempt, 4, is not told, but what it ordered comes before 5.
	dropped := &story{History: histories.Start("wf")}
	dropped.Task()
	dropped.TimeOutTask()
	dropped.Signal("one")
	dropped.Task()
	d2, seen2 := dropped.driver()
	if _, err := d2.Full(dropped.History, func(t *machine.Task) { t.Messages = []*protocolpb.Message{at("a", 4)} }); err != nil {
		t.Fatal(err)
	}
	check(t, seen2.seen, "7, start, update a at 4, signal one, run")

	// The same update again, while it is open and after it has ended.
	s.CompleteTask(nil)
	s.Task()
	again := func(t *machine.Task) { t.Messages = []*protocolpb.Message{s.Update("a", "name")} }
	if _, err := d.Sticky(s.History, again); err == nil || !strings.Contains(err.Error(), `invalid action "request"`) {
		t.Errorf("got %v, want a second request to be refused", err)
	}
	for _, end := range []*protocolpb.Message{rejection("a"), response("a")} {
		s := &story{History: histories.Start("wf")}
		s.answers = []*runner.Completion{{Messages: []*protocolpb.Message{end}}}
		d, _ := s.driver()
		for range 2 {
			s.Task()
			request := s.Update("a", "name")
			if _, err := d.Sticky(s.History, func(t *machine.Task) {
				t.Messages = []*protocolpb.Message{request}
			}); err != nil {
				t.Errorf("an update that has ended was asked for again: %v", err)
			}
			s.CompleteTask(nil)
		}
	}
	// A body that cannot be read.
	broken := s.Update("z", "name")
	broken.Body.Value = []byte{0xff}
	d, _ = s.driver()
	if _, err := d.Full(s.History, func(t *machine.Task) { t.Messages = []*protocolpb.Message{broken} }); err == nil {
		t.Error("a request that cannot be read was taken")
	}
}

func TestAdmittedUpdates(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.Admit("u", "name")
	s.Admit("rejected", "name")
	s.Task()
	d, live := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, live.seen, "5, start, update u at 2, update rejected at 3, run")
	s.CompleteTask(nil)
	s.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes{
			WorkflowExecutionUpdateAcceptedEventAttributes: &historypb.
				WorkflowExecutionUpdateAcceptedEventAttributes{
				ProtocolInstanceId: "u", AcceptedRequestMessageId: "u/request",
				AcceptedRequestSequencingEventId: 2,
			},
		},
	})
	s.Task()
	d, rebuilt := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, rebuilt.seen, "5 replay, start, update u at 2, run", "9, run")
}
