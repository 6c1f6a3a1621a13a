package poller_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// A move is one event for a scaler and the target it should give.
type move struct {
	at   time.Duration
	e    poller.Event
	want int
}

func task() poller.Event {
	return poller.Event{Kind: poller.Polled, Outcome: poller.GotTask}
}

func hint(delta int) poller.Event {
	e := task()
	e.Feedback = poller.Feedback{HasDecision: true, Delta: delta}
	return e
}

func nothing() poller.Event {
	e := poller.Event{Kind: poller.Polled, Outcome: poller.GotNothing}
	e.Feedback.Empty = true
	return e
}

func nothingBut(delta int) poller.Event {
	e := nothing()
	e.Feedback.HasDecision, e.Feedback.Delta = true, delta
	return e
}

func failure(c poller.Class) poller.Event {
	return poller.Event{Kind: poller.Polled, Outcome: poller.Failed, Class: c}
}

func waiting(e poller.Event) poller.Event {
	e.Admitting = 1
	return e
}

func TestAuto(t *testing.T) {
	tick := poller.Event{Kind: poller.Ticked}
	server := poller.AutoOptions{ServerDecides: true}
	for _, c := range []struct {
		name  string
		opts  poller.AutoOptions
		moves []move
	}{
		{"starts with five", poller.AutoOptions{}, []move{{0, tick, 5}}},
		{"starts within its bounds", poller.AutoOptions{Min: 7}, []move{{0, tick, 7}}},
		{"starts below its maximum", poller.AutoOptions{Max: 3}, []move{{0, tick, 3}}},
		{"follows suggestions", poller.AutoOptions{}, []move{
			{0, hint(2), 7}, {0, hint(-3), 4}, {0, hint(0), 4}, {0, task(), 4},
		}},
		{"keeps its bounds", poller.AutoOptions{Min: 2, Initial: 4, Max: 8}, []move{
			{0, hint(3), 7}, {0, hint(3), 8}, {0, hint(-7), 2}, {0, hint(-1 << 62), 2}, {0, hint(1 << 62), 8},
		}},
		{"works as Local does before the first suggestion", poller.AutoOptions{}, []move{
			{0, nothing(), 5},
			{0, failure(poller.Retry), 5},
			{0, failure(poller.Throttled), 2},
			{0, failure(poller.Throttled), 2},
			{500 * ms, failure(poller.Throttled), 2},
			{1000 * ms, failure(poller.Throttled), 1},
		}},
		{"goes on from there with the first suggestion", poller.AutoOptions{Initial: 40}, []move{
			{0, failure(poller.Throttled), 20},
			{0, hint(2), 22},
			{0, nothing(), 21},
			{0, failure(poller.Throttled), 10},
			{0, failure(poller.Throttled), 5},
		}},
		{"sinks after a suggestion was seen", poller.AutoOptions{Initial: 20}, []move{
			{0, hint(0), 20},
			{0, nothing(), 19},
			{0, failure(poller.Retry), 18},
			{0, failure(poller.Throttled), 9},
			{0, failure(poller.Fatal), 8},
			{0, task(), 8},
		}},
		{"sinks at once if told that suggestions come", server, []move{
			{0, nothing(), 4}, {0, failure(poller.Throttled), 2}, {0, nothing(), 1}, {0, nothing(), 1},
		}},
		{"a suggestion on an empty poll replaces the rule", server, []move{
			{0, nothingBut(0), 5}, {0, nothingBut(1), 6}, {0, nothingBut(-2), 4},
		}},
		{"does not grow while tickets are short", poller.AutoOptions{}, []move{
			{0, waiting(hint(1)), 5}, {0, waiting(hint(-1)), 4}, {0, hint(1), 5},
		}},
		{"does not grow when more polls bring no more", poller.AutoOptions{}, []move{
			{0, task(), 5},
			{10 * ms, task(), 5},
			{110 * ms, task(), 5}, // a window of two tasks after one of none: may grow
			{120 * ms, hint(1), 6},
			{130 * ms, task(), 6},
			{210 * ms, hint(1), 7}, // three after two
			{310 * ms, hint(1), 7}, // one after three: must not
			{315 * ms, hint(-1), 6},
			{320 * ms, hint(1), 6},
			{410 * ms, hint(1), 7}, // three after one
		}},
		{"growing by a tenth is enough", poller.AutoOptions{}, []move{
			{0, task(), 5},
			{1 * ms, task(), 5}, // two
			{100 * ms, task(), 5},
			{101 * ms, task(), 5},
			{200 * ms, hint(1), 6}, // two after two: 1.1 times two is two in whole tasks
		}},
		{"silence clears the windows", poller.AutoOptions{}, []move{
			{0, task(), 5},
			{1 * ms, task(), 5},
			{100 * ms, tick, 5},
			{200 * ms, hint(1), 5}, // none after two: must not
			{1000 * ms, hint(1), 6},
		}},
		{"two quiet windows clear them too", poller.AutoOptions{}, []move{
			{0, task(), 5}, {1 * ms, task(), 5}, {350 * ms, hint(1), 6},
		}},
		{"a clock that is set back stops nothing", poller.AutoOptions{}, []move{
			{24 * time.Hour, task(), 5},
			{24*time.Hour + 100*ms, tick, 5},
			{24*time.Hour + 200*ms, hint(1), 5}, // none after one: must not
			{0, task(), 5},
			{500 * ms, hint(1), 6},
		}},
		{"a start makes it new", poller.AutoOptions{}, []move{
			{0, failure(poller.Throttled), 2},
			{0, poller.Event{Kind: poller.Started}, 5},
			{0, nothing(), 5},
			{0, hint(4), 9},
			{0, poller.Event{Kind: poller.Started}, 5},
			{0, nothing(), 5},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := poller.NewAuto(c.opts)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Unix(1_700_000_000, 0)
			target := a.Next(poller.Event{Kind: poller.Started, Now: begin})
			for i, m := range c.moves {
				m.e.Now, m.e.Target = begin.Add(m.at), target
				if target = a.Next(m.e); target != m.want {
					t.Fatalf("move %d: target %d, want %d", i, target, m.want)
				}
			}
		})
	}
}

func TestAutoOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		opts  poller.AutoOptions
		field string
	}{
		{poller.AutoOptions{Min: -1}, "Min is -1"},
		{poller.AutoOptions{Min: 5, Max: 4}, "Max is 4"},
		{poller.AutoOptions{Max: poller.MaxTarget + 1}, "Max is 10001"},
		{poller.AutoOptions{Initial: 101}, "Initial is 101"},
		{poller.AutoOptions{Initial: 1, Min: 2}, "Initial is 1"},
	} {
		if _, err := poller.NewAuto(c.opts); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%+v: got %v, want an error with %q", c.opts, err, c.field)
		}
	}
}

// An idle poller sinks to its minimum and rises again past where it began.
func TestAutoInPoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := poller.NewAuto(poller.AutoOptions{ServerDecides: true, Max: 8})
		if err != nil {
			t.Fatal(err)
		}
		q := newQueue()
		r := newRig(t, 20, func(o *options) { o.Scaler, o.Source = a, generous{q} })
		r.queue = q
		r.run(t.Context())
		synctest.Wait()
		if s := r.Status(); s.InFlight != 5 {
			t.Errorf("at first: %+v", s)
		}
		time.Sleep(10 * longPoll)
		if s := r.Status(); s.InFlight != 1 {
			t.Errorf("idle: %+v", s)
		}
		for range 20 {
			q.tasks <- 1
			time.Sleep(time.Second)
		}
		if s := r.Status(); s.InFlight != 8 || s.Tasks != 20 {
			t.Errorf("busy: %+v", s)
		}
		r.stop(t)
	})
}

// generous suggests one poll more with each task.
type generous struct{ *queue }

func (g generous) Poll(ctx context.Context) (int, poller.Feedback, error) {
	task, fb, err := g.queue.Poll(ctx)
	if err == nil && !fb.Empty {
		fb.HasDecision, fb.Delta = true, 1
	}
	return task, fb, err
}
