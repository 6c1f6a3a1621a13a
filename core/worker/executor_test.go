package worker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/slots"
)

// anySize is a supplier that does not tell how many slots it has.
type anySize struct{ slots.Supplier }

// An executor that is smaller than the slots is told of, with both numbers.
func TestExecutorSmallerThanTheSlots(t *testing.T) {
	tests := map[string]struct {
		set  func(*worker.Options)
		want string
	}{
		"by default":               {func(*worker.Options) {}, ""},
		"as many slots":            {func(o *worker.Options) { o.MaxConcurrentActivities = 3 }, ""},
		"more slots":               {func(o *worker.Options) { o.MaxConcurrentActivities = 4 }, "Capacity=3 Slots=4"},
		"a supplier of more":       {func(o *worker.Options) { o.Parts.ActivitySlots = fixed(t, 5) }, "Capacity=3 Slots=5"},
		"a supplier of less":       {func(o *worker.Options) { o.Parts.ActivitySlots = fixed(t, 2) }, ""},
		"a supplier of any number": {func(o *worker.Options) { o.Parts.ActivitySlots = anySize{fixed(t, 5)} }, ""},
		"no limit": {func(o *worker.Options) {
			o.MaxConcurrentActivities, o.ActivityExecutor = 4, activity.InPlace{}
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				pool, err := activity.NewPool(3)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(pool.Close)
				logs := new(logbook)
				o := worker.Options{Activities: []any{Echo}, ActivityExecutor: pool, Logger: logs.logger()}
				test.set(&o)
				stop(t, f.start(t, o))
				if warned := logs.has("ActivityExecutor runs fewer"); warned != (test.want != "") || !logs.has(test.want) {
					t.Errorf("want %q, logged %s", test.want, &logs.text)
				}
			})
		})
	}
}

// An executor that breaks stops a worker that has nothing to do, before that takes a task.
func TestExecutorThatBreaksWhileIdle(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		pool, err := activity.NewPool(1)
		if err != nil {
			t.Fatal(err)
		}
		w := f.start(t, worker.Options{Activities: []any{Echo}, ActivityExecutor: pool})
		pool.Close()
		began := time.Now()
		var option *worker.OptionError
		if err := w.Wait(eventually(t)); !errors.Is(err, activity.ErrPoolClosed) || !errors.As(err, &option) ||
			option.Field != "ActivityExecutor" {
			t.Errorf("Wait: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it was noticed after %v", took)
		}
	})
}

// What a broken executor has not begun is answered so that it is tried elsewhere, at once.
func TestExecutorThatBreaksUnderTasks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		pool, err := activity.NewPool(1)
		if err != nil {
			t.Fatal(err)
		}
		w := f.start(t, worker.Options{
			Activities: []any{Sleep}, ActivityExecutor: pool, MaxConcurrentActivities: 3,
			GracefulShutdownTimeout: time.Hour,
		})
		for i := range 3 {
			f.activityTasks <- activityTask("Sleep", i, time.Minute)
		}
		pass(time.Second)
		pool.Close() // waits for the one that runs
		if err := w.Wait(eventually(t)); !errors.Is(err, activity.ErrPoolClosed) {
			t.Errorf("Wait: %v", err)
		}
		failed, _ := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f)
		for _, req := range failed {
			if info := req.GetFailure().GetApplicationFailureInfo(); info.GetNonRetryable() {
				t.Errorf("told %v: it should be retried", req.GetFailure())
			}
		}
		if got := fmt.Sprint(len(failed), len(f.completedTokens())); got != "2 1" {
			t.Errorf("%s tasks failed and completed, want 2 and 1", got)
		}
	})
}
