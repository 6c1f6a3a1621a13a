package command_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/replay/command"
)

func Wait(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	return nil
}

func Nap(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) }

// history of a workflow of this type that only waits.
func history(workflowType string) []*historypb.HistoryEvent {
	h := histories.Start(workflowType)
	h.Task()
	h.CompleteTask(nil)
	return h.Events
}

func write(t *testing.T, workflowType string) string {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&historypb.History{Events: history(workflowType)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), workflowType+".json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// connection is a server that has one run.
type connection struct {
	slow   time.Duration
	asked  []string
	closed bool
}

func (c *connection) HistoryPage(
	ctx context.Context, namespace string, run *commonpb.WorkflowExecution, _ []byte,
) ([]*historypb.HistoryEvent, []byte, error) {
	c.asked = append(c.asked, namespace+" "+run.GetWorkflowId()+" "+run.GetRunId())
	select {
	case <-time.After(c.slow):
		return history("Wait"), nil, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (c *connection) Query(_ context.Context, namespace, query string) iter.Seq[replay.Source] {
	return func(yield func(replay.Source) bool) {
		for _, id := range []string{"one", "two"} {
			if !yield(replay.FromService(c, namespace, workflow.Execution{ID: id, RunID: query})) {
				return
			}
		}
	}
}

func (c *connection) Close() error {
	c.closed = true
	return nil
}

// run runs the program on workflows Wait and Nap.
func run(ctx context.Context, c *connection, args ...string) (code int, out, complaints string) {
	var stdout, stderr bytes.Buffer
	o := command.Options{
		Workflows: []any{Wait},
		Register:  func(r *replay.WorkflowReplayer) error { return r.RegisterWorkflow(Nap) },
	}
	if c != nil {
		o.Dial = func(address, _ string) (command.Connection, error) {
			if address != "here:7233" {
				return nil, errors.New("nobody there")
			}
			return c, nil
		}
	}
	code = command.Run(ctx, args, &stdout, &stderr, o)
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	same, differs, unknown := write(t, "Wait"), write(t, "Nap"), write(t, "Other")
	none := filepath.Join(t.TempDir(), "none.json")
	for _, tt := range []struct {
		args            []string
		code            int
		out, complaints string
	}{
		{[]string{same}, 0, "1 histories, 4 events in", ""},
		{[]string{"-v", same}, 0, "same          " + same, ""},
		{[]string{same, differs}, 1, "differs       " + differs, ""},
		{[]string{differs, none}, 1, "not replayed  " + none, ""},
		{[]string{same, none}, 2, ": 1 same, 0 differ, 1 not replayed", ""},
		{[]string{unknown}, 2, "unable to find workflow type: Other. Supported types: [Nap, Wait]", ""},
		{nil, 2, "", "name a file or a directory"},
		{[]string{"-h"}, 0, "", "usage: replay [flags]"},
		{[]string{"-x"}, 2, "", "flag provided but not defined: -x"},
		{[]string{"-parallel", "-1", same}, 2, "", "-parallel is -1"},
		{[]string{"-parallel", "1", same}, 0, "", ""},
		{[]string{"-address", "here:7233"}, 2, "", "-address needs -query or -workflow-id"},
		{[]string{"-query", "x", same}, 2, "", "need -address"},
		{[]string{"-address", "here:7233", "-query", "x", "-run-id", "r"}, 2, "", "-run-id needs -workflow-id"},
		{[]string{"-address", "there:7233", "-query", "x"}, 2, "", "nobody there"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, out, complaints := run(t.Context(), &connection{}, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(complaints, tt.complaints) {
				t.Errorf("exit code %d with\n%s\nand complaints\n%s", code, out, complaints)
			}
			if len(tt.args) == 1 && code == 0 && strings.Contains(out, same) {
				t.Errorf("what is the same is named:\n%s", out)
			}
		})
	}
}

func TestServer(t *testing.T) {
	c := &connection{}
	code, out, complaints := run(t.Context(), c, "-address", "here:7233", "-namespace", "shop", "-parallel", "1",
		"-query", "q", "-workflow-id", "mine", "-run-id", "r", write(t, "Wait"))
	if code != 0 || complaints != "" || !strings.HasPrefix(out, "4 histories") || !c.closed {
		t.Errorf("exit code %d, %q, %q, closed: %t", code, out, complaints, c.closed)
	}
	if got := strings.Join(c.asked, ", "); got != "shop mine r, shop one q, shop two q" {
		t.Errorf("asked for %s", got)
	}
	// Without a server there are no flags of one.
	if code, _, complaints := run(t.Context(), nil, "-address", "here:7233"); code != 2 ||
		!strings.Contains(complaints, "not defined: -address") {
		t.Errorf("exit code %d and %q", code, complaints)
	}
}

func TestProgressAndInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		c := &connection{slow: time.Minute}
		code, out, complaints := run(ctx, c, "-address", "here:7233", "-query", "q", "-parallel", "1")
		if code != 2 || !strings.Contains(out, "context deadline exceeded") ||
			!strings.Contains(complaints, "1 replayed so far\n") || !strings.HasSuffix(complaints, "deadline exceeded\n") {
			t.Errorf("exit code %d with\n%s\nand complaints\n%s", code, out, complaints)
		}
	})
}

func TestBadWorkflows(t *testing.T) {
	for name, o := range map[string]command.Options{
		"no function": {Workflows: []any{7}},
		"registering": {Register: func(*replay.WorkflowReplayer) error { return errors.New("no") }},
		"options": {Replayer: replay.WorkflowReplayerOptions{
			ActivityName: func(any) (string, error) { return "", nil },
			Runner:       native.New(native.Options{}),
		}},
	} {
		var stderr bytes.Buffer
		if code := command.Run(t.Context(), []string{write(t, "Wait")}, &stderr, &stderr, o); code != 2 || stderr.Len() == 0 {
			t.Errorf("%s: exit code %d and %q", name, code, stderr.String())
		}
	}
}
