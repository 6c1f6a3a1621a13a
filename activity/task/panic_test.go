package task_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
)

// The hook of the user's is told what the server was told, and can do no harm to the report.
func TestPanicsReachTheHook(t *testing.T) {
	for name, hook := range map[string]func(){
		"returns": func() {},
		"is slow": func() { time.Sleep(time.Hour) },
		"panics":  func() { panic("broken hook") },
		"exits":   runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, calls := &service{}, 0
				h := newHandler(t, srv, func() error { panic("boom") }, func(o *task.Options) {
					o.OnPanic = func(_ context.Context, info activity.Info, err *temporal.PanicError) {
						calls++
						if info.ActivityID != "7" || info.ActivityType.Name != "Act" || err.Error() != "boom" ||
							!strings.Contains(err.StackTrace(), "panic_test.go") {
							t.Errorf("told %+v, %v\n%s", info, err, err.StackTrace())
						}
						failure := srv.failure(t) // the server has it by now
						if failure.GetStackTrace() != err.StackTrace() {
							t.Errorf("the server was told another stack:\n%s", failure.GetStackTrace())
						}
						hook()
					}
				})
				if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
					t.Errorf("got %v, %v", outcome, err)
				}
				if calls != 1 {
					t.Errorf("the hook was called %d times", calls)
				}
			})
		})
	}
}

func TestErrorsDoNotReachThePanicHook(t *testing.T) {
	h := newHandler(t, &service{}, func() error { return errPlain }, func(o *task.Options) {
		o.OnPanic = func(context.Context, activity.Info, *temporal.PanicError) { t.Error("called") }
	})
	_, _ = h.Handle(t.Context(), newTask())
}
