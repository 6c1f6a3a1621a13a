package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/workflow"
)

// Fan schedules so many activities and waits for none.
func Fan(ctx workflow.Context, n int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	for range n {
		workflow.ExecuteActivity(ctx, "Sleep", time.Minute)
	}
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

// fans are the options of a worker that runs Fan and its activities.
func fans(edits ...func(*worker.Options)) worker.Options {
	o := worker.Options{Workflows: []any{Fan, Greet}, Activities: []any{Sleep, Obey}}
	for _, edit := range edits {
		edit(&o)
	}
	return o
}

// An eagerServer is the part of a frontend that gives tasks with its answers.
type eagerServer struct {
	starts bool // workflows, too
	// gives are the activities that it gives; it gets the ids of those that were asked for.
	gives func(ids []string) ([]*workflowservice.PollActivityTaskQueueResponse, error)
	// before it answers the start of a workflow
	starting func() error
}

// askedFor are the ids of the activities that are wanted with the answer.
func askedFor(req *workflowservice.RespondWorkflowTaskCompletedRequest) (ids []string) {
	for _, c := range req.GetCommands() {
		if a := c.GetScheduleActivityTaskCommandAttributes(); a.GetRequestEagerExecution() {
			ids = append(ids, a.GetActivityId())
		}
	}
	return ids
}

func (e *eagerServer) answer(
	req *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	if e.gives == nil {
		return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
	}
	tasks, err := e.gives(askedFor(req))
	return &workflowservice.RespondWorkflowTaskCompletedResponse{ActivityTasks: tasks}, err
}

// giving are so many activities of a type; -1 are as many as are asked for.
func giving(n int, typ string, input ...any) func([]string) ([]*workflowservice.PollActivityTaskQueueResponse, error) {
	return func(ids []string) (tasks []*workflowservice.PollActivityTaskQueueResponse, err error) {
		for i := range max(n, len(ids)) {
			if i == n {
				break
			}
			tasks = append(tasks, activityTask(typ, i+1, input...))
		}
		return tasks, nil
	}
}

// fan runs the first task of a Fan, and returns how many activities it asks for.
func (f *frontend) fan(t *testing.T, n int) int {
	t.Helper()
	before := len(f.answers())
	f.workflowTasks <- firstTask("Fan", fmt.Sprint("run ", before), n)
	synctest.Wait()
	all := f.answers()
	if len(all) != before+1 {
		t.Fatalf("%d answers", len(all)-before)
	}
	return len(askedFor(all[before]))
}

func testDisableEagerActivities(t *testing.T, f *frontend) {
	f.start(t, fans(func(o *worker.Options) { o.DisableEagerActivityExecution = true }))
	if n := f.fan(t, 2); n != 0 {
		t.Errorf("%d activities are asked for", n)
	}
}

func testMaxEagerActivities(t *testing.T, f *frontend) {
	f.start(t, fans(func(o *worker.Options) { o.MaxEagerActivityReservationsPerWorkflowTask = 4 }))
	if n := f.fan(t, 5); n != 4 {
		t.Errorf("%d activities are asked for", n)
	}
}

func testMaxConcurrentEagerActivities(t *testing.T, f *frontend) {
	f.eager.gives = giving(-1, "Sleep", time.Minute)
	w := f.start(t, fans(func(o *worker.Options) { o.MaxConcurrentEagerActivityExecutionSize = 3 }))
	for i, want := range []int{2, 1, 0} {
		if n := f.fan(t, 2); n != want {
			t.Errorf("workflow %d: %d activities are asked for", i, n)
		}
	}
	f.activityTasks <- activityTask("Sleep", 9, time.Minute)
	synctest.Wait()
	if s := w.Stats().ActivitySlots; s.Used != 4 {
		t.Errorf("slots %+v: the limit is one of what starts eagerly", s)
	}
	pass(time.Minute)
	if n := f.fan(t, 2); n != 2 {
		t.Errorf("when they have ended: %d activities are asked for", n)
	}
}

func TestNoActivityStartsEagerly(t *testing.T) {
	for name, o := range map[string]worker.Options{
		"if the server limits the queue": fans(func(o *worker.Options) { o.MaxTaskQueueActivitiesPerSecond = 1000 }),
		"if none is polled for":          fans(func(o *worker.Options) { o.NoRemoteActivities = true }),
		"if none is registered":          fans(func(o *worker.Options) { o.Activities = nil }),
		"of an unknown type":             fans(func(o *worker.Options) { o.Activities = []any{Echo} }),
		"if a rate cannot be asked": fans(func(o *worker.Options) {
			o.Parts.ActivityRate = struct{ ratelimit.Limiter }{ratelimit.Unlimited{}}
		}),
		"if idle polls have all slots": fans(func(o *worker.Options) { o.MaxConcurrentActivities = 2 }),
		"if idle polls have all tokens": fans(func(o *worker.Options) {
			o.MaxActivitiesPerSecond = 1
		}),
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.start(t, o)
				if n := f.fan(t, 2); n != 0 {
					t.Errorf("%d activities are asked for", n)
				}
			})
		})
	}
	in(t, func(t *testing.T, f *frontend) { // to know that the others say something
		w := f.start(t, fans(func(o *worker.Options) { o.Parts.ActivityRate = ratelimit.Unlimited{} }))
		for i, limit := range []float64{0, 10, 0} {
			if err := w.SetMaxTaskQueueActivitiesPerSecond(limit); err != nil {
				t.Fatal(err)
			}
			if n := f.fan(t, 2); (n == 2) != (limit == 0) {
				t.Errorf("%d: with a limit of %v for the queue %d activities are asked for", i, limit, n)
			}
		}
	})
}

