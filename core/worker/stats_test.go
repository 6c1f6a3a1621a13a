package worker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/poller"
)

func TestStats(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := both()
		o.Activities = append(o.Activities, Sleep)
		w := f.worker(t, o)
		if s := w.Stats(); len(s.Pollers) != 0 || s.WorkflowTasks != 0 {
			t.Errorf("before the start: %+v", s)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Await", "run") // is cached
		pass(time.Second)
		f.stickyTasks <- signaledTask("run")     // finds it there
		f.stickyTasks <- signaledTask("run 2")   // is fetched
		f.workflowTasks <- firstTask("Bad", "3") // has no workflow
		f.activityTasks <- activityTask("Echo", 1, "x")
		f.activityTasks <- activityTask("Fail", 2)
		f.activityTasks <- activityTask("Sleep", 3, time.Hour)
		pass(time.Second)
		s := w.Stats()
		for name, c := range map[string][2]uint64{
			"WorkflowTasks":       {s.WorkflowTasks, 4},
			"WorkflowTasksFailed": {s.WorkflowTasksFailed, 1},
			"StickyHits":          {s.StickyHits, 1},
			"StickyMisses":        {s.StickyMisses, 1},
			"Activities":          {s.Activities, 2},
			"ActivitiesFailed":    {s.ActivitiesFailed, 1},
		} {
			if c[0] != c[1] {
				t.Errorf("%s is %d, want %d", name, c[0], c[1])
			}
		}
		if s.ActivitySlots.Used != 1 || s.ActivitySlots.Issued != 6 { // five are with polls
			t.Errorf("activity slots %+v", s.ActivitySlots)
		}
		if s.WorkflowSlots.Used != 0 || s.WorkflowSlots.Issued != 5 {
			t.Errorf("workflow slots %+v", s.WorkflowSlots)
		}
		if s.Cache.Entries != 0 || s.Cache.Pinned != 0 { // all runs have ended
			t.Errorf("cache %+v", s.Cache)
		}
		for i, want := range []struct {
			name  string
			polls int
			tasks uint64
		}{{"workflow task", 1, 2}, {"sticky workflow task", 4, 2}, {"activity task", 5, 3}} {
			p := s.Pollers[i]
			if p.Name != want.name || p.InFlight != want.polls || p.Tasks != want.tasks ||
				p.State != poller.StateRunning {
				t.Errorf("poller %+v", p)
			}
		}
		pass(time.Hour)
		stop(t, w)
		s = w.Stats()
		if s.Activities != 3 || s.WorkflowSlots.Issued+s.ActivitySlots.Issued != 0 {
			t.Errorf("after the end: %+v", s)
		}
		for _, p := range s.Pollers {
			if p.State != poller.StateStopped {
				t.Errorf("poller %+v", p)
			}
		}
	})
}

// Who looks into Stats can tell a worker that polls in vain from one that has nothing to do.
func TestLiveness(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Echo}})
		check := func() error { return w.Stats().Pollers[0].Check(time.Now(), 3*time.Minute) }
		pass(time.Hour)
		if err := check(); err != nil {
			t.Errorf("idle: %v", err)
		}
		breakPolls(f, activities, codes.Unavailable)
		pass(10 * time.Minute)
		if check() == nil {
			t.Error("polls fail for minutes and nobody can tell")
		}
	})
}

// An answer that the server does not take is worth a line; one that came too late is not.
func TestAnswersThatAreNotTaken(t *testing.T) {
	for code, logged := range map[codes.Code]bool{codes.PermissionDenied: true, codes.NotFound: false} {
		in(t, func(t *testing.T, f *frontend) {
			f.complete = func(*workflowservice.RespondWorkflowTaskCompletedRequest) error { return refused(code) }
			o, logs := both(), new(logbook)
			o.Logger = logs.logger()
			w := f.start(t, o)
			f.workflowTasks <- firstTask("Await", "run")
			pass(time.Second)
			if got := logs.has("was not taken"); got != logged {
				t.Errorf("%v: logged %v: %s", code, got, &logs.text)
			}
			if n := w.Stats().Cache.Entries; n != 0 {
				t.Errorf("%v: the run is cached although history lacks what it did", code)
			}
		})
	}
}

// A curious handler asks the worker at each line that it logs.
type curious struct {
	slog.Handler
	ask func()
}

func (c curious) Handle(ctx context.Context, r slog.Record) error {
	c.ask()
	return c.Handler.Handle(ctx, r)
}

func (c curious) WithAttrs(a []slog.Attr) slog.Handler {
	return curious{c.Handler.WithAttrs(a), c.ask}
}

// Whoever the worker calls may ask the worker anything.
func TestStatsFromAnywhere(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o, logs := both(), new(logbook)
		var w *worker.Worker
		ask := func() { _, _ = w.Report(); _ = w.Stats() }
		o.Logger = slog.New(curious{logs.logger().Handler(), ask})
		o.OnFatalError = func(context.Context, error) { ask() }
		breakPolls(f, activities, codes.NotFound)
		w = f.worker(t, o)
		if err := w.Run(t.Context()); err == nil || !logs.has("after a fatal error") {
			t.Errorf("Run: %v, log: %s", err, &logs.text)
		}
	})
}
