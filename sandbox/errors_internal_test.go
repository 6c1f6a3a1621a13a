package sandbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal"
)

// after is a program that describes itself and then fails as told.
func after(failing func() ([]byte, error)) *program {
	p := programOf(Wait)
	serve := p.natively.Start()
	p.answer = func(request []byte) ([]byte, error) {
		if wire.IsDescribe(request) {
			return serve(request), nil
		}
		return failing()
	}
	return p
}

func TestStoppedCodeFailsTheTask(t *testing.T) {
	for _, tt := range []struct {
		err      error
		wantType string
		want     string // in the message
		stack    string // in the stack trace
		panicked bool
	}{
		{
			&engine.ForbiddenError{Call: "os.Open", Detail: "/etc", Reason: "none", Stack: []string{"main.Wait", "main.f"}},
			Forbidden, `os.Open of "/etc" is forbidden`, "main.Wait\nmain.f", true,
		},
		{&engine.MemoryError{Limit: 64 << 20}, Memory, "more than the 64 MiB", "", true},
		{&engine.ExitError{Code: 3}, Exit, "os.Exit(3)", "", true},
		{&engine.DeadlockError{Stderr: "goroutine 1"}, Deadlock, "all goroutines are asleep", "goroutine 1", true},
		{&engine.TrapError{Reason: "panic: x", Stderr: "stack of x"}, Trap, "panic: x", "stack of x", true},
		{
			&engine.StuckError{After: time.Second, Stack: []string{"main.spin"}}, "PanicError",
			`[TMPRL1101] Potential deadlock detected: workflow goroutine "main.spin" didn't yield for over 1s`, "main.spin", true,
		},
		{&engine.StuckError{After: time.Second}, "PanicError", `workflow goroutine "unknown" didn't`, "", true},
		{engine.ErrClosed, "", "closed", "", false},
	} {
		p := after(func() ([]byte, error) { return nil, tt.err })
		c := activated(t, prepared(t, p, Options{}), "Wait")
		if c.Failure == nil {
			t.Errorf("%v: the task has not failed", tt.err)
			continue
		}
		f := c.Failure.Failure
		if got := f.GetApplicationFailureInfo().GetType(); tt.wantType != "" && got != tt.wantType {
			t.Errorf("%v: the type is %q", tt.err, got)
		}
		if !strings.Contains(f.GetMessage(), tt.want) || !strings.Contains(f.GetStackTrace(), tt.stack) {
			t.Errorf("%v: the failure is %v", tt.err, f)
		}
		if c.Failure.Cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE ||
			c.Failure.Panicked != tt.panicked {
			t.Errorf("%v: cause %v, panicked %t", tt.err, c.Failure.Cause, c.Failure.Panicked)
		}
		if p.open != 0 {
			t.Errorf("%v: the instance is left open", tt.err)
		}
	}
}

// What a FailWorkflowOn of a worker sees.
func TestViolationsAreApplicationErrors(t *testing.T) {
	p := after(func() ([]byte, error) { return nil, &engine.ExitError{Code: 1} })
	c := activated(t, prepared(t, p, Options{}), "Wait")
	err := temporal.GetDefaultFailureConverter().FailureToError(c.Failure.Failure)
	application, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok || application.Type() != Exit || !application.NonRetryable() {
		t.Errorf("got %v", err)
	}
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	answer := func(a *wire.Answer) []byte {
		b, err := wire.AppendAnswer(nil, a)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for want, b := range map[string][]byte{
		"malformed":                   []byte("garbage"),
		"there is no completion":      answer(&wire.Answer{}),
		"it is of another mind":       answer(&wire.Answer{Error: "it is of another mind"}),
		"the guest's answer cannot b": nil,
	} {
		c := activated(t, prepared(t, after(func() ([]byte, error) { return b, nil }), Options{}), "Wait")
		if c.Failure == nil || !strings.Contains(c.Failure.Failure.GetMessage(), want) {
			t.Errorf("want %q, got %v", want, c)
		}
	}
}