func TestEagerActivitiesNeedNoPoll(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		breakPolls(f, activities, codes.Unavailable)
		f.eager.gives = giving(-1, "Sleep", time.Minute)
		w := f.start(t, fans())
		if n := f.fan(t, 2); n != 2 {
			t.Fatalf("%d activities are asked for", n)
		}
		s := w.Stats()
		if s.ActivitySlots.Used != 2 || s.Pollers[2].Handling != 2 || s.Pollers[2].Unpolled != 2 {
			t.Errorf("while they run: slots %+v, poller %+v", s.ActivitySlots, s.Pollers[2])
		}
		pass(time.Minute)
		if got := f.completedTokens(); !sameTokens(got, []string{"Sleep1", "Sleep2"}) {
			t.Errorf("completed %q", got)
		}
		if s := w.Stats(); s.Activities != 2 || s.ActivitySlots.Used != 0 || s.Pollers[2].Handling != 0 {
			t.Errorf("when they have ended: %+v", s)
		}
	})
}

// What was reserved and not needed can be had again.
func TestWhatNoActivityCameForIsGivenBack(t *testing.T) {
	for name, gives := range map[string]func([]string) ([]*workflowservice.PollActivityTaskQueueResponse, error){
		"none comes": giving(0, ""),
		"the answer is not taken": func([]string) ([]*workflowservice.PollActivityTaskQueueResponse, error) {
			return nil, refused(codes.NotFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.eager.gives = gives
				bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 0.001, Burst: 8})
				if err != nil {
					t.Fatal(err)
				}
				w := f.start(t, fans(func(o *worker.Options) {
					o.MaxConcurrentActivities, o.Parts.ActivityRate = 8, bucket
				}))
				for range 10 {
					if n := f.fan(t, 3); n != 3 {
						t.Fatalf("%d activities are asked for", n)
					}
				}
				if s := w.Stats().ActivitySlots; s.Issued != 2 {
					t.Errorf("slots %+v", s)
				}
				if s := bucket.Stats(); s.Held != 2 || s.Spent != 0 || s.DoubleSettles != 0 {
					t.Errorf("tokens %+v", s)
				}
			})
		})
	}
}

