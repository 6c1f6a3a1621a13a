package poller_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

func TestOptionsAreChecked(t *testing.T) {
	sound := func() options {
		r := newRig(t, 1, nil)
		return options{
			Source: r.queue, Admit: r.desk,
			Handle: func(_ context.Context, _ int, k *ticket) { k.Return() },
		}
	}
	if _, err := poller.New(sound()); err != nil {
		t.Fatalf("sound options: %v", err)
	}
	for _, c := range []struct {
		field string
		spoil func(*options)
	}{
		{"Options.Source is nil", func(o *options) { o.Source = nil }},
		{"Options.Admit is nil", func(o *options) { o.Admit = nil }},
		{"Options.Handle is nil", func(o *options) { o.Handle = nil }},
		{"Options.Scaler (poller.Fixed) starts with 0", func(o *options) { o.Scaler = poller.Fixed(0) }},
		{"starts with 10001", func(o *options) { o.Scaler = poller.Fixed(poller.MaxTarget + 1) }},
		{"Options.ScaleEvery is -1s", func(o *options) { o.ScaleEvery = -time.Second }},
		{"Options.RetryFatalEvery is -1s", func(o *options) { o.RetryFatalEvery = -time.Second }},
		{"Backoff.Initial is -1s", func(o *options) { o.Backoff.Initial = -time.Second }},
		{"Backoff.Throttled is -1s", func(o *options) { o.Backoff.Throttled = -time.Second }},
		{"Backoff.Max is 1ms", func(o *options) { o.Backoff.Max = time.Millisecond }},
		{"Backoff.Factor is 0.5", func(o *options) { o.Backoff.Factor = 0.5 }},
		{"Backoff.Factor is NaN", func(o *options) { o.Backoff.Factor = math.NaN() }},
		{"Backoff.Jitter is 1", func(o *options) { o.Backoff.Jitter = 1 }},
		{"Options.MaxTasks is -1", func(o *options) { o.MaxTasks = -1 }},
		{"Options.IdleTimeout is -1s", func(o *options) { o.IdleTimeout = -time.Second }},
		{"Options.IdleStop is set", func(o *options) { o.IdleStop = poller.Interrupt }},
		{"Observers[1] is a int", func(o *options) { o.Observers = []poller.Observer{&journal{}, 7} }},
	} {
		o := sound()
		c.spoil(&o)
		p, err := poller.New(o)
		if p != nil || err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("got %v, want an error with %q", err, c.field)
		}
	}
	_, err := poller.New(options{})
	for _, field := range []string{"Source", "Admit", "Handle"} {
		if !strings.Contains(err.Error(), "Options."+field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

// journal writes down every event.
type journal struct {
	mu     sync.Mutex
	states []string
	polls  []poller.PollEvent
	moves  [][2]int
}

func (j *journal) ObservePoll(e poller.PollEvent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.polls = append(j.polls, e)
}

func (j *journal) ObserveTarget(e poller.TargetEvent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.moves = append(j.moves, [2]int{e.From, e.To})
}

func (j *journal) ObserveState(e poller.StateEvent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.states = append(j.states, e.Poller+" "+e.State.String())
}

func TestObservers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		r := newRig(t, 10, func(o *options) {
			o.Name, o.Observers, o.Classify = "orders", []poller.Observer{&j}, classify
			o.Scaler = poller.Fixed(1)
			o.Source = &script{answers: []answer{
				func() (int, poller.Feedback, error) {
					time.Sleep(2 * time.Second)
					return 1, poller.Feedback{Backlog: 7}, nil
				},
				empty, fails(errThrottled),
			}}
		})
		begin := time.Now()
		r.run(t.Context())
		time.Sleep(time.Minute)
		if err := r.SetScaler(poller.Fixed(2)); err != nil {
			t.Fatal(err)
		}
		r.Pause()
		synctest.Wait()
		r.Resume()
		synctest.Wait()
		r.stop(t)

		want := []string{
			"orders running", "orders paused", "orders running", "orders stopping", "orders stopped",
		}
		if !slices.Equal(j.states, want) {
			t.Errorf("states %q, want %q", j.states, want)
		}
		if !slices.Equal(j.moves, [][2]int{{1, 2}}) {
			t.Errorf("targets %v, want one move from 1 to 2", j.moves)
		}
		var outcomes []poller.Outcome
		for _, e := range j.polls {
			outcomes = append(outcomes, e.Outcome)
		}
		if !slices.Equal(outcomes, []poller.Outcome{
			poller.GotTask, poller.GotNothing, poller.Failed, poller.Interrupted, poller.Interrupted,
		}) {
			t.Fatalf("outcomes %v", outcomes)
		}
		first, third, last := j.polls[0], j.polls[2], j.polls[3]
		if first.Poller != "orders" || !first.Started.Equal(begin) ||
			first.Latency != 2*time.Second || first.Feedback.Backlog != 7 {
			t.Errorf("first poll: %+v", first)
		}
		if third.Err == nil || third.Class != poller.Throttled || last.Err != nil {
			t.Errorf("third poll: %+v\nlast: %+v", third, last)
		}
	})
}

// Waited is the time that the ticket took.
func TestPollEventWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		r := newRig(t, 1, func(o *options) {
			o.Scaler, o.Observers = poller.Fixed(1), []poller.Observer{&j}
		})
		r.desk.free <- struct{}{}
		r.run(t.Context())
		time.Sleep(3 * time.Second)
		<-r.desk.free
		r.queue.tasks <- 1
		synctest.Wait()
		if len(j.polls) != 1 || j.polls[0].Waited != 3*time.Second || j.polls[0].Latency != 0 {
			t.Errorf("polls: %+v", j.polls)
		}
		r.stop(t)
	})
}
