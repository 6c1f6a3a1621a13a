package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/core/worker"
)

// elsewhere is an executor that could run activities in other processes, and counts those that it
// was to run with a manager.
type elsewhere struct {
	activity.InPlace

	manager activity.SharedStateManager
	with    *atomic.Int32
}

func newElsewhere() *elsewhere { return &elsewhere{with: new(atomic.Int32)} }

func (e *elsewhere) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	if e.manager != nil {
		e.with.Add(1)
	}
	return e.InPlace.Execute(ctx, call)
}

func (e *elsewhere) Check(d *activity.Definition) error {
	if d.FunctionName() == "Sleep" {
		return errors.New("activity Sleep cannot run in another process")
	}
	return nil
}

func (e *elsewhere) WithSharedState(m activity.SharedStateManager) activity.RemoteExecutor {
	return &elsewhere{manager: m, with: e.with}
}

// The manager is given to the executor, and cannot be closed while one of several workers runs.
func testSharedStateManager(t *testing.T, f *frontend) {
	manager := subprocess.NewSharedState()
	executor := newElsewhere()
	o := worker.Options{Activities: []any{Echo}, ActivityExecutor: executor, SharedStateManager: manager}
	one, two := f.start(t, o), f.start(t, o)
	f.activityTasks <- activityTask("Echo", 1, "x")
	f.activityTasks <- activityTask("Echo", 2, "x")
	pass(time.Second)
	if n := executor.with.Load(); n != 2 {
		t.Errorf("%d calls were given the manager, want 2", n)
	}
	stop(t, one)
	if err := manager.Close(); !errors.Is(err, subprocess.ErrSharedStateInUse) {
		t.Errorf("Close while a worker runs: %v", err)
	}
	stop(t, two)
	if err := manager.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	late := f.worker(t, o)
	var option *worker.OptionError
	if err := late.Start(t.Context()); !errors.As(err, &option) || option.Field != "SharedStateManager" ||
		!errors.Is(err, subprocess.ErrSharedStateClosed) {
		t.Errorf("Start with a manager that is closed: %v", err)
	}
}

// What the executor cannot run is refused when it is registered, however that is done.
func TestActivitiesThatCannotRunElsewhere(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		_, err := worker.New(f.client, "queue", worker.Options{Activities: []any{Echo, Sleep}, ActivityExecutor: newElsewhere()})
		var option *worker.OptionError
		if !errors.As(err, &option) || option.Field != "Activities[1]" || !strings.Contains(err.Error(), "Sleep cannot run in") {
			t.Errorf("New: %v", err)
		}
		w := f.worker(t, worker.Options{Activities: []any{Echo}, ActivityExecutor: newElsewhere()})
		if err := w.RegisterActivity(Sleep); err == nil || !strings.Contains(err.Error(), "Sleep cannot run in") {
			t.Errorf("RegisterActivity: %v", err)
		}
		if err := w.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "Sleep cannot run in") {
			t.Errorf("Start: %v", err)
		}
		f.worker(t, worker.Options{
			Workflows: []any{Greet}, Activities: []any{Sleep}, ActivityExecutor: newElsewhere(), NoRemoteActivities: true,
		})
	})
}
