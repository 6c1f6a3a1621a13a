package outcomes_test

import (
	"slices"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/integration/outcomes"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// told is what there is to check after a run in which nothing was wrong.
type told struct {
	plans   []outcomes.Plan
	history []*historypb.HistoryEvent
	record  *outcomes.Record
}

// plant is a lie about a run.
type plant struct {
	name string
	// plan is what the activity does; the lie is about it.
	plan outcomes.Plan
	// lie changes the history.
	lie func(h []*historypb.HistoryEvent) []*historypb.HistoryEvent
	// want is part of the mismatch.
	want string
}

func steps(kinds ...outcomes.Kind) []outcomes.Step {
	out := make([]outcomes.Step, len(kinds))
	for i, kind := range kinds {
		out[i].Do = kind
	}
	return out
}

// change lets f change the events of a type.
func change(typ enumspb.EventType, f func(*historypb.HistoryEvent)) func([]*historypb.HistoryEvent) []*historypb.HistoryEvent {
	return func(h []*historypb.HistoryEvent) []*historypb.HistoryEvent {
		for _, e := range h {
			if e.GetEventType() == typ {
				f(e)
			}
		}
		return h
	}
}

// without leaves out the events of a type.
func without(typ enumspb.EventType) func([]*historypb.HistoryEvent) []*historypb.HistoryEvent {
	return func(h []*historypb.HistoryEvent) []*historypb.HistoryEvent {
		return slices.DeleteFunc(h, func(e *historypb.HistoryEvent) bool { return e.GetEventType() == typ })
	}
}

// twice repeats the events of a type.
func twice(typ enumspb.EventType) func([]*historypb.HistoryEvent) []*historypb.HistoryEvent {
	return func(h []*historypb.HistoryEvent) (out []*historypb.HistoryEvent) {
		for _, e := range h {
			out = append(out, e)
			if e.GetEventType() == typ {
				out = append(out, e)
			}
		}
		return out
	}
}

const (
	scheduledEvent = enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
	startedEvent   = enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED
	completedEvent = enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
	failedEvent    = enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED
	timedOutEvent  = enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT
	canceledEvent  = enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED
	requestedEvent = enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED
)

// failure lets f change the failure of the activity.
func failure(f func(*failurepb.Failure)) func([]*historypb.HistoryEvent) []*historypb.HistoryEvent {
	return change(failedEvent, func(e *historypb.HistoryEvent) {
		f(e.GetActivityTaskFailedEventAttributes().GetFailure())
	})
}

func attempt(n int32) func([]*historypb.HistoryEvent) []*historypb.HistoryEvent {
	return change(startedEvent, func(e *historypb.HistoryEvent) { e.GetActivityTaskStartedEventAttributes().Attempt = n })
}

func plants() []plant {
	one := func(kinds ...outcomes.Kind) outcomes.Plan {
		return outcomes.Plan{Key: "a", Attempts: int32(len(kinds)), Steps: steps(kinds...)} //nolint:gosec // few
	}
	beats := outcomes.Plan{Key: "a", Attempts: 1, Steps: []outcomes.Step{{Do: outcomes.Silent, Beats: 1}}}
	fails := one(outcomes.Fatal)
	again := one(outcomes.Failure, outcomes.OK)
	return []plant{
		{"not scheduled", one(outcomes.OK), without(scheduledEvent), "never scheduled"},
		{"lost", one(outcomes.OK), without(completedEvent), "has ended 0 times"},
		{"completed twice", one(outcomes.OK), twice(completedEvent), "has ended 2 times"},
		{"scheduled twice", one(outcomes.OK), twice(scheduledEvent), "scheduled 2 times"},
		{"no start", one(outcomes.OK), without(startedEvent), "without a start"},
		{"another result", one(outcomes.OK), change(completedEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskCompletedEventAttributes().GetResult().GetPayloads()[0].Data = []byte(`"x"`)
		}), "returned"},
		{"a result of nothing", one(outcomes.Nothing), change(completedEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskCompletedEventAttributes().Result = &commonpb.Payloads{Payloads: []*commonpb.Payload{{}}}
		}), "want nothing"},
		{"one attempt more", one(outcomes.OK), attempt(2), "attempt 2 is the last, want 1"},
		{"one attempt less", again, attempt(1), "attempt 1 is the last, want 2"},
		{"no failure before", again, change(startedEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskStartedEventAttributes().LastFailure = nil
		}), "attempt 1 is said to have failed with"},
		{"another message", fails, failure(func(f *failurepb.Failure) { f.Message = "x" }), "failed with"},
		{"another type", fails, failure(func(f *failurepb.Failure) { f.GetApplicationFailureInfo().Type = "x" }), "failed with"},
		{"retryable", fails, failure(func(f *failurepb.Failure) { f.GetApplicationFailureInfo().NonRetryable = false }), "failed with"},
		{"no cause", fails, failure(func(f *failurepb.Failure) { f.Cause = nil }), "failed with"},
		{"another cause", fails, failure(func(f *failurepb.Failure) { f.GetCause().Message = "x" }), "failed with"},
		{"no details", fails, failure(func(f *failurepb.Failure) { f.GetApplicationFailureInfo().Details = nil }), "failed with"},
		{"no stack", one(outcomes.Panic), failure(func(f *failurepb.Failure) { f.StackTrace = "" }), "failed with"},
		{"no size", one(outcomes.Oversized), failure(func(f *failurepb.Failure) { f.Message = "too large" }), "failed with"},
		{"not benign", one(outcomes.Benign), failure(func(f *failurepb.Failure) {
			f.GetApplicationFailureInfo().Category = enumspb.APPLICATION_ERROR_CATEGORY_UNSPECIFIED
		}), "failed with"},
		{"another retry state", fails, change(failedEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskFailedEventAttributes().RetryState = enumspb.RETRY_STATE_TIMEOUT
		}), "not tried again because of Timeout"},
		{"another timeout", one(outcomes.Overrun), change(timedOutEvent, func(e *historypb.HistoryEvent) {
			info := e.GetActivityTaskTimedOutEventAttributes().GetFailure().GetTimeoutFailureInfo()
			info.TimeoutType = enumspb.TIMEOUT_TYPE_HEARTBEAT
		}), "said to have timed out"},
		{"heartbeat lost", beats, change(timedOutEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskTimedOutEventAttributes().GetFailure().GetTimeoutFailureInfo().LastHeartbeatDetails = nil
		}), "with the heartbeat details <nil>"},
		{"details of the cancellation lost", one(outcomes.CancelDetails), change(canceledEvent, func(e *historypb.HistoryEvent) {
			e.GetActivityTaskCanceledEventAttributes().Details = nil
		}), "canceled with the details"},
		{"no cancel requested", one(outcomes.Cancel), without(requestedEvent), "requested 0 times, want 1"},
		{"canceled, not completed", one(outcomes.Ignore), change(completedEvent, func(e *historypb.HistoryEvent) {
			id := e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
			e.EventType = canceledEvent
			e.Attributes = &historypb.HistoryEvent_ActivityTaskCanceledEventAttributes{
				ActivityTaskCanceledEventAttributes: &historypb.ActivityTaskCanceledEventAttributes{ScheduledEventId: id},
			}
		}), "said to have been canceled"},
		{"failed, not completed", one(outcomes.OK), change(completedEvent, func(e *historypb.HistoryEvent) {
			id := e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
			e.EventType = failedEvent
			e.Attributes = &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
				ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
					ScheduledEventId: id, Failure: &failurepb.Failure{Message: "x"},
				},
			}
		}), "said to have failed"},
		{"another activity", one(outcomes.OK), func(h []*historypb.HistoryEvent) []*historypb.HistoryEvent {
			for _, e := range h {
				if e.GetEventType() == scheduledEvent {
					stray := proto.CloneOf(e)
					stray.EventId = 1000
					stray.GetActivityTaskScheduledEventAttributes().ActivityId = "b"
					return append(h, stray)
				}
			}
			return h
		}, "no plan has this activity"},
	}
}

