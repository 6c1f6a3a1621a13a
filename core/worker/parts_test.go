package worker_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// fixed returns a supplier of n slots.
func fixed(t *testing.T, n int, observers ...any) *slots.Fixed {
	t.Helper()
	s, err := slots.NewFixed(slots.FixedOptions{Limit: n, Observers: observers})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// One test per part: it fails if the part is ignored.
var partTests = map[string]func(t *testing.T, f *frontend){
	"WorkflowSlots": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Greet}, WorkflowRunner: newSlowRunner(time.Minute), MaxCachedWorkflows: new(0),
			Parts: worker.Parts{WorkflowSlots: fixed(t, 2)},
		})
		for _, run := range []string{"1", "2", "3"} {
			f.workflowTasks <- firstTask("Greet", run)
		}
		pass(30 * time.Second)
		if waiting := len(f.workflowTasks); waiting != 1 {
			t.Errorf("%d tasks wait", waiting)
		}
	},
	"ActivitySlots": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Activities: []any{Sleep}, Parts: worker.Parts{ActivitySlots: fixed(t, 1)},
		})
		f.oneAtATime(t)
	},
	"LocalActivitySlots": testLocalActivitySlots,
	"CacheBudget":        testCacheBudget,
	"LocalActivityRate":  testLocalActivityRate,
	"ActivityRate": func(t *testing.T, f *frontend) {
		bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 4})
		if err != nil {
			t.Fatal(err)
		}
		f.start(t, worker.Options{Activities: []any{Echo}, Parts: worker.Parts{ActivityRate: bucket}})
		f.paced(t, 250*time.Millisecond)
		if s := bucket.Stats(); s.Spent != 5 {
			t.Errorf("bucket %+v", s)
		}
	},
	"Cache": func(t *testing.T, f *frontend) {
		cache, err := sticky.New(sticky.Options[string, *task.Run]{
			MaxEntries: 1, OnEvict: func(_ string, r *task.Run, _ sticky.Reason) { r.Close() },
		})
		if err != nil {
			t.Fatal(err)
		}
		w := f.start(t, worker.Options{
			Workflows: []any{Await}, MaxCachedWorkflows: new(0), Parts: worker.Parts{Cache: cache},
		})
		f.workflowTasks <- firstTask("Await", "run")
		pass(time.Second)
		if n := cache.Stats().Entries; n != 1 {
			t.Errorf("%d runs cached", n)
		}
		if f.polling(stickyKind) == 0 {
			t.Error("the sticky queue is not polled")
		}
		stop(t, w)
		if n := cache.Stats().Entries; n != 1 {
			t.Error("the worker has emptied a cache that is not its own")
		}
		if err := cache.Close(t.Context()); err != nil {
			t.Error(err)
		}
	},
	"WorkflowScaler": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Greet}, Parts: worker.Parts{WorkflowScaler: poller.Fixed(6)},
		})
		if n, s := f.polling(normal), f.polling(stickyKind); n != 6 || s != 1 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
	},
	"StickyScaler": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Greet}, Parts: worker.Parts{StickyScaler: poller.Fixed(6)},
		})
		if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 6 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
	},
	"ActivityScaler": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Activities: []any{Echo}, Parts: worker.Parts{ActivityScaler: poller.Fixed(2)},
		})
		if n := f.polling(activities); n != 2 {
			t.Errorf("%d polls", n)
		}
	},
}

func TestParts(t *testing.T) { eachField[worker.Parts](t, partTests) }

// usage keeps what permits were used for.
type usage struct {
	mu   sync.Mutex
	used []slots.Used
}

func (u *usage) PermitUsed(e slots.Used) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = append(u.used, e)
}

func TestSuppliersLearnWhatSlotsAreFor(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o, seen := both(), new(usage)
		o.Parts.WorkflowSlots, o.Parts.ActivitySlots = fixed(t, 10, seen), fixed(t, 10, seen)
		f.start(t, o)
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(time.Second)
		f.activityTasks <- activityTask("Echo", 7, "x")
		pass(time.Second)
		want := []slots.Used{
			{
				Request: slots.Request{Kind: "workflow", Queue: taskQueue},
				Task:    slots.Task{Type: "Greet", ID: "run"},
			},
			{
				Request: slots.Request{Kind: "activity", Queue: taskQueue},
				Task:    slots.Task{Type: "Echo", ID: "7"},
			},
		}
		for i := range seen.used {
			seen.used[i].ID = 0
		}
		if !slices.Equal(seen.used, want) {
			t.Errorf("used %+v", seen.used)
		}
	})
}

// Two workers with one supplier share its slots.
func TestWorkersShareAPart(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		shared := worker.Parts{ActivitySlots: fixed(t, 1)}
		f.start(t, worker.Options{Activities: []any{Sleep}, Parts: shared})
		second := f.start(t, worker.Options{Activities: []any{Sleep}, Parts: shared})
		f.oneAtATime(t)
		pass(10 * time.Minute)
		if n := second.Stats().ActivitySlots.Issued; n != 1 {
			t.Errorf("%d slots out", n)
		}
	})
}

// Slots that a user adds while the worker runs are used soon, not after the next long poll.
func TestSlotsThatGrow(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o, supplier := both(), fixed(t, 2)
		o.Parts.WorkflowSlots, o.MaxConcurrentWorkflowTaskPolls = supplier, 5
		f.start(t, o)
		if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 1 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
		if err := supplier.Resize(10); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 4 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
	})
}

