package worker_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// done is how many activities have been answered.
func (f *frontend) done() int {
	all, _ := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f)
	return len(all)
}

// set changes a rate that must be taken.
func set(t *testing.T, change func(float64) error, perSecond float64) {
	t.Helper()
	if err := change(perSecond); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// The rate of a live worker goes up and down, to no limit and back, also if there was none at
// first; polls that wait for their turn feel it at once.
func TestSetMaxActivitiesPerSecond(t *testing.T) {
	for name, at := range map[string]float64{"no limit at first": 0, "a limit": 50} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				w := f.worker(t, worker.Options{Activities: []any{Echo}, MaxActivitiesPerSecond: at})
				set(t, w.SetMaxActivitiesPerSecond, 1.0/3600) // before it starts
				if err := w.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				defer stop(t, w)
				for i := range 200 {
					f.activityTasks <- activityTask("Echo", i, "x")
				}
				pass(time.Minute)
				if n := f.done(); n != 1 {
					t.Errorf("%d activities in the first minute at one an hour", n)
				}
				set(t, w.SetMaxActivitiesPerSecond, 2)
				pass(time.Second + time.Millisecond)
				if n := f.done(); n != 3 { // but for one minute's share of what was one an hour
					t.Errorf("%d activities after a second at two a second, want 3", n)
				}
				set(t, w.SetMaxActivitiesPerSecond, 0.1)
				pass(9 * time.Second)
				if n := f.done(); n != 3 {
					t.Errorf("%d activities after nine seconds at one in ten", n)
				}
				set(t, w.SetMaxActivitiesPerSecond, 0)
				pass(0)
				if n := f.done(); n != 200 {
					t.Errorf("%d activities without a limit, want all", n)
				}
				if s := w.Stats().ActivityRate; s.PerSecond != 0 || s.Spent != 200 {
					t.Errorf("rate %+v", s)
				}
			})
		})
	}
}

// Polls that the server has when a limit is set may bring a task each; then it holds.
func TestALimitAmidPolls(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		const polls = 5
		w := f.start(t, worker.Options{Activities: []any{Echo}, MaxConcurrentActivityTaskPolls: polls})
		pass(time.Second)
		set(t, w.SetMaxActivitiesPerSecond, 1)
		began := time.Now()
		for i := range 8 {
			f.activityTasks <- activityTask("Echo", i, "x")
		}
		pass(time.Minute)
		_, at := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f)
		for i, at := range at {
			want := time.Duration(max(0, i-polls+1)) * time.Second
			if got := at.Sub(began); got < want || got > want+time.Millisecond {
				t.Errorf("activity %d came after %v, want %v", i, got, want)
			}
		}
		if len(at) != 8 {
			t.Errorf("%d activities", len(at))
		}
	})
}

// asked are the rates that polls have asked the server for; -1 is none.
func (f *frontend) asked() (all []float64) {
	polls, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
	for _, p := range polls {
		rate := -1.0
		if m := p.GetTaskQueueMetadata(); m != nil {
			rate = m.GetMaxTasksPerSecond().GetValue()
		}
		all = append(all, rate)
	}
	return all
}

