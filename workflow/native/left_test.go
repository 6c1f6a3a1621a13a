package native_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// What was left behind goes on when it can, while whoever drove it does as well: neither may touch
// what is the other's, which the race detector sees, as nothing here waits for the other.
func TestWhatIsLeftBehindGoesOn(t *testing.T) {
	stuck := func() { time.Sleep(2 * time.Second) }
	for _, tt := range []struct {
		name string
		code func(t *testing.T, ctx workflow.Context) error
	}{
		{"to where it blocks", func(t *testing.T, ctx workflow.Context) error {
			defer func() { // it ends there, and does not panic
				if v := recover(); v != nil {
					t.Errorf("it died of %v", v)
				}
			}()
			stuck()
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Second})
			return workflow.ExecuteActivity(ctx, "A", 1).Get(ctx, nil)
		}},
		{"and panics", func(*testing.T, workflow.Context) error {
			stuck()
			panic("boom")
		}},
		{"and fails", func(*testing.T, workflow.Context) error {
			stuck()
			return errors.New("failed")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, func(ctx workflow.Context) error { return tt.code(t, ctx) })
				checkFailure(t, l.fails(), unhandled, "[TMPRL1101]")
				l.Instance.Close()
				time.Sleep(time.Minute)
			})
		})
	}
	t.Run("and answers a query", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := start(t, func(ctx workflow.Context) error {
				if err := workflow.SetQueryHandler(ctx, "q", func() (int, error) { stuck(); return 1, nil }); err != nil {
					return err
				}
				return workflow.Sleep(ctx, time.Hour)
			})
			l.task()
			_, err := l.Do(machine.Task{PreviousStartedID: l.Previous, Queries: []runner.Query{{ID: "q", Type: "q"}}},
				l.Since(l.Machine.LastStarted()))
			if failed, ok := errors.AsType[*histories.TaskError](err); !ok {
				t.Errorf("got error %v, want a failed task", err)
			} else {
				checkFailure(t, failed.TaskFailure, unhandled, "[TMPRL1101]")
			}
			l.Instance.Close()
			time.Sleep(time.Minute)
		})
	})
	t.Run("and ends a local activity", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dc := &slow{DataConverter: converter.GetDefaultDataConverter()}
			l := startWith(t, native.Options{DataConverter: dc}, func(ctx workflow.Context) error {
				ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Second})
				return workflow.ExecuteLocalActivity(ctx, "L").Get(ctx, nil)
			})
			l.Local = func(open *histories.Locals) *runner.LocalResult {
				dc.takes = time.Minute
				return &runner.LocalResult{ID: open.Open[0].ID, Attempt: 1, Time: histories.Epoch()}
			}
			checkFailure(t, l.fails(), unhandled, "[TMPRL1101]")
			l.Instance.Close()
			time.Sleep(time.Hour)
		})
	})
}

// What hinders workflow code may hinder what is to say so.
func TestFailuresOfWhatIsLeftBehindThatCannotBeConverted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startWith(t, native.Options{FailureConverter: brokenFailures{}}, func(workflow.Context) error {
			time.Sleep(2 * time.Second)
			return nil
		})
		checkFailure(t, l.fails(), unhandled, "[TMPRL1101]")
		l.Instance.Close()
		time.Sleep(time.Minute)
	})
}