// Those that come with answers and those that are polled are counted by one limit.
func TestTheRateLimitCountsEagerActivities(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		const perSecond, burst = 50, 20
		bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: perSecond, Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var at []time.Time
		f.eager.gives = giving(-1, "now")
		w := f.worker(t, fans(func(o *worker.Options) {
			o.Parts.ActivityRate, o.MaxEagerActivityReservationsPerWorkflowTask = bucket, 10
		}))
		now := func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Now())
			return nil
		}
		if err := w.RegisterActivityWithOptions(now, named("now")); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, w)
		asked := 0
		for range 200 {
			for i := range 3 {
				f.activityTasks <- activityTask("now", i)
			}
			asked += f.fan(t, 10)
			pass(100 * time.Millisecond)
		}
		for i := range at {
			within := 0
			for _, other := range at[i:] {
				if other.Sub(at[i]) < time.Second {
					within++
				}
			}
			if within > perSecond+burst {
				t.Fatalf("%d activities began within a second", within)
			}
		}
		if u := w.Stats().Pollers[2]; asked < 100 || u.Unpolled != uint64(asked) || u.Tasks < 100 {
			t.Errorf("%d were asked for, %+v", asked, u)
		}
	})
}

// The rules of a supplier that holds tasks back hold for these, too.
func TestEagerActivitiesAreHeldBackLikeOthers(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		perTenant := perKey(t, func(_ slots.Request, k slots.Task) string { return k.Type + k.ID + k.Group })
		f.eager.gives = func([]string) ([]*workflowservice.PollActivityTaskQueueResponse, error) {
			one, two := activityTask("Sleep", 1, time.Minute), activityTask("Sleep", 1, time.Minute)
			for _, a := range []*workflowservice.PollActivityTaskQueueResponse{one, two} {
				a.Priority = &commonpb.Priority{FairnessKey: "tenant"}
			}
			return []*workflowservice.PollActivityTaskQueueResponse{one, two}, nil
		}
		f.start(t, fans(func(o *worker.Options) { o.Parts.ActivitySlots = perTenant }))
		f.fan(t, 2)
		if s := perTenant.KeyStats("Sleep1tenant"); s.Used != 1 || s.Held != 1 {
			t.Errorf("%+v", s)
		}
		pass(2 * time.Minute)
		if got := f.completedTokens(); len(got) != 2 {
			t.Errorf("completed %q", got)
		}
	})
}

// A server that gives more than it was asked for has begun attempts that would time out.
func TestActivitiesThatNobodyAskedForRun(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.eager.gives = giving(6, "Sleep", time.Minute)
		w := f.start(t, fans(func(o *worker.Options) { o.MaxConcurrentActivities = 4 }))
		if n := f.fan(t, 9); n != 2 { // two are with polls
			t.Fatalf("%d activities are asked for", n)
		}
		if s := w.Stats(); s.ActivitySlots.Used != 2 || s.Pollers[2].Handling != 6 {
			t.Errorf("slots %+v, poller %+v", s.ActivitySlots, s.Pollers[2])
		}
		pass(10 * time.Minute) // the polls let go of their slots by and by
		if got := f.completedTokens(); len(got) != 6 {
			t.Errorf("completed %q", got)
		}
		if s := w.Stats().ActivitySlots; s.Used != 0 || s.DoubleReleases > 0 {
			t.Errorf("slots %+v", s)
		}
	})
}

// handedBack checks that these activities were reported as stopped by the worker.
func (f *frontend) handedBack(t *testing.T, want ...string) {
	t.Helper()
	failed, _ := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f)
	var got []string
	for _, req := range failed {
		got = append(got, string(req.GetTaskToken()))
		if info := req.GetFailure().GetApplicationFailureInfo(); info.GetType() != activitytask.WorkerShutdownErrorType ||
			info.GetNonRetryable() {
			t.Errorf("failure %v", req.GetFailure())
		}
	}
	if !sameTokens(got, want) {
		t.Errorf("handed back %q, want %q", got, want)
	}
}

