package native_test

import (
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

func options(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func waiting(ctx workflow.Context) workflow.Context {
	return workflow.WithWaitForCancellation(options(ctx), true)
}

func TestCommandsHaveTheIDsOfTheirEvents(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		ctx = options(ctx)
		a := workflow.ExecuteActivity(ctx, "a", 1)
		timer := workflow.NewTimer(ctx, time.Hour)
		b := workflow.ExecuteActivity(ctx, "b")
		if err := a.Get(ctx, nil); err != nil {
			return err
		}
		workflow.ExecuteActivity(ctx, "c")
		if err := b.Get(ctx, nil); err != nil {
			return err
		}
		return timer.Get(ctx, nil)
	})
	l.does("ScheduleActivity 5 a 1", "StartTimer 6 1h0m0s", "ScheduleActivity 7 b")
	l.CompleteActivity("5")
	l.Task()
	l.FailTask() // the ids of the next attempt move with it
	l.does("ScheduleActivity 16 c")
	l.CompleteActivity("7")
	l.FireTimer("6")
	l.does("CompleteWorkflow")
	for id, event := range l.Activities {
		if got := l.Events[event-1].GetActivityTaskScheduledEventAttributes().GetActivityId(); got != id {
			t.Errorf("event %d is of activity %s, want %s", event, got, id)
		}
	}
}

func TestCancelCommandsOfTheEventPhaseComeFirstAndMoveTheIDs(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		timer := workflow.NewTimer(ctx, time.Hour)
		child, _ := workflow.WithCancel(ctx)
		activity := workflow.ExecuteActivity(waiting(child), "a")
		_ = timer.Get(ctx, nil)
		free, _ := workflow.NewDisconnectedContext(ctx)
		cleanup := workflow.ExecuteActivity(options(free), "cleanup")
		if err := cleanup.Get(free, nil); err != nil {
			return err
		}
		return activity.Get(free, nil)
	})
	l.does("StartTimer 5 1h0m0s", "ScheduleActivity 6 a")
	l.RequestCancel() // 7; then scheduled 8, started 9, completed 10
	l.does("CancelTimer 5", "RequestCancelActivity 6", "ScheduleActivity 13 cleanup")
	if got := l.Activities["13"]; got != 13 {
		t.Errorf("cleanup was scheduled by event %d, want 13", got)
	}
	l.CompleteActivity("13")
	l.CancelActivity("6")
	l.does("CancelWorkflow")
}

func TestNoIDsAreUsedByWhatLeavesNoTrace(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (bool, error) {
		var done bool
		zero := workflow.NewTimer(ctx, 0)
		bad := workflow.ExecuteActivity(ctx, "no timeouts")
		if bad.Get(ctx, nil) == nil {
			return false, nil
		}
		if err := zero.Get(ctx, &done); err != nil {
			return false, err
		}
		if err := workflow.Sleep(ctx, -time.Second); err != nil {
			return false, err
		}
		return done, workflow.Sleep(ctx, time.Second)
	})
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	l.does("CompleteWorkflow true")
}

func TestActivitiesWithTheSameIDDoNotFitAHistory(t *testing.T) {
	twice := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			ActivityID: "mine", StartToCloseTimeout: time.Minute,
		})
		workflow.ExecuteActivity(ctx, "a")
		return workflow.ExecuteActivity(ctx, "b").Get(ctx, nil)
	}
	checkFailure(t, start(t, twice).fails(), nonDeterministic, "adding duplicate command")

	inTurn := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			ActivityID: "mine", StartToCloseTimeout: time.Minute,
		})
		if err := workflow.ExecuteActivity(ctx, "a").Get(ctx, nil); err != nil {
			return err
		}
		return workflow.ExecuteActivity(ctx, "b").Get(ctx, nil)
	}
	l := start(t, inTurn)
	l.does("ScheduleActivity mine a")
	l.CompleteActivity("mine")
	l.does("ScheduleActivity mine b")
	l.CompleteActivity("mine")
	l.does("CompleteWorkflow")
}