// The next poll tells the server. One that was told of a limit must be told of its end.
func TestSetMaxTaskQueueActivitiesPerSecond(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Echo}, MaxConcurrentActivityTaskPolls: 1})
		want := []float64{-1}
		for i, rate := range []float64{0, 7.5, 3, 0, 0, 12} {
			set(t, w.SetMaxTaskQueueActivitiesPerSecond, rate)
			f.activityTasks <- activityTask("Echo", i, "x")
			pass(time.Second)
			switch {
			case rate == 0 && i == 0:
				rate = -1
			case rate == 0:
				rate = 100_000
			}
			want = append(want, rate)
		}
		got := f.asked()
		if len(got) != len(want) {
			t.Fatalf("polls asked for %v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("poll %d asked for %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// bare is a limiter that can only limit, and bounded one whose limit cannot be lifted.
type (
	bare    struct{ ratelimit.Limiter }
	bounded struct {
		ratelimit.Limiter
		ratelimit.Adjuster
	}
)

func TestRatesThatAreRefused(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 5})
		if err != nil {
			t.Fatal(err)
		}
		own := f.worker(t, worker.Options{Activities: []any{Echo}})
		other := f.worker(t, worker.Options{Activities: []any{Echo}, Parts: worker.Parts{
			ActivityRate: bare{bucket}, LocalActivityRate: bounded{bucket, bucket},
		}})
		for _, tt := range []struct {
			change    func(float64) error
			perSecond float64
			field     string
			says      string
		}{
			{own.SetMaxActivitiesPerSecond, -1, "MaxActivitiesPerSecond", "no limit"},
			{own.SetMaxActivitiesPerSecond, math.NaN(), "MaxActivitiesPerSecond", "NaN"},
			{own.SetMaxActivitiesPerSecond, math.Inf(1), "MaxActivitiesPerSecond", "Inf"},
			{own.SetMaxLocalActivitiesPerSecond, -1, "MaxLocalActivitiesPerSecond", "no limit"},
			{own.SetMaxTaskQueueActivitiesPerSecond, -1, "MaxTaskQueueActivitiesPerSecond", "no limit"},
			{own.SetMaxTaskQueueActivitiesPerSecond, math.Inf(1), "MaxTaskQueueActivitiesPerSecond", "Inf"},
			{other.SetMaxActivitiesPerSecond, 3, "MaxActivitiesPerSecond", "worker_test.bare"},
			{other.SetMaxActivitiesPerSecond, 0, "MaxActivitiesPerSecond", "worker_test.bare"},
			{other.SetMaxLocalActivitiesPerSecond, 0, "MaxLocalActivitiesPerSecond", "above 0"},
		} {
			err := tt.change(tt.perSecond)
			var option *worker.OptionError
			if !errors.As(err, &option) || option.Field != tt.field || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v: got %v, want one about %s that says %q", tt.perSecond, err, tt.field, tt.says)
			}
		}
		if got := bucket.Stats().PerSecond; got != 5 {
			t.Errorf("the rate is %v after refused changes", got)
		}
		set(t, other.SetMaxLocalActivitiesPerSecond, 8)
		if got := bucket.Stats().PerSecond; got != 8 {
			t.Errorf("the rate is %v", got)
		}
		shared := f.worker(t, worker.Options{Activities: []any{Echo}, Parts: worker.Parts{ActivityRate: bucket}})
		set(t, shared.SetMaxActivitiesPerSecond, 0)
		if got := bucket.Stats().PerSecond; got != 0 {
			t.Errorf("the rate is %v", got)
		}
	})
}

// What is in force can be read back.
func TestRatesInForce(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{
			Activities: []any{Echo}, MaxActivitiesPerSecond: 1.5, MaxTaskQueueActivitiesPerSecond: 2.5, MaxLocalActivitiesPerSecond: 3.5,
		})
		check := func(activities, queue, locals float64) {
			t.Helper()
			o := w.Config().InForce
			if o.MaxActivitiesPerSecond != activities || o.MaxTaskQueueActivitiesPerSecond != queue ||
				o.MaxLocalActivitiesPerSecond != locals {
				t.Errorf("in force are %v, %v and %v", o.MaxActivitiesPerSecond, o.MaxTaskQueueActivitiesPerSecond, o.MaxLocalActivitiesPerSecond)
			}
		}
		check(1.5, 2.5, 3.5)
		set(t, w.SetMaxActivitiesPerSecond, 10)
		set(t, w.SetMaxTaskQueueActivitiesPerSecond, 20)
		set(t, w.SetMaxLocalActivitiesPerSecond, 30)
		check(10, 20, 30)
		set(t, w.SetMaxActivitiesPerSecond, 0)
		set(t, w.SetMaxTaskQueueActivitiesPerSecond, 0)
		set(t, w.SetMaxLocalActivitiesPerSecond, 0)
		check(0, 0, 0)
		set(t, w.SetMaxTaskQueueActivitiesPerSecond, 100_000) // what a poll says for no limit, too
		check(0, 100_000, 0)
		if got := w.Config().Given.MaxActivitiesPerSecond; got != 1.5 {
			t.Errorf("given was %v", got)
		}
	})
}

// Tries runs a local activity that succeeds at its n-th attempt, one second apart.
func Tries(ctx workflow.Context, n int) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: time.Hour,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
	})
	tries := 0
	return workflow.ExecuteLocalActivity(ctx, func(context.Context) error {
		if tries++; tries < n {
			return errors.New("again")
		}
		return nil
	}).Get(ctx, nil)
}

// nearOnePerSecond checks that workflows get their local activities one a second.
func (f *frontend) nearOnePerSecond(t *testing.T, w *worker.Worker) {
	t.Helper()
	began := time.Now()
	for _, run := range []string{"1", "2", "3"} {
		f.workflowTasks <- firstTask("Near", run, 0)
	}
	pass(time.Minute)
	_, at := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f)
	if len(at) != 3 {
		t.Fatalf("%d answers", len(at))
	}
	for i, at := range at {
		want := time.Duration(i) * time.Second
		if got := at.Sub(began); got < want || got > want+100*time.Millisecond {
			t.Errorf("answer %d came after %v, want %v", i, got, want)
		}
	}
	if s := w.Stats(); s.LocalActivities != 3 || s.LocalActivityRate.Spent != 3 || s.LocalActivityRate.Held != 0 {
		t.Errorf("stats %+v", s)
	}
}

