package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func newCoordinator(
	t *testing.T, o shutdown.Options, stages ...shutdown.Stage,
) *shutdown.Coordinator {
	t.Helper()
	c, err := shutdown.New(o, stages...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

func add(t *testing.T, c *shutdown.Coordinator, stage, name string, stop func(context.Context) error) {
	t.Helper()
	if err := c.Add(stage, name, stop); err != nil {
		t.Fatalf("Add(%q, %q): %v", stage, name, err)
	}
}

// takes returns a member that stops in d, whatever its context says.
func takes(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

// obeys is a member that goes on until its context ends, and says so.
func obeys(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// member returns what became of one member.
func member(t *testing.T, r shutdown.Report, stage, name string) shutdown.MemberReport {
	t.Helper()
	for _, s := range r.Stages {
		for _, m := range s.Members {
			if s.Name == stage && m.Name == name {
				return m
			}
		}
	}
	t.Fatalf("no %s/%s in the report:\n%v", stage, name, r)
	return shutdown.MemberReport{}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		field   string
		options shutdown.Options
		stages  []shutdown.Stage
	}{
		{"Linger", shutdown.Options{Linger: -1}, nil},
		{"RemindEvery", shutdown.Options{RemindEvery: -1}, nil},
		{"stages[0].Name", shutdown.Options{}, []shutdown.Stage{{}}},
		{"stages[1].Name", shutdown.Options{}, []shutdown.Stage{{Name: "a"}, {Name: "a"}}},
		{"stages[0].Timeout", shutdown.Options{}, []shutdown.Stage{{Name: "a", Timeout: -1}}},
	} {
		_, err := shutdown.New(tt.options, tt.stages...)
		var refused *shutdown.OptionError
		if !errors.As(err, &refused) || refused.Field != tt.field || refused.Fix == "" {
			t.Errorf("got %v, want an OptionError for %s with a fix", err, tt.field)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
	add(t, c, "a", "x", takes(0))
	add(t, c, "b", "x", takes(0)) // the same name in another stage is fine
	for _, tt := range []struct {
		field, stage, name string
		stop               func(context.Context) error
	}{
		{"stage", "c", "x", takes(0)},
		{"name", "a", "", takes(0)},
		{"name", "a", "x", takes(0)},
		{"stop", "a", "y", nil},
	} {
		err := c.Add(tt.stage, tt.name, tt.stop)
		var refused *shutdown.OptionError
		if !errors.As(err, &refused) || refused.Field != tt.field || refused.Fix == "" {
			t.Errorf("Add(%q, %q): got %v, want an OptionError for %s with a fix",
				tt.stage, tt.name, err, tt.field)
		}
	}
	if err := c.Add("c", "x", takes(0)); !strings.Contains(err.Error(), `"a", "b"`) {
		t.Errorf("the error does not name the stages there are: %v", err)
	}
	none := newCoordinator(t, shutdown.Options{})
	if err := none.Add("c", "x", takes(0)); !strings.Contains(err.Error(), "had none") {
		t.Errorf("without stages: %v", err)
	}
}

func TestStagesInOrderMembersTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "polls", Timeout: time.Minute},
			shutdown.Stage{Name: "empty", Timeout: time.Minute},
			shutdown.Stage{Name: "drain"})
		var mu sync.Mutex
		var ended []string
		for _, m := range []struct {
			stage, name string
			takes       time.Duration
		}{
			{"drain", "d3", 3 * time.Second},
			{"polls", "p2", 2 * time.Second},
			{"polls", "p1", time.Second},
			{"drain", "d1", time.Second},
		} {
			add(t, c, m.stage, m.name, func(context.Context) error {
				time.Sleep(m.takes)
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, m.name)
				return nil
			})
		}
		began := time.Now()
		r, err := c.Shutdown(t.Context(), nil)
		if err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if want := []string{"p1", "p2", "d1", "d3"}; !slices.Equal(ended, want) {
			t.Errorf("ended %v, want %v", ended, want)
		}
		if r.Took != 5*time.Second || time.Since(began) != r.Took || !r.Began.Equal(began) {
			t.Errorf("began %v, took %v", r.Began, r.Took)
		}
		if !errors.Is(r.Cause, shutdown.ErrRequested) {
			t.Errorf("cause %v", r.Cause)
		}
		if s := r.Stages[2]; s.Took != 3*time.Second || !s.Began.Equal(began.Add(2*time.Second)) {
			t.Errorf("stage drain: %+v", s)
		}
		if m := member(t, r, "polls", "p1"); m.Outcome != shutdown.Drained || m.Took != time.Second {
			t.Errorf("p1: %+v", m)
		}
		select {
		case <-c.Done():
		default:
			t.Error("Done is open")
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "drain", Timeout: 10 * time.Second},
			shutdown.Stage{Name: "release"})
		add(t, c, "drain", "quick", takes(time.Second))
		add(t, c, "drain", "obeys", obeys)
		add(t, c, "drain", "notices late", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(shutdown.DefaultLinger / 2)
			return nil
		})
		add(t, c, "drain", "ignores", takes(time.Hour))
		add(t, c, "release", "connection", takes(time.Second))

		r, err := c.Shutdown(t.Context(), nil)
		if want := 11*time.Second + shutdown.DefaultLinger; r.Took != want {
			t.Errorf("took %v, want %v", r.Took, want)
		}
		for name, want := range map[string]shutdown.Outcome{
			"quick": shutdown.Drained, "obeys": shutdown.Canceled,
			"notices late": shutdown.Canceled, "ignores": shutdown.Abandoned,
		} {
			if m := member(t, r, "drain", name); m.Outcome != want {
				t.Errorf("%s: %+v, want %s", name, m, want)
			}
		}
		if m := member(t, r, "release", "connection"); m.Outcome != shutdown.Drained {
			t.Errorf("after an abandoned member: %+v", m)
		}
		if m := member(t, r, "drain", "obeys"); !errors.Is(m.Err, context.DeadlineExceeded) ||
			!strings.Contains(m.Err.Error(), `"drain"`) || m.Took != 10*time.Second {
			t.Errorf("obeys: %+v", m)
		}
		var incomplete *shutdown.IncompleteError
		if !errors.As(err, &incomplete) || incomplete.Members != 5 ||
			len(incomplete.Failed) != 0 ||
			!slices.Equal(incomplete.Canceled, []string{"drain/obeys"}) ||
			!slices.Equal(incomplete.Abandoned, []string{"drain/ignores"}) ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error: %v", err)
		}

		time.Sleep(2 * time.Hour) // the abandoned one returns
		after, final := c.Report()
		if m := member(t, after, "drain", "ignores"); m.Outcome != shutdown.Abandoned || !final {
			t.Errorf("a late return changed the report: %+v", m)
		}
	})
}

func TestEveryCallerGetsTheSameReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
		stops := 0
		add(t, c, "a", "x", func(context.Context) error {
			stops++
			time.Sleep(time.Second)
			return errors.New("oops")
		})
		var wg sync.WaitGroup
		reports := make([]string, 10)
		for i := range reports {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 200 * time.Millisecond) // the last ones come after the end
				r, err := c.Shutdown(t.Context(), nil)
				reports[i] = r.String() + err.Error()
				r.Stages[0].Members[0].Name = "scribble" // a copy: nobody else sees it
			})
		}
		wg.Wait()
		if distinct := slices.Compact(slices.Clone(reports)); len(distinct) != 1 {
			t.Errorf("different reports: %q", distinct)
		}
		if stops != 1 {
			t.Errorf("stopped %d times", stops)
		}
	})
}

func TestImpatientCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "drain", Timeout: time.Hour},
			shutdown.Stage{Name: "release", Timeout: time.Hour})
		add(t, c, "drain", "obeys", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			return context.Cause(ctx)
		})
		add(t, c, "drain", "ignores", takes(2*time.Hour))
		add(t, c, "release", "takes its time", takes(time.Minute))

		lastStraw := errors.New("killed in 5s")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, lastStraw)
		defer cancel()
		began := time.Now()
		r, err := c.Shutdown(ctx, nil)
		if took := time.Since(began); took != time.Second {
			t.Errorf("the caller was kept for %v, want 1s", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, lastStraw) ||
			!strings.Contains(err.Error(), `"drain"`) {
			t.Errorf("error %v", err)
		}
		if m := member(t, r, "drain", "ignores"); m.Outcome != shutdown.Pending {
			t.Errorf("report so far: %+v", m)
		}
		if !strings.Contains(r.String(), "still stopping: ignores") {
			t.Errorf("report so far:\n%v", r)
		}

		<-c.Done()
		r, _ = c.Report()
		if want := time.Second + shutdown.DefaultLinger + time.Minute; r.Took != want {
			t.Errorf("took %v, want %v: the first stage cut, the second in full", r.Took, want)
		}
		if !errors.Is(r.Stages[0].Cut, lastStraw) || r.Stages[1].Cut != nil {
			t.Errorf("cut: %v, %v", r.Stages[0].Cut, r.Stages[1].Cut)
		}
		m := member(t, r, "drain", "obeys")
		if m.Outcome != shutdown.Canceled || !errors.Is(m.Err, lastStraw) || m.Took != time.Second+50*time.Millisecond {
			t.Errorf("obeys: %+v", m)
		}
		time.Sleep(2 * time.Hour)
	})
}

// A second caller that leaves cuts the stage that is in progress then: the whole takes no longer than
// those who wait have patience, and a member that ignores everything is abandoned.
func TestSecondImpatientCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
		for _, stage := range []string{"a", "b"} {
			add(t, c, stage, "obeys", obeys)
			add(t, c, stage, "ignores", takes(time.Hour))
		}
		for _, patience := range []time.Duration{time.Second, 2 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			go func() { _, _ = c.Shutdown(ctx, nil) }()
		}
		<-c.Done()
		r, _ := c.Report()
		if want := 2*time.Second + shutdown.DefaultLinger; r.Took != want {
			t.Errorf("took %v, want %v", r.Took, want)
		}
		for _, s := range r.Stages {
			if s.Cut == nil || s.Members[0].Outcome != shutdown.Canceled ||
				s.Members[1].Outcome != shutdown.Abandoned {
				t.Errorf("%+v", s)
			}
		}
		time.Sleep(2 * time.Hour)
	})
}

