package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	querypb "go.temporal.io/api/query/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// counting takes signals, one timer for each, until one says to end. A signal
// can make it panic too.
func counting(ctx workflow.Context) (string, error) {
	state := "started"
	if err := workflow.SetQueryHandler(ctx, "state", func() (string, error) { return state, nil }); err != nil {
		return "", err
	}
	err := workflow.SetUpdateHandler(ctx, "set", func(_ workflow.Context, s string) error {
		state = s
		return nil
	})
	if err != nil {
		return "", err
	}
	for {
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &state)
		switch state {
		case "end":
			return state, nil
		case "panic":
			panic("as told")
		}
		workflow.NewTimer(ctx, time.Minute)
	}
}

func TestOriginsOfRuns(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "one")
	b.Task()
	b.does(t, b.full(), "StartTimer 6 1m0s")
	b.ended(t, task.Fresh, task.Answered)

	b.Signal("s", "two")
	b.Task()
	b.does(t, b.sticky(), "StartTimer 11 1m0s")
	b.ended(t, task.Cached, task.Answered)

	// All of history, though the run was here: the server has lost track of it.
	b.Signal("s", "three")
	b.Task()
	b.does(t, b.full(), "StartTimer 16 1m0s")
	b.ended(t, task.Rebuilt, task.Answered, task.Stale)

	// The rest of history, and the run is not here any more.
	b.close()
	b.Signal("s", "four")
	b.Task()
	b.pages = b.paged(7)
	b.does(t, b.sticky(), "StartTimer 21 1m0s")
	b.ended(t, task.Missed, task.Answered)
	if n := len(b.asked); n != 3 {
		t.Errorf("history of 19 events in pages of 7 took %d calls", n)
	}
	for i, want := range []string{"", "7", "14"} {
		a := b.asked[i]
		if a.GetNamespace() != "ns" || a.GetExecution().GetRunId() != "run" || string(a.GetNextPageToken()) != want {
			t.Errorf("call %d asked for %v", i, a)
		}
	}

	// A task whose history begins elsewhere than where the run stands.
	b.Signal("s", "five")
	b.Task()
	b.asked = nil
	b.does(t, b.poll(b.Previous-3), "StartTimer 26 1m0s")
	b.ended(t, task.Missed, task.Answered, task.Stale)

	b.Signal("s", "end")
	b.Task()
	b.does(t, b.sticky(), `CompleteWorkflow "end"`)
	b.ended(t, task.Cached, task.Answered, task.Completed)
	if len(b.runs) != 0 {
		t.Error("a run that has ended is in the cache")
	}
}

// paged serves the history in pages.
func (b *bench) paged(size int) func(*pageAsk) (*page, error) {
	return func(r *pageAsk) (*page, error) {
		from := 0
		for _, c := range string(r.GetNextPageToken()) {
			from = 10*from + int(c-'0')
		}
		to := min(from+size, len(b.Events))
		p := &page{History: &historypb.History{Events: b.Events[from:to]}}
		if to < len(b.Events) {
			p.NextPageToken = []byte(token(to))
		}
		return p, nil
	}
}

func token(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return token(n/10) + token(n%10)
}

func TestHistoryInPagesAndBlobs(t *testing.T) {
	b := newBench(t, counting)
	for range 5 {
		b.Signal("s", "x")
	}
	b.Task()
	data, err := proto.Marshal(&historypb.History{Events: b.Events[2:]})
	if err != nil {
		t.Fatal(err)
	}
	b.pages = func(*pageAsk) (*page, error) {
		return &page{RawHistory: []*commonpb.DataBlob{{EncodingType: enumspb.ENCODING_TYPE_PROTO3, Data: data}}}, nil
	}
	first := func(p *polled) { p.History.Events, p.NextPageToken = b.Events[:2], []byte("more") }
	b.does(t, b.full(first), "StartTimer 10 1m0s\nStartTimer 11 1m0s\nStartTimer 12 1m0s\nStartTimer 13 1m0s\nStartTimer 14 1m0s")
	b.ended(t, task.Fresh, task.Answered)

	data = []byte{0xff}
	b = newBench(t, counting)
	b.Task()
	b.pages = func(*pageAsk) (*page, error) { return &page{RawHistory: []*commonpb.DataBlob{{Data: data}}}, nil }
	if err := b.handler.Handle(t.Context(), b.full(first, func(p *polled) { p.History.Events = b.Events[:1] })); err == nil {
		t.Error("a blob that cannot be read was taken")
	}
	b.ended(t, task.Fresh, task.TaskFailed, task.Failed)
}

