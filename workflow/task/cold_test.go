package task_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/mainspring-go/mainspring/workflow"
)

// temperatures writes down what it is told.
type temperatures struct{ log *[]string }

func (r temperatures) Cold() { r.add("cold") }
func (r temperatures) Warm() { r.add("warm") }

func (r temperatures) add(s string) {
	if n := len(*r.log); n == 0 || (*r.log)[n-1] != s {
		*r.log = append(*r.log, s)
	}
}

// A task is cold while its run is rebuilt, and only then.
func TestColdTasks(t *testing.T) {
	var log []string
	b := newBench(t, func(ctx workflow.Context) (string, error) {
		log = append(log, "runs")
		return counting(ctx)
	})
	b.progress = temperatures{&log}
	for i, c := range []struct {
		name string
		poll func(...func(*polled)) *polled
		want []string
	}{
		{"the first task", b.full, []string{"warm", "runs", "warm"}},
		{"a cached run", b.sticky, []string{"warm"}},
		{"all of history", b.full, []string{"cold", "runs", "warm"}},
		{"a run that is not there", func(edits ...func(*polled)) *polled {
			b.close()
			b.pages = b.paged(7)
			return b.sticky(edits...)
		}, []string{"cold", "runs", "warm"}},
	} {
		log = nil
		b.Signal("s", c.name)
		b.Task()
		b.does(t, c.poll(), fmt.Sprintf("StartTimer %d 1m0s", 6+5*i))
		if diff := cmp.Diff(c.want, log); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}

	log = nil
	b.close()
	b.pages = func(*pageAsk) (*page, error) { return nil, serviceerror.NewUnavailable("no history") }
	b.Signal("s", "x")
	b.Task()
	if err := b.handle(t, b.sticky()); err == nil {
		t.Error("no error without a history")
	}
	if diff := cmp.Diff([]string{"cold", "warm"}, log); diff != "" {
		t.Errorf("a history that cannot be had: -want +got\n%s", diff)
	}
}

// Caches bounded by bytes go by what the server says of the history.
func TestWeightOfARun(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "one")
	b.Task()
	b.Events[len(b.Events)-1].GetWorkflowTaskStartedEventAttributes().HistorySizeBytes = 1 << 20
	if err := b.handler.Handle(t.Context(), b.full()); err != nil {
		t.Fatal(err)
	}
	if got := b.runs["run"].Weight(); got < 1<<20 || got > 1<<20+64<<10 {
		t.Errorf("a run with a history of 1 MiB weighs %d", got)
	}
}