// runOf follows one plan on the service in memory.
func runOf(t *testing.T, p outcomes.Plan) (out told) {
	t.Helper()
	stageFor(t, service.Options{}, func(t *testing.T, s outcomes.Stage) {
		out = told{plans: []outcomes.Plan{p}, record: s.Actor.Record}
		s.Seen = func(h []*historypb.HistoryEvent) { out.history = h }
		v, err := s.Drive(t.Context(), out.plans)
		if err != nil || len(v.Mismatches) > 0 {
			t.Fatalf("before anything was planted: %v, %v", v.Mismatches, err)
		}
	})
	return out
}

// TestPlantedMismatches runs one activity each, tells a lie about it and sees whether
// that is found.
func TestPlantedMismatches(t *testing.T) {
	t.Parallel()
	for _, p := range plants() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			seen := runOf(t, p.plan)
			expect(t, outcomes.Check(seen.plans, p.lie(seen.history), seen.record, outcomes.Rules{}), p.want)
		})
	}
}

// TestRecordIsCompared sees whether histories of more, less or other attempts than
// ran are found.
func TestRecordIsCompared(t *testing.T) {
	t.Parallel()
	seen := runOf(t, outcomes.Plan{Key: "a", Attempts: 2, Steps: []outcomes.Step{
		{Do: outcomes.Failure, Beats: 3}, {Do: outcomes.OK},
	}})
	expect(t, outcomes.Check(seen.plans, seen.history, outcomes.NewRecord(), outcomes.Rules{}),
		"attempt 1 ran 0 times, want 1")
	// What ran is what the plan says, but another plan would have it otherwise.
	other := []outcomes.Plan{{Key: "a", Attempts: 2, Steps: []outcomes.Step{
		{Do: outcomes.Failure, Beats: 2}, {Do: outcomes.OK},
	}}}
	expect(t, outcomes.Check(other, seen.history, seen.record, outcomes.Rules{}),
		"attempt 2 found the heartbeat details 1003, want one of [1002]")
	other[0].Steps[1].Do = outcomes.Cancel
	expect(t, outcomes.Check(other, seen.history, seen.record, outcomes.Rules{}), "was told to stop because of: <nil>")
}

