package machine

import (
	"math/rand/v2"
	"strconv"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

func scheduleCommand(id string) *commandpb.Command {
	return &commandpb.Command{Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
		ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{ActivityId: id},
	}}
}

func scheduledEvent(eventID int64, id string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventId: eventID, EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{ActivityId: id},
		},
	}
}

func completedEvent(scheduled int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventId: scheduled + 1_000_000, EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
				ScheduledEventId: scheduled,
			},
		},
	}
}

// Activities begin a few commands behind, and end in any order, each once.
func TestActivitiesEndInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var (
		as   activities
		sent []string
		open = make(map[int64]string) // by event
	)
	for n := int64(1); n <= 5000; n++ {
		id := strconv.FormatInt(n, 10)
		as.command(scheduleCommand(id), 1)
		if sent = append(sent, id); len(sent) > 3 {
			if _, err := as.event(scheduledEvent(n, sent[0])); err != nil {
				t.Fatal(err)
			}
			open[n], sent = sent[0], sent[1:]
		}
		for scheduled, id := range open { // in random order
			if r.IntN(3) > 0 {
				break
			}
			delete(open, scheduled)
			if got, err := as.event(completedEvent(scheduled)); err != nil || got.ID != id {
				t.Fatalf("%d ended as %+v, error %v, want activity %s", scheduled, got, err, id)
			}
			if got, err := as.event(completedEvent(scheduled)); err == nil {
				t.Fatalf("%d ended twice: %+v", scheduled, got)
			}
		}
		if len(as.sent) != len(sent) || len(as.begun)-as.ended != len(open) || 2*as.ended > len(as.begun) {
			t.Fatalf("%d sent and %d of %d ended, want %d sent and %d open",
				len(as.sent), as.ended, len(as.begun), len(sent), len(open))
		}
	}
	if _, err := as.event(scheduledEvent(6000, "1")); err == nil {
		t.Error("an activity began twice")
	}
}
