package realserver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// changing is a workflow in one of its releases: before a change there is no
// call of GetVersion.
func changing(changed bool) func(ctx workflow.Context) (string, error) {
	return func(ctx workflow.Context) (string, error) {
		log := ""
		err := workflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil })
		if err != nil {
			return "", err
		}
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
		for _, step := range []string{"first", "second", "third"} {
			how := "old"
			if changed && workflow.GetVersion(ctx, step, workflow.DefaultVersion, 1) == 1 {
				how = "new"
				_ = workflow.Sleep(ctx, time.Millisecond)
			}
			var got string
			if err := workflow.ExecuteActivity(ctx, "Echo", how+" "+step).Get(ctx, &got); err != nil {
				return "", err
			}
			log += got + ";"
			workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		}
		return log, nil
	}
}

// sdkChanging is changing with other imports.
func sdkChanging(changed bool) func(ctx sdkworkflow.Context) (string, error) {
	return func(ctx sdkworkflow.Context) (string, error) {
		log := ""
		err := sdkworkflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil })
		if err != nil {
			return "", err
		}
		ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
		for _, step := range []string{"first", "second", "third"} {
			how := "old"
			if changed && sdkworkflow.GetVersion(ctx, step, sdkworkflow.DefaultVersion, 1) == 1 {
				how = "new"
				_ = sdkworkflow.Sleep(ctx, time.Millisecond)
			}
			var got string
			if err := sdkworkflow.ExecuteActivity(ctx, "Echo", how+" "+step).Get(ctx, &got); err != nil {
				return "", err
			}
			log += got + ";"
			sdkworkflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		}
		return log, nil
	}
}

// ourRelease runs a release on a worker of ours.
func ourRelease(t *testing.T, queue string, changed bool) (stop func()) {
	t.Helper()
	w, err := worker.New(dial(t), queue, worker.Options{Activities: []any{&echo{}}, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterWorkflowWithOptions(changing(changed), workflow.RegisterOptions{Name: "release"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := w.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// theirRelease runs a release on a worker of the SDK.
func theirRelease(t *testing.T, queue string, changed bool) (stop func()) {
	t.Helper()
	w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{DeadlockDetectionTimeout: patience})
	w.RegisterWorkflowWithOptions(sdkChanging(changed), sdkworkflow.RegisterOptions{Name: "release"})
	w.RegisterActivity(&echo{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w.Stop
}

// TestReleasesChangeUnderRuns: the first part of a run is done by old code, the
// second by new code, and the third by new code that has to rebuild the run;
// each by either library.
func TestReleasesChangeUnderRuns(t *testing.T) {
	t.Parallel()
	type runs func(t *testing.T, queue string, changed bool) (stop func())
	for name, workers := range map[string][3]runs{
		"ours":            {ourRelease, ourRelease, ourRelease},
		"the SDK's":       {theirRelease, theirRelease, theirRelease},
		"ours first":      {ourRelease, theirRelease, ourRelease},
		"the SDK's first": {theirRelease, ourRelease, theirRelease},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			run := start(t, c, queue, "release", nil)
			for i, step := range []string{"first", "second", "third"} {
				stop := workers[i](t, queue, i > 0)
				if i > 0 {
					signal(t, c, run, "on")
				}
				awaitLog(t, c, run, step)
				if i == 2 {
					signal(t, c, run, "on")
					var log string
					if err := run.Get(t.Context(), &log); err != nil {
						t.Fatal(err)
					}
					if want := "old first;new second;new third;"; log != want {
						t.Errorf("got %q, want %q", log, want)
					}
				}
				stop()
			}
			h := history(t, c, run)
			var versions []string
			for _, e := range h.GetEvents() {
				fields := e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()
				if p, ok := fields["TemporalChangeVersion"]; ok {
					versions = append(versions, string(p.GetData()))
				}
				if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED {
					t.Errorf("a workflow task failed: %v", e.GetWorkflowTaskFailedEventAttributes().GetFailure())
				}
			}
			// What replay has found out is searchable as well; the SDK writes all but
			// the first in any order.
			want := []string{`["second-1","first--1"]`, `["third-1","second-1","first--1"]`}
			if got := strings.ReplaceAll(fmt.Sprint(versions), `"first--1","second-1"`, `"second-1","first--1"`); got != fmt.Sprint(want) {
				t.Errorf("got versions %s, want %s", got, want)
			}
			theirs := sdkworker.NewWorkflowReplayer()
			theirs.RegisterWorkflowWithOptions(sdkChanging(true), sdkworkflow.RegisterOptions{Name: "release"})
			if err := theirs.ReplayWorkflowHistory(nil, h); err != nil {
				t.Errorf("the SDK's replayer: %v", err)
			}
			ours := replay.NewWorkflowReplayer()
			err := ours.RegisterWorkflowWithOptions(changing(true), workflow.RegisterOptions{Name: "release"})
			if err != nil {
				t.Fatal(err)
			}
			if err := ours.ReplayWorkflowHistory(nil, h); err != nil {
				t.Errorf("our replayer: %v", err)
			}
		})
	}
}
