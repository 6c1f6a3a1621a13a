package native_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

func TestCanceledInTheTaskThatMadeItBothCommandsAreSent(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		child, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimer(child, time.Hour)
		quick := workflow.ExecuteActivity(options(child), "quick")
		patient := workflow.ExecuteActivity(waiting(child), "patient")
		cancel()
		late := workflow.ExecuteActivity(options(child), "late") // of a context that is canceled already
		errs := []error{timer.Get(ctx, nil), quick.Get(ctx, nil), late.Get(ctx, nil)}
		for i, err := range errs {
			if !errors.Is(err, workflow.ErrCanceled) {
				return "", fmt.Errorf("future %d: %w", i, err)
			}
		}
		err := patient.Get(ctx, nil)
		var failed *temporal.ActivityError
		if !errors.As(err, &failed) || !temporal.IsCanceledError(err) {
			return "", fmt.Errorf("patient: %w", err)
		}
		return failed.ActivityID(), nil
	})
	l.does("StartTimer 5 1h0m0s", "ScheduleActivity 6 quick", "ScheduleActivity 7 patient",
		"CancelTimer 5", "RequestCancelActivity 6", "RequestCancelActivity 7",
		"ScheduleActivity 11 late", "RequestCancelActivity 11")
	l.CancelActivity("6")
	l.CompleteActivity("11", "nobody listens")
	l.CancelActivity("7", "details")
	l.does(`CompleteWorkflow "7"`)
}

// What resolves in the same event phase as the cancellation needs no command.
func TestUnsentCancelCommandsAreTakenBack(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		timer := workflow.NewTimer(ctx, time.Hour)
		quick := workflow.ExecuteActivity(options(ctx), "quick")
		patient := workflow.ExecuteActivity(waiting(ctx), "patient")
		var result string
		free, _ := workflow.NewDisconnectedContext(ctx)
		errs := [...]error{timer.Get(free, nil), quick.Get(free, nil), patient.Get(free, &result)}
		return result, workflow.NewTimer(free, time.Duration(1+countNil(errs[:]))*time.Minute).Get(free, nil)
	}
	for _, tt := range []struct {
		name    string
		resolve func(*live)
		want    []string
		timer   string
	}{
		{
			"nothing resolved", func(*live) {},
			[]string{"CancelTimer 5", "RequestCancelActivity 6", "RequestCancelActivity 7"},
			"",
		},
		{
			"all resolved after the request",
			func(l *live) {
				l.FireTimer("5")
				l.CompleteActivity("6", "quick")
				l.CompleteActivity("7", "patient")
			},
			// 8 to 13 are events, 14 to 16 the task
			[]string{"StartTimer 17 2m0s"},
			"17",
		},
		{
			"one resolved",
			func(l *live) { l.FailActivity("6", nil) },
			[]string{"CancelTimer 5", "RequestCancelActivity 7"},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, wf)
			l.does("StartTimer 5 1h0m0s", "ScheduleActivity 6 quick", "ScheduleActivity 7 patient")
			l.RequestCancel()
			tt.resolve(l)
			l.does(tt.want...)
			if tt.timer != "" {
				l.FireTimer(tt.timer)
				l.does(`CompleteWorkflow "patient"`)
			}
		})
	}
}

func countNil(errs []error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func TestWhatResolvedBeforeTheCancellationKeepsItsResult(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		a := workflow.ExecuteActivity(options(ctx), "a")
		timer := workflow.NewTimer(ctx, time.Hour)
		free, _ := workflow.NewDisconnectedContext(ctx)
		var result string
		if err := a.Get(free, &result); err != nil {
			return "", err
		}
		return result, timer.Get(free, nil)
	})
	l.does("ScheduleActivity 5 a", "StartTimer 6 1h0m0s")
	l.CompleteActivity("5", "in time")
	l.FireTimer("6")
	l.RequestCancel()
	l.does(`CompleteWorkflow "in time"`)
}

func TestActivityErrors(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		err := workflow.ExecuteActivity(options(ctx), "a").Get(ctx, nil)
		var app *temporal.ApplicationError
		var timeout *temporal.TimeoutError
		var activity *temporal.ActivityError
		switch {
		case !errors.As(err, &activity):
			return "", fmt.Errorf("no activity error: %w", err)
		case errors.As(err, &app):
			return "application " + app.Type(), nil
		case errors.As(err, &timeout):
			return "timeout " + timeout.TimeoutType().String(), nil
		default:
			return "", err
		}
	}
	for _, tt := range []struct {
		end  func(*live)
		want string
	}{
		{func(l *live) { l.FailActivity("5", failure()) }, `CompleteWorkflow "application Broken"`},
		{func(l *live) { l.TimeOutActivity("5") }, `CompleteWorkflow "timeout ScheduleToStart"`},
		{func(l *live) { l.CancelActivity("5") }, `CancelWorkflow`},
	} {
		l := start(t, wf)
		l.does("ScheduleActivity 5 a")
		tt.end(l)
		l.does(tt.want)
	}
}

// One cancellation reaches the contexts in the order in which they were made.
func TestCancellationIsInOrder(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		for range 5 {
			child, _ := workflow.WithCancel(ctx)
			grandchild, _ := workflow.WithCancel(child)
			workflow.NewTimer(grandchild, time.Hour)
			workflow.NewTimer(child, time.Hour)
			free, _ := workflow.NewDisconnectedContext(child)
			workflow.NewTimer(free, time.Hour)
		}
		ctx.Done().Receive(ctx, nil)
		if ctx.Err() == nil {
			return errors.New("not canceled")
		}
		return nil
	})
	l.task()
	l.RequestCancel()
	l.does("CancelTimer 6", "CancelTimer 5", "CancelTimer 9", "CancelTimer 8", "CancelTimer 12",
		"CancelTimer 11", "CancelTimer 15", "CancelTimer 14", "CancelTimer 18", "CancelTimer 17",
		"CompleteWorkflow")
}
