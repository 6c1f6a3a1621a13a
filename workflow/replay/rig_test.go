package replay_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Charge is an activity that nobody registers.
func Charge(string) (string, error) { return "", nil }

// Order charges, sleeps and returns.
func Order(ctx workflow.Context, id string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var paid string
	if err := workflow.ExecuteActivity(ctx, Charge, id).Get(ctx, &paid); err != nil {
		return "", err
	}
	if err := workflow.Sleep(ctx, time.Hour); err != nil {
		return "", err
	}
	return paid + " for " + id, nil
}

// Reversed is what Order must not become: it sleeps first.
func Reversed(ctx workflow.Context, id string) (string, error) {
	if err := workflow.Sleep(ctx, time.Hour); err != nil {
		return "", err
	}
	return id, nil
}

// record makes the history of a run of Order, of so many tasks of its three.
func record(t *testing.T, tasks int) *histories.History {
	t.Helper()
	h := histories.Start("Order", "seven")
	r := native.New(native.Options{ActivityName: func(any) (string, error) { return "Charge", nil }})
	if err := r.Prepare(runner.Definition{Type: "Order", Func: Order}); err != nil {
		t.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "Order"})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	d := &histories.Driver{Instance: i}
	for n := range tasks {
		h.Task()
		a, err := d.Sticky(h)
		if err != nil {
			t.Fatal(err)
		}
		h.Complete(a)
		switch n {
		case 0:
			h.CompleteActivity("5", "charged")
		case 1:
			h.FireTimer("11")
		}
	}
	return h
}

func protoOf(h *histories.History) *historypb.History { return &historypb.History{Events: h.Events} }

// write keeps a history as the CLI does.
func write(t *testing.T, dir, name string, h *histories.History) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, jsonOf(t, h), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func jsonOf(t *testing.T, h *histories.History) []byte {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(protoOf(h))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// replayerOf is a replayer that runs fn as Order.
func replayerOf(t *testing.T, fn any) *replay.WorkflowReplayer {
	t.Helper()
	r := replay.NewWorkflowReplayer()
	if err := r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: "Order"}); err != nil {
		t.Fatal(err)
	}
	return r
}