func TestWhatTheServerIsTold(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "one")
	b.Task()
	got := b.does(t, b.full(func(p *polled) {
		p.Queries = map[string]*querypb.WorkflowQuery{"q1": {QueryType: "state"}, "q2": {QueryType: "none"}}
	}), "StartTimer 6 1m0s")
	bad := got.GetQueryResults()["q2"]
	if bad.GetResultType() != enumspb.QUERY_RESULT_TYPE_FAILED ||
		!strings.HasPrefix(bad.GetErrorMessage(), "unknown queryType none") {
		t.Errorf("got answer %v to a query that is unknown", bad)
	}
	delete(got.QueryResults, "q2")
	want := &completed{
		TaskToken: []byte("token"), Namespace: "ns", Identity: "me", ResourceId: "id",
		Commands:              got.GetCommands(),
		ReturnNewWorkflowTask: true,
		QueryResults: map[string]*querypb.WorkflowQueryResult{
			"q1": {ResultType: enumspb.QUERY_RESULT_TYPE_ANSWERED, Answer: histories.Payloads("one")},
		},
		SdkMetadata: &sdkpb.WorkflowTaskCompletedMetadata{
			LangUsedFlags: []uint32{3, 4}, SdkName: "mainspring-go", SdkVersion: "0.1.0",
		},
		StickyAttributes: &taskqueuepb.StickyExecutionAttributes{
			WorkerTaskQueue: &taskqueuepb.TaskQueue{
				Name: "sticky", Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: "tasks",
			},
			ScheduleToStartTimeout: durationpb.New(10 * time.Second),
		},
		WorkerVersionStamp: &commonpb.WorkerVersionStamp{BuildId: "build"}, //nolint:staticcheck // what old servers read
		Capabilities: &completedCapabilities{
			DiscardSpeculativeWorkflowTaskWithEvents: true,
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("first completion (-want +got):\n%s", diff)
	}

	b.Signal("s", "two")
	b.Task()
	got = b.does(t, b.sticky(), "StartTimer 11 1m0s")
	if diff := cmp.Diff(&sdkpb.WorkflowTaskCompletedMetadata{}, got.GetSdkMetadata(), protocmp.Transform()); diff != "" {
		t.Errorf("second completion repeats what history knows (-want +got):\n%s", diff)
	}

	plain := newBench(t, counting, func(o *task.Options) { o.StickyQueue, o.BuildID = "", "" })
	plain.Task()
	got = plain.does(t, plain.full(), "")
	if got.GetStickyAttributes() != nil || got.GetWorkerVersionStamp() != nil { //nolint:staticcheck // what old servers read
		t.Errorf("got %v, want neither a sticky queue nor a build", got)
	}
}

// The library signs the first task that it completes, and again when its
// version changes.
func TestSigning(t *testing.T) {
	for _, tt := range []struct {
		name          string
		recorded      *sdkpb.WorkflowTaskCompletedMetadata
		sdk, version_ string
	}{
		{"nobody", nil, "mainspring-go", "0.1.0"},
		{"another", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-go", SdkVersion: "1.50.0"}, "mainspring-go", "0.1.0"},
		{"another of the same version", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "x", SdkVersion: "0.1.0"}, "mainspring-go", "0.1.0"},
		{"an older release", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "mainspring-go", SdkVersion: "0.0.9"}, "", "0.1.0"},
		{"this release", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "mainspring-go", SdkVersion: "0.1.0"}, "", ""},
	} {
		b := newBench(t, counting)
		b.Task()
		b.CompleteTask(tt.recorded)
		b.Signal("s", "x")
		b.Task()
		got := b.does(t, b.full(), "StartTimer 9 1m0s").GetSdkMetadata()
		if got.GetSdkName() != tt.sdk || got.GetSdkVersion() != tt.version_ {
			t.Errorf("after %s: signed %q %q, want %q %q", tt.name, got.GetSdkName(), got.GetSdkVersion(), tt.sdk, tt.version_)
		}
	}
}

