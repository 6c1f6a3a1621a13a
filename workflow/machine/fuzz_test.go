package machine_test

import (
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// FuzzEvents builds histories from bytes, each byte something that happens or
// that the workflow does, sound or not. Whatever comes, the machine answers or
// says what is wrong, and ends.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, int64(3), int64(6), uint8(4))
	f.Add([]byte{11, 12, 11, 13, 11, 14}, int64(0), int64(0), uint8(0))
	f.Add([]byte("a longer one, for more of everything, in no order at all"), int64(9), int64(30), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, previous, started int64, cut uint8) {
		h, completions := fuzzHistory(data)
		run(t, h.Events, completions, previous, started, int(cut))
	})
}

// fuzzHistory turns bytes into events and completions.
func fuzzHistory(data []byte) (*histories.History, []*runner.Completion) {
	h := histories.Start("wf")
	var completions []*runner.Completion
	for i, b := range data {
		id := string(rune('a' + b/16%4))
		h.Timers[id], h.Activities[id] = int64(i), int64(b/16) // whether they are or not
		commands := []*commandpb.Command{
			schedule(id, "x"), timer(id), cancelTimer(id), cancelActivity(int64(b / 16)), completeWorkflow(), nil,
			marker("Version"), histories.UpsertSearchAttributes("TemporalChangeVersion", id), marker(id),
			child(id, "x"), cancelOther("ns", id, ""), cancelOther("ns", id, id), signalOther("ns", id, "s"),
			continueAsNew(),
		}
		if b > 127 && b%16 < 8 {
			fuzzOthers(h, id, i, int(b)%8)
			continue
		}
		switch b % 16 {
		case 0:
			h.Signal(id)
		case 1:
			h.FireTimer(id)
		case 2:
			h.CompleteActivity(id)
		case 3:
			h.CancelActivity(id)
		case 4:
			h.TimeOutActivity(id)
		case 5:
			h.RequestCancel()
		case 6:
			h.Admit(id, "name")
		case 7:
			h.Accept(h.Update(id, "name"))
		case 8:
			if b > 127 {
				h.Reset(id)
				continue
			}
			h.FailTask()
		case 9:
			h.TimeOutTask()
		case 10:
			h.Add(enumspb.EventType(b), &historypb.HistoryEvent{WorkerMayIgnore: b > 127})
		case 11, 12:
			h.Task()
		case 13:
			h.CompleteTask(nil)
		default:
			c := commands[int(b/16)%len(commands)]
			completions = append(completions, &runner.Completion{
				Commands: []*commandpb.Command{c}, Closed: b > 240,
			})
			if c != nil {
				delete(h.Children, id)
				h.Command([]*commandpb.Command{c}, nil)
			}
		}
	}
	return h, completions
}

// fuzzOthers has something happen to a child, or to what was sent to another
// workflow, whether there is any or not.
func fuzzOthers(h *histories.History, id string, i, what int) {
	h.Children[id] = histories.Child{Initiated: int64(i), Started: int64(i)}
	defer delete(h.Children, id)
	h.Sent = append(h.Sent, histories.Sent{Initiated: int64(i), WorkflowID: id, Signal: what > 6})
	switch what {
	case 0:
		h.StartChild(id)
	case 1:
		h.FailChildStart(id, enumspb.StartChildWorkflowExecutionFailedCause(i%4))
	case 2:
		h.CompleteChild(id)
	case 3:
		h.CancelChild(id)
	case 4:
		h.TerminateChild(id)
	case 5:
		h.Refuse(int64(i), histories.NoSuchWorkflow)
	default:
		h.Deliver(int64(i))
	}
}

// FuzzProto feeds what is left of a history that was written to disk, or sent,
// and damaged on its way.
func FuzzProto(f *testing.F) {
	s := long()
	good, err := proto.Marshal(&historypb.History{Events: s.Events})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, int64(29), int64(36), uint8(3))
	f.Add(good[:len(good)/2], int64(29), int64(0), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, previous, started int64, cut uint8) {
		var h historypb.History
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &h); err != nil {
			return
		}
		run(t, h.GetEvents(), long().answers, previous, started, int(cut))
	})
}

// run drives a machine through events, twice, and checks what holds for any.
func run(
	t *testing.T, events []*historypb.HistoryEvent, completions []*runner.Completion,
	previous, started int64, cut int,
) {
	t.Helper()
	task := machine.Task{
		PreviousStartedID: previous, StartedID: started, Queries: []runner.Query{{ID: "q"}},
	}
	cut = min(cut, len(events))
	d := &histories.Driver{Instance: &dummy{answers: completions}}
	activations := 0
	d.Seen = func(a *runner.Activation, _ *runner.Completion) {
		activations++
		for _, i := range a.Items {
			if (i == runner.Item{}) {
				t.Error("an item that says nothing")
			}
		}
	}
	answer, err := d.Do(task, events[:cut], events[cut:])
	if activations > len(events)+1 {
		t.Errorf("%d activations for %d events", activations, len(events))
	}
	if err != nil {
		if err.Error() == "" {
			t.Error("an error without words")
		}
		return
	}
	if !d.Machine.Closed() && started != 0 && len(events) > 0 && events[len(events)-1].GetEventId() != started {
		t.Errorf("a task that ends with %d was done with a history that ends with %d",
			started, events[len(events)-1].GetEventId())
	}
	if len(answer.Commands) > 0 && d.Machine.LastStarted() == 0 {
		t.Error("commands without a task")
	}
	d.Machine.Forget(previous)
	_, _ = d.Do(task, events) // whatever it makes of them again
}