func TestStopEndsEagerActivities(t *testing.T) {
	for _, grace := range []time.Duration{0, 30 * time.Second} {
		in(t, func(t *testing.T, f *frontend) {
			f.eager.gives = giving(-1, "Obey")
			w := f.start(t, fans(func(o *worker.Options) { o.GracefulShutdownTimeout = grace }))
			f.fan(t, 2)
			if took := stop(t, w); took != grace {
				t.Errorf("the stop took %v, want %v", took, grace)
			}
			f.handedBack(t, "Obey1", "Obey2")
			if s := w.Stats().ActivitySlots; s.Issued != 0 {
				t.Errorf("slots %+v", s)
			}
		})
	}
}

// An answer is on its way when the worker is told to stop: what comes back is waited for.
func TestActivitiesThatComeDuringTheStopAreAnswered(t *testing.T) {
	for _, tt := range []struct {
		name        string
		drains      bool
		asks, gives int
		grace       time.Duration
		takes       time.Duration
		back        []string
	}{
		{name: "in time", drains: true, asks: 2, gives: 2, grace: time.Hour, takes: 65 * time.Second},
		{name: "the polls are cut", asks: 2, gives: 2, grace: time.Hour, takes: 65 * time.Second},
		{name: "when all is canceled", asks: 2, gives: 2, takes: 65 * time.Second},
		{name: "fewer", asks: 2, gives: 1, grace: time.Hour, takes: 65 * time.Second},
		{
			name: "one too many", asks: 1, gives: 2, grace: time.Hour, takes: 65 * time.Second,
			back: []string{"Sleep2"},
		},
		{name: "none was asked for", gives: 1, grace: time.Hour, takes: 5 * time.Second, back: []string{"Sleep1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.drains = tt.drains
				f.eager.gives = func(ids []string) ([]*workflowservice.PollActivityTaskQueueResponse, error) {
					if len(ids) != tt.asks {
						t.Errorf("asked for %q", ids)
					}
					time.Sleep(5 * time.Second)
					return giving(tt.gives, "Sleep", time.Minute)(ids)
				}
				w := f.start(t, fans(func(o *worker.Options) { o.GracefulShutdownTimeout = tt.grace }))
				f.workflowTasks <- firstTask("Fan", "run", tt.asks)
				synctest.Wait()
				if took := stop(t, w); took != tt.takes {
					t.Errorf("the stop took %v, want %v", took, tt.takes)
				}
				f.handedBack(t, tt.back...)
				if got := f.completedTokens(); len(got) != tt.gives-len(tt.back) {
					t.Errorf("completed %q", got)
				}
				if s := w.Stats().ActivitySlots; s.Issued != 0 || s.DoubleReleases > 0 {
					t.Errorf("slots %+v", s)
				}
			})
		})
	}
}

func TestNoActivityIsAskedForOnceTheWorkerStops(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := fans(func(o *worker.Options) { o.GracefulShutdownTimeout = time.Minute })
		o.Workflows = []any{Near, Fan}
		o.Activities = append(o.Activities, Nap)
		w := f.worker(t, o)
		late := func(ctx workflow.Context) error { // it schedules when the worker stops already
			if err := Near(ctx, 6); err != nil {
				return err
			}
			return Fan(ctx, 3)
		}
		if err := w.RegisterWorkflowWithOptions(late, workflow.RegisterOptions{Name: "late"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("late", "run")
		pass(5 * time.Second)
		stop(t, w)
		all := f.answers()
		if len(all) != 1 || len(all[0].GetCommands()) != 4 || len(askedFor(all[0])) != 0 {
			t.Errorf("answers %v", all)
		}
	})
}

