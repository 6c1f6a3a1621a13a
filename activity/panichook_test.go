package activity_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

func TestPanicHook(t *testing.T) {
	about := temporal.NewPanicError("boom", "the stack")
	tests := map[string]struct {
		hook   func()
		logged string
	}{
		"returns": {hook: func() {}},
		"panics":  {hook: func() { panic("broken hook") }, logged: "broken hook"},
		"exits":   {hook: runtime.Goexit},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			calls := 0
			hook := activity.PanicHook(func(_ context.Context, info activity.Info, err *temporal.PanicError) {
				calls++
				if info.ActivityID != "7" || err != about {
					t.Errorf("told %+v, %v", info, err)
				}
				test.hook()
			})
			hook.Tell(t.Context(), activity.Info{ActivityID: "7"}, about, logger)
			hook.Tell(t.Context(), activity.Info{}, nil, logger) // of no panic
			if calls != 1 {
				t.Errorf("called %d times, want once", calls)
			}
			if (test.logged == "") != (log.Len() == 0) || !strings.Contains(log.String(), test.logged) {
				t.Errorf("logged %q", &log)
			}
		})
	}
	activity.PanicHook(nil).Tell(t.Context(), activity.Info{}, about, slog.Default())
}
