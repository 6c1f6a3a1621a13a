package poller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

func TestDemand(t *testing.T) {
	var (
		vain  = took(time.Minute, nothing())
		late  = took(10*time.Second, task())
		short = took(9*time.Second, task())
	)
	for _, c := range []struct {
		name  string
		s     poller.Demand
		bouts []bout
	}{
		{"starts with few, and one task is not many", poller.Demand{Min: 2, Max: 5}, []bout{{1, 0, short, 2}}},
		{"has all from the second task on", poller.Demand{Min: 1, Max: 5}, []bout{
			{1, 0, late, 1}, {1, ms, late, 5}, {1000, ms, short, 5},
		}},
		{"tasks a second apart are few", poller.Demand{Max: 5}, []bout{
			{10, time.Second, short, 1}, {1, time.Second - ms, short, 5},
		}},
		{"empty polls between tasks do not hide them", poller.Demand{Max: 5}, []bout{
			{1, 0, short, 1}, {1, ms, vain, 1}, {1, ms, short, 5},
		}},
		{"shrinks by empty polls, to its minimum", poller.Demand{Min: 2, Max: 5}, []bout{
			{2, ms, short, 5}, {2, ms, vain, 3}, {1, ms, vain, 2}, {9, ms, vain, 2},
		}},
		{"and by long waits, but not by short ones", poller.Demand{Max: 5}, []bout{
			{2, ms, short, 5}, {9, 2 * time.Second, short, 5}, {2, 2 * time.Second, late, 3},
		}},
		{"stays after failures", poller.Demand{Max: 5}, []bout{
			{2, ms, short, 5}, {9, ms, failure(poller.Retry), 5}, {9, ms, failure(poller.Throttled), 5},
		}},
		{"follows a suggestion of more, not of fewer", poller.Demand{Max: 5}, []bout{
			{1, 0, hint(1), 5}, {9, 2 * time.Second, hint(-1), 5},
		}},
		{"is one poll if nothing is given", poller.Demand{}, []bout{{9, ms, task(), 1}}},
		{"never has fewer than its minimum", poller.Demand{Min: 4, Max: 2}, []bout{{9, ms, task(), 4}, {9, ms, vain, 4}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, now := c.s, time.Unix(1_000_000, 0)
			s.Next(poller.Event{Kind: poller.Started, Now: now})
			for i, b := range c.bouts {
				got := 0
				for range b.polls {
					now = now.Add(b.every)
					b.e.Now = now
					got = s.Next(b.e)
				}
				if got != b.want {
					t.Errorf("bout %d: target %d, want %d", i, got, b.want)
				}
			}
			if got := s.Next(poller.Event{Kind: poller.Started, Now: now}); got != max(1, c.s.Min) {
				t.Errorf("started anew with %d", got)
			}
		})
	}
}

// A poller keeps few polls while it is idle, all of them after two round trips of a burst, and few
// after a long poll.
func TestDemandInPoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(o *options) { o.Scaler = &poller.Demand{Max: 5} })
		time.Sleep(10*longPoll + time.Second)
		if s := r.Status(); s.InFlight != 1 || s.Polls != 10 {
			t.Errorf("idle: %d polls in flight, %d ended", s.InFlight, s.Polls)
		}
		for i := range 3 {
			r.queue.tasks <- i
		}
		synctest.Wait()
		if s := r.Status(); s.InFlight != 5 || s.Tasks != 3 {
			t.Errorf("after a burst: %d polls in flight, %d tasks", s.InFlight, s.Tasks)
		}
		time.Sleep(longPoll + time.Second)
		if s := r.Status(); s.InFlight != 1 {
			t.Errorf("after a long poll: %d polls in flight", s.InFlight)
		}
		r.stop(t)
	})
}