// Whatever the server gives, and whenever the stop comes, each activity that came is answered
// once and each slot and token comes back.
func TestEagerAccounts(t *testing.T) {
	for seed := range uint64(60) {
		in(t, func(t *testing.T, f *frontend) { eagerRace(t, f, seed) })
	}
}

func eagerRace(t *testing.T, f *frontend, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 5))
	supplier := fixed(t, 5+rnd.IntN(8))
	bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 20, Burst: 6 + rnd.IntN(6)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var given []string
	f.eager.gives = func(ids []string) (tasks []*workflowservice.PollActivityTaskQueueResponse, err error) {
		mu.Lock()
		takes := time.Duration(rnd.IntN(300)) * time.Millisecond
		mu.Unlock()
		time.Sleep(takes)
		mu.Lock()
		defer mu.Unlock()
		if rnd.IntN(5) == 0 {
			return nil, refused(codes.NotFound)
		}
		for range max(0, len(ids)+rnd.IntN(4)-2) {
			one := activityTask("Sleep", len(given), time.Duration(rnd.IntN(900))*time.Millisecond)
			if rnd.IntN(3) == 0 {
				one = activityTask("Obey", len(given))
			}
			given, tasks = append(given, string(one.GetTaskToken())), append(tasks, one)
		}
		return tasks, nil
	}
	w := f.worker(t, fans(func(o *worker.Options) {
		o.Parts.ActivitySlots, o.Parts.ActivityRate = supplier, bucket
		o.MaxEagerActivityReservationsPerWorkflowTask = 1 + rnd.IntN(5)
		o.MaxConcurrentEagerActivityExecutionSize = rnd.IntN(6)
		o.GracefulShutdownTimeout = time.Duration(rnd.IntN(3)) * time.Second
	}))
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 15 {
		mu.Lock()
		n, rest := rnd.IntN(7), time.Duration(rnd.IntN(100))*time.Millisecond
		mu.Unlock()
		f.workflowTasks <- firstTask("Fan", fmt.Sprint(i), n)
		pass(rest)
	}
	stop(t, w)
	failed, _ := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f)
	answered := f.completedTokens()
	for _, req := range failed {
		answered = append(answered, string(req.GetTaskToken()))
	}
	if !sameTokens(answered, slices.Sorted(slices.Values(given))) {
		t.Errorf("seed %d: answered %q of %q", seed, answered, given)
	}
	if s := supplier.Stats(); s.Issued != 0 || s.DoubleReleases != 0 {
		t.Errorf("seed %d: slots %+v", seed, s)
	}
	if s := bucket.Stats(); s.Held != 0 || s.Waiting != 0 {
		t.Errorf("seed %d: tokens %+v", seed, s)
	}
}

// A broken supplier costs its workflow task, and nothing stays reserved.
func TestEagerReservationsOutliveNoPanic(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		under := fixed(t, 100)
		supplier := &moody{Supplier: under}
		w := f.start(t, fans(func(o *worker.Options) { o.Parts.ActivitySlots = supplier }))
		f.workflowTasks <- firstTask("Fan", "run", 3)
		pass(time.Second)
		if s := w.Stats(); s.Pollers[0].Panics != 1 || s.Pollers[2].Expecting != 0 {
			t.Errorf("pollers %+v", s.Pollers)
		}
		if s := under.Stats(); s.Issued != 2 {
			t.Errorf("slots %+v", s)
		}
	})
}

// A moody supplier panics when it is asked for the second time without being willing to wait.
type moody struct {
	slots.Supplier
	asked int
}

func (m *moody) TryReserve(r slots.Request) (slots.Permit, bool) {
	if m.asked++; m.asked == 2 {
		panic(errors.New("not again"))
	}
	if r.TaskType != "Sleep" {
		panic(fmt.Errorf("asked for %+v", r))
	}
	return m.Supplier.TryReserve(r)
}
