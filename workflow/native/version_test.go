package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// recorded begins a history whose first task had these commands and whose second
// one is open. The SDK that wrote it does not say who it is.
func recorded(commands ...*commandpb.Command) *histories.History {
	h := histories.Start("wf")
	h.Task()
	h.CompleteTask(&sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: []uint32{3}})
	h.Command(commands, nil)
	h.Signal("s")
	h.Task()
	return h
}

// onward runs fn over a history and returns the commands of its open task.
func onward(t *testing.T, h *histories.History, fn any) (string, error) {
	t.Helper()
	r := native.New(native.Options{})
	must(r.Prepare(runner.Definition{Type: "wf", Func: fn}))
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	d := &histories.Driver{Instance: i}
	a, err := d.Full(h)
	return histories.Describe(a.Commands), err
}

func checkOnward(t *testing.T, h *histories.History, fn any, want ...string) {
	t.Helper()
	got, err := onward(t, h, fn)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVersionsAreRecordedOnce(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		out := ""
		for i := range 3 {
			out += fmt.Sprint(workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 2+workflow.Version(i)), " ")
			_ = workflow.Sleep(ctx, time.Second)
		}
		out += fmt.Sprint(workflow.GetVersion(ctx, "b", 0, 7))
		return out, nil
	})
	a := l.does(`RecordMarker Version change-id="a" version=2`,
		`UpsertWorkflowSearchAttributes TemporalChangeVersion=["a-2"]`, "StartTimer 7 1s")
	if fmt.Sprint(a.Flags) != "[1 3]" {
		t.Errorf("got flags %v, want 1 and 3", a.Flags)
	}
	if p := a.Commands[1].GetUpsertWorkflowSearchAttributesCommandAttributes().
		GetSearchAttributes().GetIndexedFields()["TemporalChangeVersion"]; len(p.GetMetadata()) != 1 {
		t.Errorf("got metadata %v, want the encoding alone", p.GetMetadata())
	}
	l.FireTimer("7")
	l.does("StartTimer 12 1s")
	l.FireTimer("12")
	l.does("StartTimer 17 1s")
	l.FireTimer("17")
	l.does(`RecordMarker Version change-id="b" version=7`,
		`UpsertWorkflowSearchAttributes TemporalChangeVersion=["b-7","a-2"]`, `CompleteWorkflow "2 2 2 7"`)
}

// TestVersionsOfOldCode: a run that was past a call before it was written stays
// with the old code, and what replay found out is searchable too.
func TestVersionsOfOldCode(t *testing.T) {
	h := recorded(startTimer("5")...)
	checkOnward(t, h, func(ctx workflow.Context) (string, error) {
		before := workflow.GetVersion(ctx, "before", workflow.DefaultVersion, 1)
		workflow.NewTimer(ctx, time.Second)
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		after := workflow.GetVersion(ctx, "after", workflow.DefaultVersion, 1)
		return fmt.Sprint(before, after, workflow.GetVersion(ctx, "before", workflow.DefaultVersion, 1)), nil
	}, `RecordMarker Version change-id="after" version=1`,
		`UpsertWorkflowSearchAttributes TemporalChangeVersion=["after-1","before--1"]`,
		`CompleteWorkflow "-1 1 -1"`)
}

func versionMarker(id string, version any, more ...any) *commandpb.Command {
	details := map[string]*commonpb.Payloads{
		"change-id": histories.Payloads(id), "version": histories.Payloads(version),
	}
	if len(more) > 0 {
		details["version-search-attribute-updated"] = histories.Payloads(more[0])
	}
	return histories.Marker("Version", details)
}