func TestTasksThatComeWithTheAnswer(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "one")
	b.Task()
	first := b.full()
	// What the server will have after the first answer.
	next := &histories.History{Events: b.Since(0), Timers: map[string]int64{}, Started: b.Started}
	next.CompleteTask(nil)
	next.Timers["6"] = 6
	b.complete = func(r *completed) (*response, error) {
		if len(b.completed) > 1 {
			return &response{}, nil
		}
		next.Command(r.GetCommands(), nil)
		next.Signal("s", "end")
		next.Task()
		second := &bench{History: next}
		return &response{WorkflowTask: second.sticky()}, nil
	}
	if err := b.handler.Handle(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if len(b.completed) != 2 || len(b.observed) != 2 || len(b.asked) != 0 {
		t.Fatalf("got %d completions and %d events, want 2 of each and no call for history", len(b.completed), len(b.observed))
	}
	if got := histories.Describe(b.completed[1].GetCommands()); got != `CompleteWorkflow "end"` {
		t.Errorf("got %q for the second task", got)
	}
	if b.observed[0].Origin != task.Fresh || len(b.held) != 0 {
		t.Errorf("first task: %+v; leases held: %v", b.observed[0], b.held)
	}
	b.ended(t, task.Cached, task.Answered, task.Completed)
}

func TestSpeculativeTasksLeaveNoTrace(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	b.does(t, b.full(), "")
	// A task for an update that is rejected; the server forgets it.
	keep := len(b.Events)
	b.Task()
	m := b.Update("u", "unknown")
	b.complete = answer(&response{ResetHistoryEventId: 3})
	if err := b.handler.Handle(t.Context(), b.sticky(func(p *polled) { p.Messages = append(p.Messages, m) })); err != nil {
		t.Fatal(err)
	}
	if got := b.completed[1]; len(got.GetMessages()) != 1 || got.GetMessages()[0].GetId() != "u/reject" {
		t.Fatalf("got messages %v, want a rejection", got.GetMessages())
	}
	b.Events = b.Events[:keep]
	b.Signal("s", "one")
	b.Task()
	b.does(t, b.sticky(), "StartTimer 9 1m0s")
	b.ended(t, task.Cached, task.Answered)
}

// The very first answer was forgotten: its signature is made again.
func TestForgottenSignaturesAreMadeAgain(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	b.CompleteTask(nil)
	b.Task()
	m := b.Update("u", "unknown")
	b.complete = answer(&response{ResetHistoryEventId: 3})
	err := b.handler.Handle(t.Context(), b.full(func(p *polled) { p.Messages = []*protocolpb.Message{m} }))
	if err != nil {
		t.Fatal(err)
	}
	flags := b.completed[0].GetSdkMetadata().GetLangUsedFlags()
	b.Events = b.Events[:4]
	b.Signal("s", "one")
	b.Task()
	got := b.does(t, b.sticky(), "StartTimer 9 1m0s").GetSdkMetadata()
	if got.GetSdkName() == "" || got.GetSdkVersion() == "" {
		t.Errorf("got %v, want a signature", got)
	}
	if len(flags) == 0 || !cmp.Equal(flags, got.GetLangUsedFlags()) {
		t.Errorf("flags %v were forgotten, and told as %v", flags, got.GetLangUsedFlags())
	}
}

