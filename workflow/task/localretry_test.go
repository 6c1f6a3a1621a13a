package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
)

// Short waits are the worker's, long ones the server's; attempts that began in
// other tasks than the first are counted.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries int
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			return "", localWith(ctx, workflow.LocalActivityOptions{
				RetryPolicy: &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2},
			}, func(context.Context) (string, error) {
				tries++
				return "", errors.New("again")
			}).Get(ctx, nil)
		})
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		// The fourth wait would be 16 s, longer than the task's timeout.
		b.check(t, "runs", b.log, []string{"1.1 at 0s", "1.2 at 2s", "1.3 at 6s", "1.4 at 14s"})
		last := b.completed[len(b.completed)-1]
		b.check(t, "commands", kinds(last), []string{"RecordMarker", "StartTimer"})
		var mark struct {
			Attempt int32
			Backoff time.Duration
		}
		marker := last.GetCommands()[0].GetRecordMarkerCommandAttributes()
		decodeInto(t, marker.GetDetails()["data"], &mark)
		if mark.Attempt != 4 || mark.Backoff != 16*time.Second || marker.GetFailure().GetMessage() != "again" {
			t.Errorf("got marker %+v and failure %v", mark, marker.GetFailure())
		}
		if d := last.GetCommands()[1].GetStartTimerCommandAttributes().GetStartToFireTimeout().AsDuration(); d != 16*time.Second {
			t.Errorf("the timer is of %v", d)
		}
		for i, want := range []uint32{0, 1} { // the fourth began after the heartbeat
			if got := b.completed[i].GetMeteringMetadata().GetNonfirstLocalActivityExecutionAttempts(); got != want {
				t.Errorf("answer %d: %d attempts are metered, want %d", i, got, want)
			}
		}
		// Then the server's timer fires, and it goes on with the fifth.
		b.CompleteTask(last.GetSdkMetadata())
		b.Command(last.GetCommands(), nil)
		time.Sleep(16 * time.Second)
		for id := range b.Timers {
			b.FireTimer(id)
		}
		b.Task()
		p := b.sticky()
		tries = 0
		if err := b.handler.Handle(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if tries != 1 || b.log[len(b.log)-1] != "2.5 at 30s" || b.last.Expires.IsZero() {
			t.Errorf("got runs %q and attempt %+v", b.log, b.last)
		}
	})
}

func decodeInto(t *testing.T, p *commonpb.Payloads, v any) {
	t.Helper()
	if err := histories.Decode(p, v); err != nil {
		t.Fatal(err)
	}
}

// What ends the attempts.
func TestNoMoreRetries(t *testing.T) {
	policy := func(edit func(*temporal.RetryPolicy)) workflow.LocalActivityOptions {
		p := &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1}
		edit(p)
		return workflow.LocalActivityOptions{RetryPolicy: p, ScheduleToCloseTimeout: 3500 * time.Millisecond}
	}
	plain := policy(func(*temporal.RetryPolicy) {})
	again := errors.New("again")
	timeout := func(kind enumspb.TimeoutType) error { return temporal.NewTimeoutError(kind, nil) }
	for name, tt := range map[string]struct {
		options workflow.LocalActivityOptions
		err     error
		runs    int
	}{
		"time":                   {plain, again, 4},
		"attempts":               {policy(func(p *temporal.RetryPolicy) { p.MaximumAttempts = 2 }), again, 2},
		"one attempt":            {policy(func(p *temporal.RetryPolicy) { p.MaximumAttempts = 1 }), again, 1},
		"intervals":              {policy(func(p *temporal.RetryPolicy) { p.BackoffCoefficient = 2 }), again, 3},
		"longest interval":       {policy(func(p *temporal.RetryPolicy) { p.BackoffCoefficient, p.MaximumInterval = 9, 1500*time.Millisecond }), again, 3},
		"says no":                {plain, temporal.NewNonRetryableApplicationError("no", "T", nil), 1},
		"type":                   {policy(func(p *temporal.RetryPolicy) { p.NonRetryableErrorTypes = []string{"T"} }), temporal.NewApplicationError("no", "T"), 1},
		"wrapped type":           {policy(func(p *temporal.RetryPolicy) { p.NonRetryableErrorTypes = []string{"T"} }), fmt.Errorf("so: %w", temporal.NewApplicationError("no", "T")), 1},
		"type of the error":      {policy(func(p *temporal.RetryPolicy) { p.NonRetryableErrorTypes = []string{"wrapError"} }), fmt.Errorf("so: %w", again), 1},
		"another type":           {policy(func(p *temporal.RetryPolicy) { p.NonRetryableErrorTypes = []string{"U"} }), temporal.NewApplicationError("no", "T"), 4},
		"canceled of itself":     {plain, temporal.NewCanceledError(), 1},
		"start to close":         {plain, timeout(enumspb.TIMEOUT_TYPE_START_TO_CLOSE), 4},
		"schedule to close":      {plain, timeout(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE), 1},
		"panic":                  {plain, temporal.NewPanicError("boom", ""), 4},
		"panic of a workflow":    {plain, temporal.NewWorkflowPanicError("boom", ""), 1},
		"says when":              {plain, delayed(3 * time.Second), 2},
		"says when, too late":    {plain, delayed(4 * time.Second), 1},
		"says when, wrapped":     {plain, fmt.Errorf("so: %w", delayed(3*time.Second)), 4},
		"coefficient below zero": {policy(func(p *temporal.RetryPolicy) { p.BackoffCoefficient, p.MaximumInterval = -1, 2*time.Second }), again, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBeating(t, func(ctx workflow.Context) (string, error) {
					return "", localWith(ctx, tt.options, func(context.Context) (string, error) { return "", tt.err }).Get(ctx, nil)
				})
				b.Task()
				if err := b.handler.Handle(t.Context(), b.full()); err != nil {
					t.Fatal(err)
				}
				if len(b.log) != tt.runs {
					t.Errorf("it ran %d times, want %d: %q", len(b.log), tt.runs, b.log)
				}
				if got := kinds(b.completed[0]); len(got) != 2 || got[0] != "RecordMarker" || !strings.HasSuffix(got[1], "Workflow") {
					t.Errorf("got commands %q", got)
				}
			})
		})
	}
}

func delayed(d time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("later", "T", temporal.ApplicationErrorOptions{NextRetryDelay: d})
}