func testMaxLocalActivitiesPerSecond(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{Workflows: []any{Near}, MaxLocalActivitiesPerSecond: 1})
	f.nearOnePerSecond(t, w)
}

func testLocalActivityRate(t *testing.T, f *frontend) {
	bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := f.start(t, worker.Options{Workflows: []any{Near}, Parts: worker.Parts{LocalActivityRate: bucket}})
	f.nearOnePerSecond(t, w)
}

// Each attempt takes a token, and a wait between them holds neither token nor slot.
func TestRateOfAttempts(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{
			Workflows: []any{Tries}, MaxLocalActivitiesPerSecond: 0.25, MaxConcurrentLocalActivities: 1,
		})
		f.workflowTasks <- firstTask("Tries", "1", 3)
		pass(1500 * time.Millisecond) // the second attempt waits
		if s := w.Stats(); s.LocalActivities != 1 || s.LocalActivityRate.Waiting != 1 {
			t.Errorf("stats %+v", s)
		}
		pass(3 * time.Second) // the second has failed at 4 s, the third waits for its turn until 5 s
		if s := w.Stats(); s.LocalActivities != 2 || s.LocalActivitySlots.Issued != 0 || s.LocalActivityRate.Held != 0 {
			t.Errorf("stats %+v", s)
		}
		set(t, w.SetMaxLocalActivitiesPerSecond, 0)
		pass(time.Second)
		if all := f.answers(); len(all) != 1 {
			t.Errorf("%d answers after the limit was lifted", len(all))
		}
	})
}

// A local activity whose time is over while it waits, for a slot or for its turn, does not run and
// keeps nobody; what it did not use goes to the next.
func TestLocalActivitiesTimeOutWhileTheyWait(t *testing.T) {
	for name, o := range map[string]worker.Options{
		"slot": {MaxConcurrentLocalActivities: 1},
		"rate": {MaxLocalActivitiesPerSecond: 1.0 / 60},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				var got []error
				ran := 0
				w := f.worker(t, o)
				err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
					ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 2 * time.Second})
					deaf := func() error { ran++; time.Sleep(time.Minute); return nil }
					first, second := workflow.ExecuteLocalActivity(ctx, deaf), workflow.ExecuteLocalActivity(ctx, deaf)
					got = append(got, first.Get(ctx, nil), second.Get(ctx, nil))
					return nil
				}, workflow.RegisterOptions{Name: "Stuck"})
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				f.workflowTasks <- firstTask("Stuck", "run")
				pass(3 * time.Second)
				for _, err := range got {
					if timeout, ok := errors.AsType[*temporal.TimeoutError](err); !ok ||
						timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE {
						t.Errorf("got %v", err)
					}
				}
				if len(got) != 2 || ran != 1 {
					t.Errorf("%d ended, and %d ran", len(got), ran)
				}
				if all := f.answers(); len(all) != 1 {
					t.Errorf("%d answers", len(all))
				}
				pass(time.Minute)
				if s := w.Stats(); s.LocalActivitySlots.Issued != 0 || s.LocalActivityRate.Held != 0 || s.LocalActivities != 1 {
					t.Errorf("stats %+v", s)
				}
				stop(t, w)
			})
		})
	}
}

// A local activity that its slot holds back keeps no token from others.
func TestHeldLocalActivitiesHoldNoToken(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{
			Activities: []any{Sleep, Echo}, MaxLocalActivitiesPerSecond: 1,
			Parts: worker.Parts{
				LocalActivitySlots: perKey(t, func(_ slots.Request, k slots.Task) string {
					if k.ID == "" {
						return "" // told only when there is a slot
					}
					return k.Type
				}),
			},
		})
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Hour})
			first := workflow.ExecuteLocalActivity(ctx, Sleep, time.Minute)
			second := workflow.ExecuteLocalActivity(ctx, Sleep, time.Minute)
			other := workflow.ExecuteLocalActivity(ctx, Echo, "x")
			return errors.Join(other.Get(ctx, nil), first.Get(ctx, nil), second.Get(ctx, nil))
		}, workflow.RegisterOptions{Name: "Three"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Three", "run")
		pass(3 * time.Second)
		if s := w.Stats(); s.LocalActivities != 1 || s.LocalActivityRate.Held != 0 || s.LocalActivityRate.Spent != 2 ||
			s.LocalActivitySlots.Held != 1 {
			t.Errorf("%d have ended, rate %+v, slots %+v", s.LocalActivities, s.LocalActivityRate, s.LocalActivitySlots)
		}
		stop(t, w)
		if s := w.Stats(); s.LocalActivitySlots.Issued != 0 || s.LocalActivityRate.Held != 0 {
			t.Errorf("rate %+v, slots %+v", s.LocalActivityRate, s.LocalActivitySlots)
		}
	})
}