func TestUnknownTypes(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	err := b.handler.Handle(t.Context(), b.full(func(p *polled) { p.WorkflowType.Name = "other" }))
	if err == nil {
		t.Fatal("a workflow of an unknown type ran")
	}
	const want = "unable to find workflow type: other. Supported types: [wf]"
	if got := b.failed[0]; got.GetFailure().GetMessage() != want || got.GetCause() != unhandled {
		t.Errorf("got failure %q of cause %v, want %q", got.GetFailure().GetMessage(), got.GetCause(), want)
	}
	if e := b.observed[0]; e.Outcome != task.TaskFailed || e.WorkflowType != "other" {
		t.Errorf("got event %+v", e)
	}
}

func TestRefusedTasks(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full(func(p *polled) { p.History = nil })); err == nil {
		t.Error("a task without history was taken")
	}
	b.ended(t, "", task.TaskFailed, task.Failed)
	if got := b.failed[0].GetFailure().GetMessage(); got != "nil or empty history" {
		t.Errorf("got %q", got)
	}
	if err := b.handler.Handle(t.Context(), b.full(func(p *polled) {
		p.Query = &querypb.WorkflowQuery{QueryType: "state"}
		p.Queries = map[string]*querypb.WorkflowQuery{"q": {}}
	})); err == nil {
		t.Error("a task with queries of both kinds was taken")
	}
	b.ended(t, "", task.Queried)
	if got := b.queried[0]; got.GetErrorMessage() != "invalid query workflow task" {
		t.Errorf("got %q", got.GetErrorMessage())
	}
	b.refuse = errors.New("cache is closed")
	if err := b.handler.Handle(t.Context(), b.full()); !errors.Is(err, b.refuse) || len(b.observed) != 2 {
		t.Errorf("got %v, want that the cache is closed", err)
	}
}

const unhandled = enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE

func TestFailedTasks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spoil   func(*bench)
		cause   enumspb.WorkflowTaskFailedCause
		message string
	}{
		{"panic", func(b *bench) { b.Signal("s", "panic") }, unhandled, "as told"},
		{"code that does not fit", func(b *bench) {
			b.Task()
			b.CompleteTask(nil)
			b.Timers["x"] = 4
			b.FireTimer("x")
		}, enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, "[TMPRL1100] During replay, a matching timer x"},
		{"history that is none", func(b *bench) { b.Signal("s"); b.Events[1].EventId = 7 }, unhandled, "missing history events"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, counting)
			tt.spoil(b)
			b.Task()
			for attempt := int32(1); attempt <= 3; attempt++ {
				err := b.handler.Handle(t.Context(), b.full(func(p *polled) { p.Attempt = attempt }))
				if err == nil || !strings.Contains(err.Error(), tt.message) {
					t.Errorf("attempt %d: got %v, want %q", attempt, err, tt.message)
				}
				origin, outcome := task.Fresh, task.Silent
				if attempt == 1 {
					outcome = task.TaskFailed // only then
				}
				if b.Previous != 0 {
					origin = task.Rebuilt
				}
				b.ended(t, origin, outcome, task.Failed)
				if e := b.observed[len(b.observed)-1]; e.Attempt != attempt || !errors.Is(e.Err, err) && e.Err.Error() != err.Error() {
					t.Errorf("got event %+v, want attempt %d with %v", e, attempt, err)
				}
			}
			if len(b.failed) != 1 || len(b.completed) != 0 {
				t.Fatalf("the server heard of %d failures, want 1", len(b.failed))
			}
			got := b.failed[0]
			if got.GetCause() != tt.cause || !strings.Contains(got.GetFailure().GetMessage(), tt.message) {
				t.Errorf("got cause %v and %q", got.GetCause(), got.GetFailure().GetMessage())
			}
			if string(got.GetTaskToken()) != "token" || got.GetNamespace() != "ns" || got.GetIdentity() != "me" {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestFailuresThatTheServerDoesNotHear(t *testing.T) {
	b := newBench(t, counting)
	b.fail = errors.New("line is down")
	b.Signal("s", "panic")
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); !errors.Is(err, b.fail) || !strings.Contains(err.Error(), "as told") {
		t.Errorf("got %v, want both why it failed and that nobody heard", err)
	}
	b.ended(t, task.Fresh, task.Silent, task.Failed)
}

func TestAnswersThatAreNotTaken(t *testing.T) {
	tooLarge := &serviceerror.ResourceExhausted{Message: "grpc: trying to send message larger than max (9 vs. 4)"}
	for _, tt := range []struct {
		name    string
		err     error
		want    bool // Handle returns an error
		outcome task.Outcome
		dropped task.Reason
	}{
		{"something has happened since", serviceerror.NewInvalidArgument("UnhandledCommand"), false, task.NotTaken, task.Refused},
		{"an invalid command", serviceerror.NewInvalidArgument("BadStartTimer"), true, task.NotTaken, task.Refused},
		{"not found", serviceerror.NewNotFound("workflow task not found"), true, task.NotTaken, task.Refused},
		{"unavailable", serviceerror.NewUnavailable("later"), true, task.NotTaken, task.Refused},
		{"busy", &serviceerror.ResourceExhausted{Message: "namespace rate limit"}, true, task.NotTaken, task.Refused},
		{"too large", tooLarge, true, task.TaskFailed, task.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, counting)
			b.complete = func(*completed) (*response, error) { return nil, tt.err }
			b.Signal("s", "one")
			b.Task()
			err := b.handler.Handle(t.Context(), b.full())
			if (err != nil) != tt.want || (err != nil && !errors.Is(err, tt.err)) {
				t.Errorf("got %v, want an error: %t", err, tt.want)
			}
			b.ended(t, task.Fresh, tt.outcome, tt.dropped)
			if !errors.Is(b.observed[0].Err, tt.err) {
				t.Errorf("the observer was told %v, want %v", b.observed[0].Err, tt.err)
			}
			if tt.outcome == task.TaskFailed {
				want := enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE
				if len(b.failed) != 1 || b.failed[0].GetCause() != want {
					t.Errorf("got %v, want one failure of cause %v", b.failed, want)
				}
			}
			// What it did is not in history: the next task rebuilds the run.
			b.complete = nil
			b.TimeOutTask()
			b.Task()
			b.does(t, b.full(), "StartTimer 9 1m0s")
			b.ended(t, task.Fresh, task.Answered)
		})
	}
}