// TestVersionsSeeTheirFuture: a version that the task recorded is known at every
// call in that task, and the ids of other commands go around its events wherever
// the call now is, and if there is none any more.
func TestVersionsSeeTheirFuture(t *testing.T) {
	upsert := histories.UpsertSearchAttributes("TemporalChangeVersion", []string{"a-1"})
	for name, tt := range map[string]struct {
		recorded []*commandpb.Command
		timers   string // that follow, by their ids
	}{
		"between": {append(append(startTimer("5"), versionMarker("a", 1), upsert), startTimer("8")...), "5 8"},
		"before":  {append([]*commandpb.Command{versionMarker("a", 1), upsert}, append(startTimer("7"), startTimer("8")...)...), "7 8"},
		// Releases before 1.22 wrote no such key, some later ones wrote it always.
		"true is written": {append(append(startTimer("5"), versionMarker("a", 1, true), upsert), startTimer("8")...), "5 8"},
		"not upserted":    {append(append(startTimer("5"), versionMarker("a", 1, false)), startTimer("7")...), "5 7"},
		"two": {append(append(startTimer("5"), versionMarker("a", 1), upsert,
			versionMarker("b", 1, false)), startTimer("9")...), "5 9"},
	} {
		for place, code := range map[string]func(ctx workflow.Context) string{
			"first": func(ctx workflow.Context) string {
				v := workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 1)
				workflow.NewTimer(ctx, time.Second)
				workflow.NewTimer(ctx, time.Second)
				return fmt.Sprint(v)
			},
			"between": func(ctx workflow.Context) string {
				workflow.NewTimer(ctx, time.Second)
				v := workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 1)
				workflow.NewTimer(ctx, time.Second)
				return fmt.Sprint(v)
			},
			"last": func(ctx workflow.Context) string {
				workflow.NewTimer(ctx, time.Second)
				workflow.NewTimer(ctx, time.Second)
				return fmt.Sprint(workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 1))
			},
			"gone": func(ctx workflow.Context) string {
				workflow.NewTimer(ctx, time.Second)
				workflow.NewTimer(ctx, time.Second)
				return "1"
			},
		} {
			t.Run(name+"/"+place, func(t *testing.T) {
				h := recorded(tt.recorded...)
				for id := range strings.FieldsSeq(tt.timers) {
					if _, ok := h.Timers[id]; !ok {
						t.Fatalf("the history has timers %v, not %s", h.Timers, id)
					}
				}
				checkOnward(t, h, func(ctx workflow.Context) (string, error) {
					v := code(ctx)
					workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
					return v, nil
				}, `CompleteWorkflow "1"`)
			})
		}
	}
}

func TestVersionsOutOfRange(t *testing.T) {
	for name, tt := range map[string]struct {
		oldest, newest workflow.Version
		want           string
	}{
		"too old": {4, 5, `[TMPRL1100] Workflow code removed support of version 3. for "a" changeID. ` +
			`The oldest supported version is 4`},
		"too new": {1, 2, `[TMPRL1100] Workflow code is too old to support version 3 for "a" changeID. ` +
			`The maximum supported version is 2`},
	} {
		t.Run(name, func(t *testing.T) {
			h := recorded(versionMarker("a", 3, false))
			_, err := onward(t, h, func(ctx workflow.Context) error {
				workflow.GetVersion(ctx, "a", tt.oldest, tt.newest)
				return nil
			})
			checkTaskError(t, err, enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, tt.want)
		})
	}
	// A range that has no room fails a live call, too, before anything is sent.
	l := start(t, func(ctx workflow.Context) error {
		workflow.GetVersion(ctx, "a", 2, 1)
		return nil
	})
	if f := l.fails(); !strings.Contains(f.Failure.GetMessage(), `removed support of version 1. for "a" changeID`) {
		t.Errorf("got %v", f.Failure)
	}
}

// checkTaskError checks why a task failed.
func checkTaskError(t *testing.T, err error, cause enumspb.WorkflowTaskFailedCause, want string) {
	t.Helper()
	failed, ok := err.(*histories.TaskError) //nolint:errorlint // it is the driver's own
	if !ok {
		t.Fatalf("got %v, want a failed task", err)
	}
	if failed.Cause != cause || failed.Failure.GetMessage() != want {
		t.Errorf("got %v: %q, want %v: %q", failed.Cause, failed.Failure.GetMessage(), cause, want)
	}
}

// TestManyVersions: at 2,048 bytes the search attribute is left alone, and the
// marker says so, since ids depend on it.
func TestManyVersions(t *testing.T) {
	// The attribute of one change is ["<id>-1"]: six bytes and its id.
	for _, tt := range []struct {
		bytes    int
		upserted bool
	}{{2047, true}, {2048, false}} {
		id := strings.Repeat("x", tt.bytes-6)
		l := start(t, func(ctx workflow.Context) error {
			workflow.GetVersion(ctx, id, workflow.DefaultVersion, 1)
			return workflow.Sleep(ctx, time.Second)
		})
		marker := fmt.Sprintf("RecordMarker Version change-id=%q version=1", id)
		if tt.upserted {
			l.does(marker, fmt.Sprintf("UpsertWorkflowSearchAttributes TemporalChangeVersion=[%q]", id+"-1"),
				"StartTimer 7 1s")
		} else {
			l.does(marker+" version-search-attribute-updated=false", "StartTimer 6 1s")
		}
	}
}

