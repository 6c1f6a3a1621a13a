package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/workflow"
)

// Oblivious runs Sleep, which takes no notice of anything, as a local activity.
func Oblivious(ctx workflow.Context, seconds int) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Hour})
	return workflow.ExecuteLocalActivity(ctx, Sleep, time.Duration(seconds)*time.Second).Get(ctx, nil)
}

// Who holds up the stop is named to whoever waits: in the log, in the error of a Shutdown that
// did not wait, and in the report.
func TestActivitiesThatIgnoreTheirCancellationAreNamed(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		logs := new(logbook)
		w := f.worker(t, worker.Options{
			Workflows: []any{Oblivious}, Activities: []any{Sleep, Obey}, Logger: logs.logger(),
			GracefulShutdownTimeout: 5 * time.Second,
		})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.activityTasks <- activityTask("Sleep", 1, 10*time.Minute)
		f.activityTasks <- activityTask("Obey", 2)
		pass(time.Second)
		f.workflowTasks <- firstTask("Oblivious", "some run", 600)
		pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := w.Shutdown(ctx)
		const sleep = `activity Sleep (id 1, attempt 1) of workflow "w" (run r), since 2000-01-01T00:00:00Z, 22s ago`
		const local = `local activity Sleep (id 1, attempt 1) of workflow "id of some run" (run some run), since 2000-01-01T00:00:01Z, 21s ago`
		var waited *shutdown.WaitError
		if !errors.As(err, &waited) || waited.Stage != "cancel" || len(waited.Pending) != 1 {
			t.Fatalf("Shutdown: %v", err)
		}
		if got, want := strings.Join(waited.Pending[0].Left, "\n"), sleep+"\n"+local; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if !strings.Contains(err.Error(), sleep+"; "+local) {
			t.Errorf("the error does not name them: %v", err)
		}
		if !logs.has("a member is still stopping") || !logs.has(`left="activity Sleep (id 1, attempt 1)`) {
			t.Error("the log does not name them")
		}
		// Impatience gave the stage no more time, so the report says what was left.
		var incomplete *shutdown.IncompleteError
		if err := w.Wait(eventually(t)); !errors.As(err, &incomplete) || len(incomplete.Left) != 2 ||
			!strings.Contains(err.Error(), "activity Sleep (id 1, attempt 1)") {
			t.Errorf("Wait: %v", err)
		}
		if report, over := w.Report(); !over || !strings.Contains(report.String(), "left: "+sleep) {
			t.Errorf("report:\n%v", report)
		}
		pass(time.Hour)
	})
}

// While the worker stops, its report tells what it waits for now.
func TestReportNamesWhatRuns(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Sleep}})
		f.activityTasks <- activityTask("Sleep", 1, time.Minute)
		f.activityTasks <- activityTask("Sleep", 2, time.Hour)
		pass(time.Second)
		took := stopLater(t, w)
		for _, want := range []int{2, 1} {
			report, over := w.Report()
			if text := report.String(); over || strings.Count(text, "left: activity Sleep") != want {
				t.Errorf("want %d activities named in\n%v", want, text)
			}
			pass(2 * time.Minute)
		}
		if got := <-took; got != time.Hour-time.Second {
			t.Errorf("took %v", got)
		}
		synctest.Wait()
		if report, _ := w.Report(); report.Err() != nil || strings.Contains(report.String(), "left") {
			t.Errorf("in the end:\n%v", report)
		}
	})
}