func TestHistoryThatCannotBeHad(t *testing.T) {
	gone := errors.New("gone")
	more := func(p *polled) { p.History.Events, p.NextPageToken = p.GetHistory().GetEvents()[:1], []byte("more") }
	for _, tt := range []struct {
		name     string
		poll     func(*bench) *polled
		canceled bool
		origin   task.Origin
		outcome  task.Outcome
	}{
		// Another worker may have more luck, so nothing is said.
		{"first page", func(b *bench) *polled { return b.poll(2) }, false, task.Missed, task.Silent},
		{"second page", func(b *bench) *polled { return b.full(more) }, false, task.Fresh, task.TaskFailed},
		{"second page, when the worker stops", func(b *bench) *polled { return b.full(more) }, true, task.Fresh, task.Silent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, counting)
			b.pages = func(*pageAsk) (*page, error) { return nil, gone }
			b.Task()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			want := gone
			if tt.canceled {
				cancel()
				want = context.Canceled
			}
			if err := b.handler.Handle(ctx, tt.poll(b)); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			b.ended(t, tt.origin, tt.outcome, task.Failed)
			if (len(b.failed) == 1) != (tt.outcome == task.TaskFailed) || len(b.runs) != 0 {
				t.Errorf("got failures %v, and %d runs in the cache", b.failed, len(b.runs))
			}
		})
	}
}

func TestACacheThatKeepsNothing(t *testing.T) {
	b := newBench(t, counting)
	b.none = true
	for _, want := range []string{"StartTimer 6 1m0s", "StartTimer 11 1m0s"} {
		b.Signal("s", "x")
		b.Task()
		b.does(t, b.full(), want)
	}
	b.ended(t, task.Rebuilt, task.Answered)
	if len(b.runs) != 0 {
		t.Error("the cache has a run")
	}
}

func decode(t *testing.T, p *commonpb.Payloads) string {
	t.Helper()
	var s string
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
