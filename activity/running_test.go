package activity_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

func TestRunningNamesTheOldestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r activity.Running
		a := &activity.Info{
			ActivityType: activity.Type{Name: "Resize"}, ActivityID: "7", Attempt: 2,
			WorkflowExecution: activity.WorkflowExecution{ID: "order", RunID: "run"},
		}
		b := &activity.Info{ActivityType: activity.Type{Name: "Alone"}, ActivityID: "x", Attempt: 1}
		c := &activity.Info{
			ActivityType: activity.Type{Name: "Check"}, ActivityID: "1", Attempt: 1, IsLocalActivity: true,
			WorkflowExecution: activity.WorkflowExecution{ID: "order", RunID: "run"},
		}
		r.Begin(b, time.Now().Add(time.Second))
		r.Begin(a, time.Now())
		r.Begin(c, time.Now().Add(time.Second))
		time.Sleep(1500 * time.Millisecond)
		want := []string{
			`activity Resize (id 7, attempt 2) of workflow "order" (run run), since 2000-01-01T00:00:00Z, 1.5s ago`,
			`local activity Check (id 1, attempt 1) of workflow "order" (run run), since 2000-01-01T00:00:01Z, 500ms ago`,
			`activity Alone (id x, attempt 1), since 2000-01-01T00:00:01Z, 500ms ago`,
		}
		if got := r.Lines(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		r.End(a)
		r.End(c)
		if left := r.List(); len(left) != 1 || left[0].Info.ActivityID != "x" {
			t.Errorf("left %+v", left)
		}
		r.End(b)
		r.End(b)
		if left := r.Lines(); len(left) != 0 {
			t.Errorf("left %q", left)
		}
	})
}

func TestRunningThatKeepsNothing(t *testing.T) {
	var r *activity.Running
	r.Begin(&activity.Info{}, time.Now())
	r.End(&activity.Info{})
	if got := r.Lines(); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestRunningAtOnce(t *testing.T) {
	var r activity.Running
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				info := &activity.Info{}
				r.Begin(info, time.Now())
				r.List()
				r.End(info)
			}
		})
	}
	all.Wait()
	if left := r.List(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// To know who runs is free of garbage: every activity pays for it.
func TestRunningAllocatesNothing(t *testing.T) {
	var r activity.Running
	infos := make([]activity.Info, 100)
	if n := testing.AllocsPerRun(100, func() {
		for i := range infos {
			r.Begin(&infos[i], time.Time{})
		}
		for i := range infos {
			r.End(&infos[i])
		}
	}); n > 0 {
		t.Errorf("%v allocations for 100 attempts", n)
	}
}

func BenchmarkRunning(b *testing.B) {
	var r activity.Running
	infos := make([]activity.Info, 1000)
	for i := range infos {
		r.Begin(&infos[i], time.Time{})
	}
	var info activity.Info
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(&info, time.Time{})
		r.End(&info)
	}
}
