package replay_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// lines is a logger that is no slog.Logger.
type lines struct {
	all  *[]string
	with []any
}

func (l lines) note(level, msg string, keyvals []any) {
	*l.all = append(*l.all, level+" "+msg+" "+strings.TrimSpace(fmt.Sprintln(slices.Concat(l.with, keyvals)...)))
}

func (l lines) Debug(msg string, keyvals ...any) { l.note("debug", msg, keyvals) }
func (l lines) Info(msg string, keyvals ...any)  { l.note("info", msg, keyvals) }
func (l lines) Warn(msg string, keyvals ...any)  { l.note("warn", msg, keyvals) }
func (l lines) Error(msg string, keyvals ...any) { l.note("error", msg, keyvals) }

func (l lines) With(keyvals ...any) log.Logger {
	return lines{l.all, slices.Concat(l.with, keyvals)}
}

func TestLoggingInReplay(t *testing.T) {
	h := protoOf(record(t, 3))
	talking := func(ctx workflow.Context, id string) (string, error) {
		l := workflow.GetLogger(ctx)
		l.Debug("d", "k", 1)
		l.Info("i")
		l.Warn("w", slog.Group("g", slog.Int("n", 2)))
		l.Error("e")
		return Order(ctx, id)
	}
	for _, enabled := range []bool{false, true} {
		r, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{EnableLoggingInReplay: enabled})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.RegisterWorkflowWithOptions(talking, workflow.RegisterOptions{Name: "Order"}); err != nil {
			t.Fatal(err)
		}
		var all []string
		if err := r.ReplayWorkflowHistory(lines{all: &all}, h); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(all, "\n")
		if !enabled {
			if got != "" {
				t.Errorf("without being asked it logged\n%s", got)
			}
			continue
		}
		for _, want := range []string{"debug d ", "k 1", "info i ", "warn w ", "n=2", "error e ", "WorkflowType Order"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
		if err := r.ReplayWorkflowHistory(nil, h); err != nil {
			t.Errorf("without a logger: %v", err)
		}
	}
}

// Code that is held in a debugger is none that does not let go.
func TestDeadlockDetection(t *testing.T) {
	held := func(ctx workflow.Context, id string) (string, error) {
		time.Sleep(time.Hour) // of the bubble
		return Order(ctx, id)
	}
	h := protoOf(record(t, 3))
	synctest.Test(t, func(t *testing.T) {
		r, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{DisableDeadlockDetection: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.RegisterWorkflowWithOptions(held, workflow.RegisterOptions{Name: "Order"}); err != nil {
			t.Fatal(err)
		}
		if err := r.ReplayWorkflowHistory(nil, h); err != nil {
			t.Error(err)
		}
	})
}
