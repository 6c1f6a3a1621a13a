package realserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// What the server is told when workflow code is at fault, or sends too much.

// oursFor runs a worker of ours with these workflows until stop is called.
func oursFor(t *testing.T, queue string, o worker.Options, workflows map[string]any) (stop func()) {
	t.Helper()
	o.Logger = quiet()
	w, err := worker.New(dial(t), queue, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range workflows {
		if err := w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

// theirsFor is the same with the SDK's.
func theirsFor(t *testing.T, queue string, o sdkworker.Options, workflows map[string]any) (stop func()) {
	t.Helper()
	w := sdkworker.New(sdkClient(t), queue, o)
	for name, f := range workflows {
		w.RegisterWorkflowWithOptions(f, sdkworkflow.RegisterOptions{Name: name})
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w.Stop
}

const megabyte = 1 << 20

// atFault are workflows that are at fault, ours and the SDK's.
func atFault(stuck chan struct{}) (ours, theirs map[string]any) {
	ours = map[string]any{
		"sleepsAndPanics": func(ctx workflow.Context) error {
			workflow.NewTimer(ctx, time.Hour)
			panic("the spring broke")
		},
		"stuck": func(ctx workflow.Context) error {
			workflow.GoNamed(ctx, "pawl", func(workflow.Context) { <-stuck })
			return workflow.Sleep(ctx, time.Hour)
		},
		"returnsTooMuch": func(workflow.Context) ([]byte, error) { return make([]byte, 3*megabyte), nil },
		"sendsTooMuch": func(ctx workflow.Context) error {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
			for range 3 {
				workflow.ExecuteActivity(ctx, "nobody", make([]byte, 1900*1024))
			}
			return workflow.Sleep(ctx, time.Hour)
		},
		"answersTooMuch": func(ctx workflow.Context) error {
			if err := workflow.SetQueryHandler(ctx, "all", func() ([]byte, error) {
				return make([]byte, 3*megabyte), nil
			}); err != nil {
				return err
			}
			return workflow.Sleep(ctx, time.Hour)
		},
	}
	theirs = map[string]any{
		"sleepsAndPanics": func(ctx sdkworkflow.Context) error {
			sdkworkflow.NewTimer(ctx, time.Hour)
			panic("the spring broke")
		},
		"stuck": func(ctx sdkworkflow.Context) error {
			sdkworkflow.GoNamed(ctx, "pawl", func(sdkworkflow.Context) { <-stuck })
			return sdkworkflow.Sleep(ctx, time.Hour)
		},
		"returnsTooMuch": func(sdkworkflow.Context) ([]byte, error) { return make([]byte, 3*megabyte), nil },
		"sendsTooMuch": func(ctx sdkworkflow.Context) error {
			ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: time.Minute})
			for range 3 {
				sdkworkflow.ExecuteActivity(ctx, "nobody", make([]byte, 1900*1024))
			}
			return sdkworkflow.Sleep(ctx, time.Hour)
		},
		"answersTooMuch": func(ctx sdkworkflow.Context) error {
			if err := sdkworkflow.SetQueryHandler(ctx, "all", func() ([]byte, error) {
				return make([]byte, 3*megabyte), nil
			}); err != nil {
				return err
			}
			return sdkworkflow.Sleep(ctx, time.Hour)
		},
	}
	return ours, theirs
}

func TestTasksThatFail(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	ours, theirs := atFault(stuck)
	ourQueue, theirQueue := taskQueue(t)+"-ours", taskQueue(t)+"-sdk"
	t.Cleanup(oursFor(t, ourQueue, worker.Options{}, ours))
	t.Cleanup(theirsFor(t, theirQueue, sdkworker.Options{}, theirs))
	t.Cleanup(func() { close(stuck) })
	for _, tt := range []struct {
		workflow string
		cause    enumspb.WorkflowTaskFailedCause
		says     string
		same     bool // to the letter
	}{
		{
			"stuck", enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
			`[TMPRL1101] Potential deadlock detected: workflow goroutine "pawl" didn't yield for over 1s`, true,
		},
		{
			"returnsTooMuch", enumspb.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE,
			"[TMPRL1103] Attempted to upload payloads with size that exceeded the error limit.", false,
		},
		{
			// What the server makes of GRPC_MESSAGE_TOO_LARGE, from whoever it comes.
			"sendsTooMuch", enumspb.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND, "", false,
		},
	} {
		t.Run(tt.workflow, func(t *testing.T) {
			c := sdkClient(t)
			failed := enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED
			got := firstEvent(t, c, ourQueue, failed, tt.workflow, nil)
			want := firstEvent(t, c, theirQueue, failed, tt.workflow, nil)
			if got.Cause != tt.cause || !strings.Contains(got.Failure.GetMessage(), tt.says) {
				t.Errorf("the server was told %v, want cause %v and %q", got, tt.cause, tt.says)
			}
			if !tt.same {
				got.Failure, want.Failure = nil, nil
			}
			if diff := gocmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("ours differs from the SDK's (-sdk +ours):\n%s", diff)
			}
		})
	}
	t.Run("answersTooMuch", func(t *testing.T) {
		c := sdkClient(t)
		for _, queue := range []string{ourQueue, theirQueue} {
			run := start(t, c, queue, "answersTooMuch", nil)
			_, err := c.QueryWorkflow(t.Context(), run.GetID(), "", "all")
			if err == nil || !strings.Contains(err.Error(), "[TMPRL1103] Attempted to upload payloads") {
				t.Errorf("%s: got %v, want that the result is too large", queue, err)
			}
			if err := c.TerminateWorkflow(t.Context(), run.GetID(), "", "seen"); err != nil {
				t.Error(err)
			}
		}
	})
}

// closedHistory returns the history of a run once it has closed.
func closedHistory(t *testing.T, c client.Client, run client.WorkflowRun) (all []*historypb.HistoryEvent) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_ = run.Get(ctx, nil)
	it := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestPanicsThatFailTheWorkflow(t *testing.T) {
	t.Parallel()
	ours, theirs := atFault(nil)
	c := sdkClient(t)
	ourQueue, theirQueue := taskQueue(t)+"-ours", taskQueue(t)+"-sdk"
	t.Cleanup(oursFor(t, ourQueue, worker.Options{WorkflowPanicPolicy: worker.FailWorkflow}, ours))
	t.Cleanup(theirsFor(t, theirQueue, sdkworker.Options{WorkflowPanicPolicy: sdkworker.FailWorkflow}, theirs))
	var types [2][]enumspb.EventType
	var ends [2]told
	for i, queue := range []string{ourQueue, theirQueue} {
		events := closedHistory(t, c, start(t, c, queue, "sleepsAndPanics", nil))
		for _, e := range events {
			types[i] = append(types[i], e.GetEventType())
		}
		ends[i] = toldBy(events[len(events)-1])
	}
	if diff := gocmp.Diff(types[1], types[0]); diff != "" {
		t.Errorf("our history differs from the SDK's (-sdk +ours):\n%s", diff)
	}
	if diff := gocmp.Diff(ends[1], ends[0], protocmp.Transform()); diff != "" {
		t.Errorf("our failure differs from the SDK's (-sdk +ours):\n%s", diff)
	}
	if got := ends[0].Failure; got.GetCause().GetMessage() != "the spring broke" {
		t.Errorf("got failure %v", got)
	}
}

func waits(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return workflow.Sleep(ctx, time.Hour)
}

// waitsNot is what waits became.
func waitsNot(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return workflow.ExecuteActivity(ctx, "Charge").Get(ctx, nil)
}

func TestCodeThatChangedIsReportedWithItsStack(t *testing.T) {
	t.Parallel()
	c, queue := sdkClient(t), taskQueue(t)
	stop := oursFor(t, queue, worker.Options{}, map[string]any{"waits": waits})
	run := start(t, c, queue, "waits", nil)
	for range 2 {
		if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "go", nil); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(typ enumspb.EventType) *historypb.HistoryEvent {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		it := c.GetWorkflowHistory(ctx, run.GetID(), "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for it.HasNext() {
			e, err := it.Next()
			if err != nil {
				t.Fatal(err)
			}
			if e.GetEventType() == typ {
				return e
			}
		}
		t.Fatalf("history has no %v", typ)
		return nil
	}
	seen(enumspb.EVENT_TYPE_TIMER_STARTED)
	stop()
	t.Cleanup(oursFor(t, queue, worker.Options{}, map[string]any{"waits": waitsNot}))
	if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "go", nil); err != nil {
		t.Fatal(err)
	}
	got := seen(enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED).GetWorkflowTaskFailedEventAttributes()
	if got.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR ||
		!strings.HasPrefix(got.GetFailure().GetMessage(),
			"[TMPRL1100] nondeterministic workflow: history event is TimerStarted (EventId: ") ||
		!strings.Contains(got.GetFailure().GetMessage(), "likely cause: a step was replaced") ||
		!strings.Contains(got.GetFailure().GetStackTrace(), "realserver_test.waitsNot") {
		t.Errorf("the server was told %v", got)
	}
	if err := c.TerminateWorkflow(t.Context(), run.GetID(), "", "seen"); err != nil {
		t.Error(err)
	}
}
