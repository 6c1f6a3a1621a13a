package runnertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Cuts checks that a run does the same however it came to where it is. It takes
// a recorded history, cuts it at its workflow tasks, and takes runs through it
// in every way in which workers might have: rebuilt from its beginning at any of
// the tasks and kept in memory from there on, with histories that come in pages
// of all sizes, some of them empty. What the code does must be proto-equal to
// what it does in a plain replay, which must fit history.
//
// A task is given to a run as one that is live, unless it recorded markers or
// used flags for the first time in a way that this release would not: what a
// live task would record is not what history has. Such a task is replayed by
// the run that is kept.
type Cuts struct {
	// Runner runs the workflow; it knows its type.
	Runner runner.Runner
	// Seed decides on pages and samples: the same seed does the same.
	Seed uint64
	// MaxCuts bounds at how many tasks a run is rebuilt; default: 50. Of a longer
	// history a sample is taken, with the first and the last task.
	MaxCuts int
	// ReplayOnly takes no task for a live one, which leaves pages to be checked.
	// It is for histories of code or releases that no longer do the same live,
	// such as code from before a version was introduced.
	ReplayOnly bool
}

// Coverage says what Cuts has checked.
type Coverage struct {
	// Tasks of the history that were completed.
	Tasks int
	// Pagings is in how many divisions into pages it was replayed as a whole.
	Pagings int
	// Rebuilt is at how many tasks a run was rebuilt.
	Rebuilt int
	// Live is how many tasks were given to runs as live, and Replayed how many
	// the kept runs replayed because they could not be.
	Live, Replayed int
	// Foreign is how many kept runs were given up, because a live task used other
	// flags than history has.
	Foreign int
}

// Add adds what another history was checked with.
func (c *Coverage) Add(o Coverage) {
	c.Tasks += o.Tasks
	c.Pagings += o.Pagings
	c.Rebuilt += o.Rebuilt
	c.Live += o.Live
	c.Replayed += o.Replayed
	c.Foreign += o.Foreign
}

// Check checks one history. The error says at which cut, in which task and how
// the code did something else.
func (c Cuts) Check(ctx context.Context, h *historypb.History) (Coverage, error) {
	c.MaxCuts = cmp.Or(c.MaxCuts, 50)
	s, err := c.study(ctx, h.GetEvents())
	if err != nil {
		return Coverage{}, fmt.Errorf("a plain replay: %w", err)
	}
	cover := Coverage{Tasks: len(s.tasks)}
	for _, size := range s.pageSizes() {
		if err := s.paged(ctx, size); err != nil {
			return cover, fmt.Errorf("a replay in pages of %s: %w", size, err)
		}
		cover.Pagings++
	}
	if c.ReplayOnly {
		return cover, nil
	}
	for _, first := range s.sample(c.MaxCuts) {
		if err := s.from(ctx, first, &cover); err != nil {
			return cover, fmt.Errorf("rebuilt at the task of event %d and kept from there on: %w",
				s.tasks[first].started, err)
		}
		cover.Rebuilt++
	}
	return cover, nil
}

// A study is a history with what code does in each of its tasks.
type study struct {
	runner  runner.Runner
	details runner.Details
	events  []*historypb.HistoryEvent
	tasks   []*recorded
	rand    *rand.Rand
}

var errNoTask = errors.New("history has no completed workflow task")

// study replays the history once, in one page.
func (c Cuts) study(ctx context.Context, events []*historypb.HistoryEvent) (*study, error) {
	if len(events) == 0 {
		return nil, errNoTask
	}
	started := events[0].GetWorkflowExecutionStartedEventAttributes()
	s := &study{
		runner: c.Runner,
		details: runner.Details{
			Namespace:    "ReplayNamespace",
			WorkflowID:   cmp.Or(started.GetWorkflowId(), "ReplayId"),
			RunID:        started.GetOriginalExecutionRunId(),
			WorkflowType: started.GetWorkflowType().GetName(),
		},
		tasks: tasksOf(events),
		rand:  rand.New(rand.NewPCG(c.Seed, uint64(len(events)))), //nolint:gosec // to be the same again
	}
	if len(s.tasks) == 0 {
		return nil, errNoTask
	}
	s.events = events
	r, err := s.run()
	if err != nil {
		return nil, err
	}
	defer r.close()
	last := s.tasks[len(s.tasks)-1]
	if err := r.replay(ctx, last, [][]*historypb.HistoryEvent{events}); err != nil {
		return nil, err
	}
	for _, t := range s.tasks {
		if r.did[t.started] == nil && !r.closed {
			return nil, fmt.Errorf("the task of event %d was not replayed", t.started)
		}
		t.did = r.did[t.started]
	}
	return s, nil
}

// from rebuilds a run at a task and keeps it to the end.
func (s *study) from(ctx context.Context, first int, cover *Coverage) error {
	r, err := s.run()
	if err != nil {
		return err
	}
	defer r.close()
	handled := int64(0)
	for _, t := range s.tasks[first:] {
		if t.did == nil {
			return nil // the code had ended
		}
		if t.recordsMarkers {
			cover.Replayed++ // with the next one that can be live
			continue
		}
		err := r.live(ctx, t, s.divide(s.events[handled:t.started]))
		if errors.Is(err, errForeign) {
			cover.Foreign++
			return nil // what this run does now is not what history goes on from
		}
		if err != nil {
			return fmt.Errorf("task of event %d, live: %w", t.started, err)
		}
		if err := s.same(r); err != nil {
			return err
		}
		handled = t.started
		cover.Live++
	}
	return nil
}

// same compares what a run has done with what it should have.
func (s *study) same(r *run) error {
	for _, t := range s.tasks {
		got := r.did[t.started]
		if got == nil {
			continue
		}
		if d := t.did.diff(got); d != "" {
			return fmt.Errorf("task of event %d: -replayed +now\n%s", t.started, d)
		}
	}
	clear(r.did)
	return nil
}

// paged replays the whole history in pages.
func (s *study) paged(ctx context.Context, size pageSize) error {
	r, err := s.run()
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.replay(ctx, s.tasks[len(s.tasks)-1], size.pages(s.events, s.rand)); err != nil {
		return err
	}
	for _, t := range s.tasks {
		if t.did != nil && r.did[t.started] == nil {
			return fmt.Errorf("the task of event %d was not replayed", t.started)
		}
	}
	return s.same(r)
}

// sample are the tasks at which runs are rebuilt.
func (s *study) sample(most int) []int {
	all := s.rand.Perm(len(s.tasks))
	if len(all) > most {
		ends := []int{0, len(s.tasks) - 1}
		all = append(ends, slices.DeleteFunc(all, func(n int) bool { return slices.Contains(ends, n) })...)
		all = all[:max(most, len(ends))]
	}
	slices.Sort(all)
	return all
}

// TestHistories checks all histories beneath a directory, in files that end in
// .json, each as a subtest, with the Cuts that mk makes for the file's path. It
// returns what was covered.
func TestHistories(t *testing.T, dir string, mk func(t *testing.T, path string) Cuts) Coverage {
	t.Helper()
	var all Coverage
	for s := range replay.Files(dir) {
		t.Run(strings.TrimPrefix(s.Name, dir), func(t *testing.T) {
			h, err := s.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			cover, err := mk(t, s.Name).Check(t.Context(), h)
			if err != nil {
				t.Error(err)
			}
			all.Add(cover)
		})
	}
	return all
}