// TestRulesExcuseOnlyWhatTheyName sees that a timeout of an attempt that was not to
// have one is a mismatch, unless the rules say that it may be.
func TestRulesExcuseOnlyWhatTheyName(t *testing.T) {
	t.Parallel()
	seen := runOf(t, outcomes.Plan{Key: "a", Attempts: 1, Steps: steps(outcomes.Overrun)})
	for _, c := range []struct {
		kinds []outcomes.Kind
		rules outcomes.Rules
		want  string
	}{
		{[]outcomes.Kind{outcomes.OK}, outcomes.Rules{}, "said to have timed out"},
		{[]outcomes.Kind{outcomes.OK}, outcomes.Rules{Late: true}, "said to have timed out"},
		{[]outcomes.Kind{outcomes.OK}, outcomes.Rules{Lossy: true}, ""},
		{[]outcomes.Kind{outcomes.OK, outcomes.Late}, outcomes.Rules{Late: true}, ""},
	} {
		plans := []outcomes.Plan{{Key: "a", Attempts: 1, Steps: steps(c.kinds...)}}
		v := outcomes.Check(plans, seen.history, seen.record, c.rules)
		if c.want != "" {
			expect(t, v, c.want)
		} else if len(v.Mismatches) > 0 {
			t.Errorf("%v under %+v: %v", c.kinds, c.rules, v.Mismatches)
		}
	}
}

// TestGenerate sees that seeds give the same plans again, and all kinds.
func TestGenerate(t *testing.T) {
	t.Parallel()
	plans := outcomes.Generate(1, 1000, "a")
	same := slices.EqualFunc(plans, outcomes.Generate(1, 1000, "a"), func(p, q outcomes.Plan) bool {
		return p.Key == q.Key && p.Attempts == q.Attempts && slices.Equal(p.Steps, q.Steps)
	})
	if !same {
		t.Error("the same seed gives other plans")
	}
	for _, kind := range outcomes.Kinds() {
		if !slices.ContainsFunc(plans, func(p outcomes.Plan) bool {
			return slices.ContainsFunc(p.Steps, func(s outcomes.Step) bool { return s.Do == kind })
		}) {
			t.Errorf("no plan has a step of kind %q", kind)
		}
	}
}

// expect fails the test unless a mismatch has this in it.
func expect(t *testing.T, v outcomes.Verdict, want string) {
	t.Helper()
	if !slices.ContainsFunc(v.Mismatches, func(m string) bool { return strings.Contains(m, want) }) {
		t.Errorf("found %q, want one with %q", v.Mismatches, want)
	}
}