// A context that has ended already starts the shutdown and takes away the first stage's time.
func TestShutdownWithEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "none"}, shutdown.Stage{Name: "drain"}, shutdown.Stage{Name: "release"})
		add(t, c, "drain", "obeys", obeys)
		add(t, c, "release", "connection", takes(time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Shutdown(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		r, err := c.Shutdown(t.Context(), nil)
		if r.Took != time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("took %v, error %v", r.Took, err)
		}
		// Whoever comes after the end gets the report, ended context or not.
		for range 20 {
			if again, err := c.Shutdown(ctx, nil); again.String() != r.String() || err == nil {
				t.Fatalf("after the end: %v\n%v", err, again)
			}
		}
	})
}

func TestContextCarriesValuesButNotTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
		add(t, c, "a", "x", func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); ok || ctx.Value(key{}) != "trace" {
				t.Errorf("deadline %t, value %v", ok, ctx.Value(key{}))
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "trace"), time.Hour)
		defer cancel()
		if _, err := c.Shutdown(ctx, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestAddDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"}, shutdown.Stage{Name: "b"})
		add(t, c, "a", "x", func(context.Context) error {
			if err := c.Add("a", "late", takes(0)); !errors.Is(err, shutdown.ErrStageBegun) {
				t.Errorf("Add to a stage that has begun: %v", err)
			}
			return c.Add("b", "in time", takes(time.Second))
		})
		r, err := c.Shutdown(t.Context(), nil)
		if err != nil || member(t, r, "b", "in time").Outcome != shutdown.Drained {
			t.Errorf("%v\n%v", err, r)
		}
		if err := c.Add("b", "too late", takes(0)); !errors.Is(err, shutdown.ErrStageBegun) {
			t.Errorf("Add after the end: %v", err)
		}
	})
}

func TestNothingToStop(t *testing.T) {
	for _, stages := range [][]shutdown.Stage{nil, {{Name: "a"}, {Name: "b", Timeout: time.Hour}}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCoordinator(t, shutdown.Options{}, stages...)
			r, err := c.Shutdown(t.Context(), nil)
			if err != nil || r.Took != 0 || len(r.Stages) != len(stages) {
				t.Errorf("%v\n%v", err, r)
			}
		})
	}
}

func TestFatal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
		add(t, c, "a", "x", takes(time.Second))
		c.Fatal(nil)
		select {
		case <-c.Triggered():
			t.Fatal("Fatal(nil) triggered")
		default:
		}
		if c.Cause() != nil {
			t.Errorf("cause %v", c.Cause())
		}
		first := errors.New("first")
		c.Fatal(first)
		<-c.Triggered()
		for range 20 {
			c.Fatal(errors.New("more"))
		}
		time.Sleep(time.Minute)
		if r, final := c.Report(); final || !r.Began.IsZero() {
			t.Errorf("Fatal started the shutdown:\n%v", r)
		}
		// The cause handed back, as such or wrapped, is not another error.
		go func() { _, _ = c.Shutdown(t.Context(), c.Cause()) }()
		r, _ := c.Shutdown(t.Context(), fmt.Errorf("worker: %w", c.Cause()))
		if !errors.Is(r.Cause, first) || len(r.Fatals) != 16 || r.FatalsOmitted != 4 {
			t.Errorf("cause %v, %d fatals, %d omitted", r.Cause, len(r.Fatals), r.FatalsOmitted)
		}
		c.Fatal(errors.New("after the end"))
		if r, _ := c.Report(); r.FatalsOmitted != 4 {
			t.Errorf("the final report changed: %d omitted", r.FatalsOmitted)
		}
	})
}

func TestShutdownCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a"})
		add(t, c, "a", "x", takes(time.Second))
		first, second := errors.New("first"), errors.New("second")
		go func() { _, _ = c.Shutdown(t.Context(), first) }()
		synctest.Wait()
		<-c.Triggered()
		r, err := c.Shutdown(t.Context(), second)
		if err != nil || !errors.Is(r.Cause, first) || len(r.Fatals) != 1 || !errors.Is(r.Fatals[0], second) {
			t.Errorf("cause %v, fatals %v", r.Cause, r.Fatals)
		}
	})
}

// A coordinator is a member of another one: the outer deadline hurries the inner stage.
func TestNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "drain", Timeout: time.Hour})
		add(t, inner, "drain", "obeys", obeys)
		outer := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "workers", Timeout: time.Second})
		add(t, outer, "workers", "inner", func(ctx context.Context) error {
			_, err := inner.Shutdown(ctx, outer.Cause())
			return err
		})
		r, err := outer.Shutdown(t.Context(), nil)
		if r.Took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v\n%v", err, r)
		}
		<-inner.Done()
		if r, _ := inner.Report(); r.Took != time.Second || !errors.Is(r.Cause, shutdown.ErrRequested) {
			t.Errorf("inner:\n%v", r)
		}
	})
}