// However few the slots, neither queue goes without a poll.
func TestBothQueuesAreAlwaysPolled(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows:                      []any{Greet, Await},
			MaxConcurrentWorkflowTasks:     2,
			MaxConcurrentWorkflowTaskPolls: 10,
			NonstickyToStickyPollRatio:     new(0.5),
		})
		for i := range 20 {
			if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 1 {
				t.Fatalf("round %d: %d normal polls and %d sticky ones", i, n, s)
			}
			switch i % 4 {
			case 0:
				f.workflowTasks <- firstTask("Greet", "run", "world")
			case 1:
				f.stickyTasks <- signaledTask("unknown")
			case 2:
				pass(2 * longPoll) // empty polls
			}
			pass(time.Second)
		}
		if all, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f); len(all) != 10 {
			t.Errorf("%d answers", len(all))
		}
	})
}

// Tasks in hand are no polls: both queues are polled beside them.
func TestBothQueuesArePolledBesideATask(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows:                  []any{Greet},
			WorkflowRunner:             newSlowRunner(time.Hour),
			MaxConcurrentWorkflowTasks: 3,
		})
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(10 * longPoll)
		if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 1 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
		pass(time.Hour)
	})
}

// The last slot goes to the queues in turn, but stays with the sticky one while tasks wait there.
func TestStickyBacklogComesFirst(t *testing.T) {
	for backlog, want := range map[int64]kind{0: normal, 5: stickyKind} {
		in(t, func(t *testing.T, f *frontend) {
			f.start(t, worker.Options{
				Workflows:                  []any{Greet, Await},
				WorkflowRunner:             newSlowRunner(time.Hour),
				MaxConcurrentWorkflowTasks: 2,
			})
			f.workflowTasks <- firstTask("Greet", "run", "world") // has one slot for an hour
			pass(time.Second)
			for _, turn := range []kind{normal, stickyKind} { // the sticky queue after the normal one
				for f.polling(turn) == 0 {
					pass(time.Second)
				}
			}
			task := signaledTask("other")
			task.BacklogCountHint = backlog
			f.stickyTasks <- task
			pass(time.Second)
			if f.polling(want) != 1 || f.polling(normal)+f.polling(stickyKind) != 1 {
				t.Errorf("backlog %d: %d normal polls and %d sticky ones",
					backlog, f.polling(normal), f.polling(stickyKind))
			}
			pass(time.Hour)
		})
	}
}

// A brokenSupplier fails in one way or another, then recovers.
type brokenSupplier struct {
	*slots.Fixed
	fail func() error
}

func (s brokenSupplier) Reserve(ctx context.Context, r slots.Request) (slots.Permit, error) {
	if err := s.fail(); err != nil {
		return slots.Permit{}, err
	}
	return s.Fixed.Reserve(ctx, r)
}

// A supplier that fails or panics costs nothing for good: polling goes on when it recovers.
func TestSupplierThatBreaks(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no slots") },
		"panic": func() error { panic("no slots") },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				back := time.Now().Add(10 * time.Minute)
				supplier := brokenSupplier{fixed(t, 3), func() error {
					if time.Now().Before(back) {
						return fail()
					}
					return nil
				}}
				o := both()
				o.Parts.WorkflowSlots, o.MaxConcurrentWorkflowTaskPolls = supplier, 5
				f.start(t, o)
				pass(11 * time.Minute)
				if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 2 {
					t.Errorf("%d normal polls and %d sticky ones", n, s)
				}
			})
		})
	}
}

// A limiter that fails gives the slot back.
type brokenLimiter struct{ ratelimit.Limiter }

func (brokenLimiter) Reserve(context.Context) (ratelimit.Token, error) {
	return ratelimit.Token{}, errors.New("no tokens")
}

func TestLimiterThatBreaks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o, supplier := both(), fixed(t, 10)
		o.Parts.ActivitySlots, o.Parts.ActivityRate = supplier, brokenLimiter{}
		f.start(t, o)
		pass(time.Hour)
		if s := supplier.Stats(); s.Issued != 0 {
			t.Errorf("slots %+v", s)
		}
	})
}

// An empty poll gives the right to start an activity back.
func TestEmptyPollsCostNoRate(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 1.0 / 3600})
		if err != nil {
			t.Fatal(err)
		}
		f.start(t, worker.Options{Activities: []any{Echo}, Parts: worker.Parts{ActivityRate: bucket}})
		pass(10 * time.Minute)
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
		if s := bucket.Stats(); s.Spent != 1 || s.Refunded < 5 {
			t.Errorf("bucket %+v", s)
		}
	})
}

func TestScalerThatAsksForNothing(t *testing.T) {
	for field, parts := range map[string]worker.Parts{
		"Parts.WorkflowScaler": {WorkflowScaler: poller.Fixed(0)},
		"Parts.StickyScaler":   {StickyScaler: poller.Fixed(-1)},
		"Parts.ActivityScaler": {ActivityScaler: poller.Fixed(poller.MaxTarget + 1)},
	} {
		in(t, func(t *testing.T, f *frontend) {
			o := both()
			o.Parts = parts
			w := f.worker(t, o)
			err := w.Start(t.Context())
			var option *worker.OptionError
			if !errors.As(err, &option) || option.Field != field {
				t.Errorf("Start: %v", err)
			}
			if got := w.Wait(t.Context()); !errors.Is(got, err) {
				t.Errorf("Wait: %v", got)
			}
			synctest.Wait()
			if n := f.polling(normal) + f.polling(stickyKind) + f.polling(activities); n > 0 {
				t.Errorf("%d polls", n)
			}
		})
	}
}