// TestVersionsBeforeTheLimit: runs of old releases have no flag for the limit;
// live code puts it in force, and replay of what was upserted goes on as it was.
func TestVersionsBeforeTheLimit(t *testing.T) {
	id := strings.Repeat("x", 3000)
	h := recorded(append([]*commandpb.Command{
		versionMarker(id, 1), histories.UpsertSearchAttributes("TemporalChangeVersion", []string{id + "-1"}),
	}, startTimer("7")...)...)
	checkOnward(t, h, func(ctx workflow.Context) error {
		workflow.GetVersion(ctx, id, workflow.DefaultVersion, 1)
		workflow.NewTimer(ctx, time.Second)
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		workflow.GetVersion(ctx, "b", workflow.DefaultVersion, 1)
		return nil
	}, `RecordMarker Version change-id="b" version=1 version-search-attribute-updated=false`, "CompleteWorkflow")
}

// TestVersionsCanBeSeen: what the call upserts is among the search attributes
// right after it, in replay too.
func TestVersionsCanBeSeen(t *testing.T) {
	key := temporal.NewSearchAttributeKeyKeywordList("TemporalChangeVersion")
	l := start(t, func(ctx workflow.Context) error {
		workflow.GetVersion(ctx, "a", workflow.DefaultVersion, 1)
		list, _ := workflow.GetTypedSearchAttributes(ctx).GetKeywordList(key)
		for range list {
			workflow.NewTimer(ctx, time.Second)
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	l.task()
	if len(l.Timers) != 2 {
		t.Errorf("got timers %v, want one for the version", l.Timers)
	}
}

func TestBrokenMarkers(t *testing.T) {
	for want, c := range map[string]*commandpb.Command{
		`marker name "Version" for eventId 5: marker details are nil`: histories.Marker("Version", nil),
		`marker name "Version" for eventId 5: key "change-id": marker key is missing in details`: histories.Marker("Version",
			map[string]*commonpb.Payloads{"version": nil}),
		`marker name "Version" for eventId 5: key "version": marker key is missing in details`: histories.Marker("Version",
			map[string]*commonpb.Payloads{"change-id": histories.Payloads("a")}),
		`marker name "Version" for eventId 5: key "version": payload item 0: unable to decode`:                          versionMarker("a", "x"),
		`marker name "Version" for eventId 5: key "version-search-attribute-updated": payload item 0: unable to decode`: versionMarker("a", 1, "x"),
		`marker name "SideEffect" for eventId 5: key "side-effect-id": marker key is missing in details`: histories.Marker("SideEffect",
			map[string]*commonpb.Payloads{"data": nil}),
		`marker name "SideEffect" for eventId 5: key "data": marker key is missing in details`: histories.Marker("SideEffect",
			map[string]*commonpb.Payloads{"side-effect-id": histories.Payloads(1)}),
		`marker name "MutableSideEffect" for eventId 5: key "side-effect-id": marker key is missing in details`: histories.Marker(
			"MutableSideEffect", map[string]*commonpb.Payloads{"data": histories.Payloads("a", 1)}),
		`marker name "MutableSideEffect" for eventId 5: key "data": marker key is missing in details`: histories.Marker(
			"MutableSideEffect", map[string]*commonpb.Payloads{"side-effect-id": histories.Payloads("a_5")}),
		`marker name "MutableSideEffect" for eventId 5: key "data": payload item 1: unable to decode`: histories.Marker(
			"MutableSideEffect", map[string]*commonpb.Payloads{
				"side-effect-id": histories.Payloads("a_5"), "data": histories.Payloads("a", 1),
			}),
		`marker name "core_patch" for eventId 5: unknown marker name`: histories.Marker("core_patch",
			map[string]*commonpb.Payloads{"patch-data": nil}),
	} {
		_, err := onward(t, recorded(c), func(workflow.Context) error { return nil })
		failed, ok := err.(*histories.TaskError) //nolint:errorlint // it is the driver's own
		if !ok || !strings.HasPrefix(failed.Failure.GetMessage(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
