package native_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
)

func TestAwait(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		n := 0
		workflow.Go(ctx, func(ctx workflow.Context) {
			err := workflow.Await(ctx, func() bool { return n == 2 })
			log = append(log, fmt.Sprint("awaited ", err))
			n++
		})
		for range 2 {
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			n++
		}
		err := workflow.Await(ctx, func() bool { return n == 3 })
		log = append(log, fmt.Sprint("root ", err))
		err = workflow.Await(ctx, func() bool { return false })
		if _, ok := errors.AsType[*temporal.CanceledError](err); !ok {
			return "", err
		}
		// A condition that holds is seen before the cancellation.
		return strings.Join(log, "; "), workflow.Await(ctx, func() bool { return true })
	})
	l.Signal("s")
	l.does()
	l.Signal("s")
	l.does()
	l.RequestCancel()
	l.does(`CompleteWorkflow "awaited \u003cnil\u003e; root \u003cnil\u003e"`)
}

func TestAwaitWithTimeout(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		done := false
		workflow.Go(ctx, func(ctx workflow.Context) {
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			done = true
		})
		ok, err := workflow.AwaitWithTimeout(ctx, time.Minute, func() bool { return done })
		if err != nil && !temporal.IsCanceledError(err) {
			return "", err
		}
		return fmt.Sprint(ok, err != nil), nil
	}
	for _, tt := range []struct {
		name   string
		happen func(*live)
		want   []string
	}{
		{"condition", func(l *live) { l.Signal("s") }, []string{`CompleteWorkflow "true false"`}},
		{"timeout", func(l *live) { l.FireTimer("5") }, []string{`CompleteWorkflow "false false"`}},
		{
			"condition and timeout", func(l *live) { l.Signal("s"); l.FireTimer("5") },
			// The coroutine that waits comes first and finds the timer before the
			// other one has set the condition.
			[]string{`CompleteWorkflow "false false"`},
		},
		{
			"cancellation", (*live).RequestCancel,
			[]string{"CancelTimer 5", `CompleteWorkflow "false true"`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, wf)
			l.does("StartTimer 5 1m0s")
			tt.happen(l)
			l.does(tt.want...)
		})
	}
}

// The condition holds from the beginning; what happens depends on the release
// that wrote the history.
func TestAwaitWithTimeoutFollowsTheReleaseOfTheHistory(t *testing.T) {
	wf := func(ctx workflow.Context) error {
		flag := true
		workflow.Go(ctx, func(ctx workflow.Context) {
			flag = false // only a wait that yields first gets to see this
			_ = workflow.Sleep(ctx, time.Hour)
		})
		if ok, err := workflow.AwaitWithTimeout(ctx, time.Minute, func() bool { return flag }); !ok {
			return err
		}
		return workflow.ExecuteActivity(options(ctx), "after").Get(ctx, nil)
	}
	const timer, sleep = "StartTimer 5 1m0s", "StartTimer 6 1h0m0s"
	for _, tt := range []struct {
		name string
		meta *sdkpb.WorkflowTaskCompletedMetadata
		want []string
	}{
		{"ours", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "mainspring-go", SdkVersion: "0.1.0"}, []string{timer, sleep}},
		{"1.40", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-go", SdkVersion: "1.40.0"}, []string{timer, sleep}},
		{"2.0", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-go", SdkVersion: "2.0.0"}, []string{timer, sleep}},
		{"odd", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-go", SdkVersion: "x.y"}, []string{timer, sleep}},
		{"another", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-x", SdkVersion: "1.1.0"}, []string{timer, sleep}},
		{
			"1.39", &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "temporal-go", SdkVersion: "1.39.1"},
			[]string{timer, "ScheduleActivity 6 after", "StartTimer 7 1h0m0s"},
		},
		{"unsigned", nil, []string{timer, "ScheduleActivity 6 after", "StartTimer 7 1h0m0s"}},
		{
			"1.45 with flag 6", &sdkpb.WorkflowTaskCompletedMetadata{
				SdkName: "temporal-go", SdkVersion: "1.45.0", LangUsedFlags: []uint32{6},
			},
			[]string{"ScheduleActivity 5 after", "StartTimer 6 1h0m0s"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, wf)
			l.failed = true // the recorded history is not what the live run did
			l.does(timer, sleep)
			l.Events = l.Events[:3]
			l.CompleteTask(tt.meta)
			d := &histories.Driver{Instance: l.instance()}
			var got string
			d.Seen = record(&got)
			// The commands are not in this history.
			_, _ = d.Do(machine.Task{PreviousStartedID: l.Previous}, l.Since(0))
			if want := strings.Join(tt.want, "\n"); got != want {
				t.Errorf("replayed commands:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// With flag 6 the timer is canceled when it is not needed any more.
func TestFlag6CancelsTheTimer(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		ok := false
		workflow.Go(ctx, func(ctx workflow.Context) {
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			ok = true
		})
		_, err := workflow.AwaitWithTimeout(ctx, time.Minute, func() bool { return ok })
		return err
	})
	l.Task()
	l.CompleteTask(&sdkpb.WorkflowTaskCompletedMetadata{
		SdkName: "temporal-go", SdkVersion: "1.45.0", LangUsedFlags: []uint32{3, 6},
	})
	l.Timers["5"] = 5
	l.Command(startTimer("5"), nil)
	l.Signal("s")
	l.Task()
	a, err := l.Full(l.History)
	if err != nil {
		t.Fatal(err)
	}
	checkCommands(t, a.Commands, "CancelTimer 5", "CompleteWorkflow")
	l.Complete(a)
}
