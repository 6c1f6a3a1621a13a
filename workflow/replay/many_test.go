package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.json", record(t, 3))
	deep := write(t, dir, "deep/b.json", record(t, 2))
	write(t, dir, "deep/notes.txt", record(t, 1))
	single := write(t, t.TempDir(), "single.history", record(t, 1))
	empty, none := t.TempDir(), filepath.Join(dir, "none.json")

	var got []string
	for s := range replay.Files(single, dir, empty, none) {
		h, err := s.Load(t.Context())
		got = append(got, fmt.Sprintf("%s %d %t", s.Name, len(h.GetEvents()), err == nil))
	}
	want := []string{
		single + " 7 true", a + " 16 true", deep + " 12 true", empty + " 0 false", none + " 0 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for range replay.Files(dir, single) {
		break // who stops asking gets no more, and no panic
	}
}

func TestReport(t *testing.T) {
	dir := t.TempDir()
	same := write(t, dir, "a.json", record(t, 3))
	other := write(t, dir, "b.json", record(t, 3))
	broken := filepath.Join(dir, "c.json")
	if err := os.WriteFile(broken, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := replayerOf(t, Order)
	differing := replayerOf(t, Reversed)
	var results []replay.Result
	var done []int
	keep := func(p replay.Progress) { results, done = append(results, p.Result), append(done, p.Done) }
	report, err := r.ReplayAll(t.Context(), replay.Files(same, broken), replay.AllOptions{Parallel: 1, Progress: keep})
	if err != nil {
		t.Fatal(err)
	}
	more, err := differing.ReplayAll(t.Context(), replay.Files(other), replay.AllOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(done, []int{1, 2}) || len(results) != 2 {
		t.Errorf("progress was told of %v", done)
	}
	report.Results = append(report.Results, more.Results...)
	if report.Count(replay.Same) != 1 || report.Count(replay.Differs) != 1 || report.Count(replay.NotReplayed) != 1 {
		t.Errorf("counts are wrong: %v", report)
	}
	first := report.Results[0]
	if first.Source != same || first.Events != 16 || first.Tasks != 3 || first.WorkflowType != "Order" ||
		first.Execution.ID != "ReplayId" || first.Err != nil {
		t.Errorf("got %+v", first)
	}
	text := report.String()
	for _, want := range []string{
		"not replayed  " + broken + "\n", "no events",
		"differs       " + other + "  Order, 16 events, 0 tasks", "TMPRL1100",
		"3 histories, 32 events in ", ": 1 same, 1 differ, 1 not replayed\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	if strings.Contains(text, same) {
		t.Errorf("what is the same is in the report:\n%s", text)
	}
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("the report's error is %v", err)
	}
	if line := first.String(); !strings.HasPrefix(line, "same          "+same+"  Order, 16 events, 3 tasks, ") {
		t.Errorf("got %q", line)
	}
}

// slow histories take a second to load.
func slow(n int, at *[]time.Duration, began time.Time) func(yield func(replay.Source) bool) {
	return func(yield func(replay.Source) bool) {
		for i := range n {
			if !yield(replay.Source{Name: fmt.Sprint(i), Load: func(ctx context.Context) (*historypb.History, error) {
				*at = append(*at, time.Since(began))
				select {
				case <-time.After(time.Second):
					return nil, errors.New("gone")
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}}) {
				return
			}
		}
	}
}

func TestParallelIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		report, err := replayerOf(t, Order).ReplayAll(t.Context(), slow(10, &at, time.Now()), replay.AllOptions{Parallel: 1})
		if err != nil || len(report.Results) != 10 || report.Took != 10*time.Second {
			t.Errorf("got %d results after %v, %v", len(report.Results), report.Took, err)
		}
		for i, r := range report.Results {
			if r.Source != fmt.Sprint(i) || at[i] != time.Duration(i)*time.Second {
				t.Errorf("result %d is %s, loaded after %v", i, r.Source, at[i])
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var sources []replay.Source
		for range 10 {
			sources = append(sources, replay.Source{Load: func(context.Context) (*historypb.History, error) {
				time.Sleep(time.Second) // of the bubble
				return nil, errors.New("gone")
			}})
		}
		_, err := replayerOf(t, Order).ReplayAll(t.Context(), slices.Values(sources), replay.AllOptions{Parallel: 5})
		if took := time.Since(began); err != nil || took != 2*time.Second {
			t.Errorf("ten of a second each took %v with five at once, %v", took, err)
		}
	})
}

func TestAllStopsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var at []time.Duration
		report, err := replayerOf(t, Order).ReplayAll(ctx, slow(10, &at, time.Now()), replay.AllOptions{Parallel: 1})
		if !errors.Is(err, context.DeadlineExceeded) || len(report.Results) != 2 {
			t.Fatalf("got %d results and %v", len(report.Results), err)
		}
		if last := report.Results[1]; !errors.Is(last.Err, context.DeadlineExceeded) || last.Outcome != replay.NotReplayed {
			t.Errorf("what was under way ended with %v", last)
		}
	})
	if _, err := replayerOf(t, Order).ReplayAll(t.Context(), replay.Files(), replay.AllOptions{Parallel: -1}); err == nil {
		t.Error("minus one at once is fine")
	}
}

