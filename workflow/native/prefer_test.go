package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
)

func TestPreferredVersions(t *testing.T) {
	for name, tt := range map[string]struct {
		prefers *workflow.VersionPreference
		want    int // -9 is a failed task
	}{
		"nothing":         {nil, 3},
		"one":             {&workflow.VersionPreference{Version: 2}, 2},
		"default":         {&workflow.VersionPreference{Version: workflow.DefaultVersion}, -1},
		"too old":         {&workflow.VersionPreference{Version: -2}, -9},
		"too new":         {&workflow.VersionPreference{Version: 4}, -9},
		"too old, oldest": {&workflow.VersionPreference{Version: -2, ClampToSupportedRange: true}, -1},
		"too new, newest": {&workflow.VersionPreference{Version: 4, ClampToSupportedRange: true}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			l := startWith(t, native.Options{
				PreferredVersion: func(in workflow.PreferredVersionProviderInput) *workflow.VersionPreference {
					asked++
					if in.WorkflowInfo.WorkflowType.Name != "wf" || in.ChangeID != "a" ||
						in.MinSupported != -1 || in.MaxSupported != 3 {
						t.Errorf("asked for %+v", in)
					}
					return tt.prefers
				},
			}, func(ctx workflow.Context) (int, error) {
				workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 3)
				_ = workflow.Sleep(ctx, time.Second)
				return int(workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 4)), nil
			})
			if tt.want == -9 {
				f := l.fails()
				want := fmt.Sprintf(`[TMPRL1100] Preferred version %d for "a" change ID is not supported. `+
					"Supported versions are between -1 and 3.", tt.prefers.Version)
				if f.Cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR || f.Failure.GetMessage() != want {
					t.Errorf("got %v %q, want %q", f.Cause, f.Failure.GetMessage(), want)
				}
				return
			}
			l.task()
			l.FireTimer("7")
			l.does(fmt.Sprint("CompleteWorkflow ", tt.want))
			l.replay()
			if asked != 1 {
				t.Errorf("asked %d times, want once", asked)
			}
		})
	}
}

func TestPreferringPanics(t *testing.T) {
	l := startWith(t, native.Options{
		PreferredVersion: func(workflow.PreferredVersionProviderInput) *workflow.VersionPreference { panic("no file") },
	}, func(ctx workflow.Context) error {
		workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 3)
		return nil
	})
	if f := l.fails(); !strings.Contains(f.Failure.GetMessage(), "no file") {
		t.Errorf("got %v", f.Failure)
	}
}