// pages is a service whose histories come in small pages.
type pages struct {
	history *historypb.History
	size    int
	asked   []string
}

func (p *pages) HistoryPage(
	_ context.Context, namespace string, run *commonpb.WorkflowExecution, token []byte,
) ([]*historypb.HistoryEvent, []byte, error) {
	p.asked = append(p.asked, namespace+" "+run.GetWorkflowId()+" "+run.GetRunId()+" "+string(token))
	if run.GetWorkflowId() == "none" {
		return nil, nil, errors.New("no such workflow")
	}
	n := 0
	if token != nil {
		_, _ = fmt.Sscan(string(token), &n)
	}
	end := min(n+p.size, len(p.history.Events))
	if end == len(p.history.Events) {
		return p.history.Events[n:], nil, nil
	}
	return p.history.Events[n:end], fmt.Append(nil, end), nil
}

func TestFromService(t *testing.T) {
	p := &pages{history: protoOf(record(t, 3)), size: 6}
	var seen *workflow.Info
	r := replayerOf(t, func(ctx workflow.Context, id string) (string, error) {
		seen = workflow.GetInfo(ctx)
		return Order(ctx, id)
	})
	e := workflow.Execution{ID: "order-7", RunID: "run"}
	if err := r.ReplayWorkflowExecution(t.Context(), p, nil, "shop", e); err != nil {
		t.Fatal(err)
	}
	if want := []string{"shop order-7 run ", "shop order-7 run 6", "shop order-7 run 12"}; !slices.Equal(p.asked, want) {
		t.Errorf("asked for %q, want %q", p.asked, want)
	}
	if seen.Namespace != "shop" || seen.WorkflowExecution != e {
		t.Errorf("the workflow saw %q and %v", seen.Namespace, seen.WorkflowExecution)
	}
	for id, want := range map[string]string{"none": "no such workflow", "": "the workflow id of the history to fetch is empty"} {
		err := r.ReplayWorkflowExecution(t.Context(), p, nil, "shop", workflow.Execution{ID: id})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("id %q: got %v, want %q", id, err, want)
		}
	}
}

// The replayer is safe for concurrent use.
func TestManyAtOnce(t *testing.T) {
	h := protoOf(record(t, 3))
	var sources []replay.Source
	for range 200 {
		sources = append(sources, replay.Source{
			Load: func(context.Context) (*historypb.History, error) { return h, nil },
		})
	}
	report, err := replayerOf(t, Order).ReplayAll(t.Context(), slices.Values(sources), replay.AllOptions{Parallel: 20})
	if err != nil || report.Count(replay.Same) != 200 {
		t.Errorf("%v, %v", report, err)
	}
}
