package poller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// A bout is a number of polls that end at equal intervals, alike.
type bout struct {
	polls int
	every time.Duration
	e     poller.Event
	want  int // target after the last
}

// took gives e a latency.
func took(d time.Duration, e poller.Event) poller.Event {
	e.Latency = d
	return e
}

// hungry is a prompt poll that waited for its ticket.
func hungry(d time.Duration) poller.Event {
	e := took(5*ms, task())
	e.Waited = d
	return e
}

func TestLocal(t *testing.T) {
	var (
		prompt  = took(5*ms, task())
		waited  = took(120*ms, task())
		late    = took(time.Second, task())
		vain    = took(time.Minute, nothing())
		hasty   = took(ms, nothing())
		starved = hungry(ms)
		busy    = failure(poller.Throttled)
		err     = failure(poller.Retry)
	)
	for _, c := range []struct {
		name  string
		opts  poller.LocalOptions
		bouts []bout
	}{
		{"starts with five", poller.LocalOptions{}, []bout{{1, 0, prompt, 5}}},
		{"twice ten prompt polls, but not in less than 100 ms", poller.LocalOptions{}, []bout{
			{41, 5 * ms, prompt, 5}, {1, 5 * ms, prompt, 6}, {20, 5 * ms, prompt, 6}, {1, 5 * ms, prompt, 8},
		}},
		{"steps double while more polls wait no longer", poller.LocalOptions{}, []bout{
			{42, 5 * ms, prompt, 6},
			{21, 5 * ms, prompt, 8},
			{21, 5 * ms, prompt, 12},
			{21, 5 * ms, prompt, 20},
			{21, 5 * ms, prompt, 36},
			{36, 5 * ms, prompt, 68},
		}},
		{"never to more than twice the polls", poller.LocalOptions{Initial: 1, Max: 1000}, []bout{
			{42, 5 * ms, prompt, 2}, {21, 5 * ms, prompt, 4}, {21, 5 * ms, prompt, 8}, {21, 5 * ms, prompt, 16},
		}},
		{"by a quarter when they wait longer", poller.LocalOptions{Initial: 20}, []bout{
			{42, 5 * ms, prompt, 25},
			{25, 5 * ms, took(6*ms, task()), 31},
			{31, 5 * ms, took(6*ms, task()), 43},
		}},
		{"and begin anew after one that did not grow it", poller.LocalOptions{Initial: 20}, []bout{
			{42, 5 * ms, prompt, 25},
			{25, 5 * ms, prompt, 35},
			{35, 5 * ms, waited, 35},
			{35, 5 * ms, prompt, 35},
			{35, 5 * ms, prompt, 43},
		}},
		{"less than ten take longer", poller.LocalOptions{}, []bout{
			{10, 50 * ms, prompt, 5}, {9, 50 * ms, prompt, 5}, {1, 50 * ms, prompt, 6},
		}},
		{"a round in a second is enough", poller.LocalOptions{}, []bout{
			{11, 249 * ms, prompt, 5}, {1, 249 * ms, prompt, 6},
		}},
		{"less than a round is not", poller.LocalOptions{Initial: 20}, []bout{
			{39, time.Second, prompt, 20}, {1, time.Second, prompt, 25},
		}},
		{"grows past where it began, up to its maximum", poller.LocalOptions{Max: 50}, []bout{
			{2000, 5 * ms, prompt, 50},
		}},
		{"one prompt round between others is chance", poller.LocalOptions{}, []bout{
			{10, 50 * ms, prompt, 5},
			{2, 50 * ms, waited, 5},
			{18, 50 * ms, prompt, 5},
			{10, 50 * ms, prompt, 6},
		}},
		{"one in ten that waits is chance, two are not", poller.LocalOptions{}, []bout{
			{19, 50 * ms, prompt, 5},
			{1, 50 * ms, late, 6},
			{8, 50 * ms, prompt, 6},
			{2, 50 * ms, late, 6},
		}},
		{"does not grow while polls wait for tickets", poller.LocalOptions{}, []bout{
			{2000, 5 * ms, starved, 5},
		}},
		{"grows though others ask for tickets, which they get", poller.LocalOptions{}, []bout{
			{41, 5 * ms, waiting(hungry(ms - 1)), 5}, {1, 5 * ms, waiting(hungry(ms - 1)), 6},
		}},
		{"two in ten that wait for a ticket are chance, three are not", poller.LocalOptions{}, []bout{
			{18, 50 * ms, prompt, 5},
			{2, 50 * ms, starved, 6},
			{7, 50 * ms, prompt, 6},
			{3, 50 * ms, starved, 6},
		}},
		{"does not grow in a round with a failure", poller.LocalOptions{}, []bout{
			{19, 50 * ms, prompt, 5}, {1, 0, err, 5}, {1, 50 * ms, prompt, 5}, {10, 50 * ms, prompt, 6},
		}},
		{"a throttled poll halves it, and stops growth", poller.LocalOptions{Initial: 40}, []bout{
			{40, 0, busy, 20},
			{2, 500 * ms, busy, 10},
			{98, 100 * ms, prompt, 10},
			{10, 100 * ms, prompt, 12},
		}},
		{"goes to its minimum after one round of empty long polls", poller.LocalOptions{Min: 2}, []bout{
			{4, ms, vain, 5}, {1, ms, vain, 2}, {50, ms, vain, 2},
		}},
		{"halves while tasks keep polls waiting", poller.LocalOptions{Initial: 20}, []bout{
			{20, 52 * ms, late, 20}, {1, 52 * ms, late, 10}, {39, 52 * ms, late, 10}, {1, 52 * ms, late, 5},
		}},
		{"empties count as waiting", poller.LocalOptions{Initial: 20}, []bout{
			{10, 100 * ms, late, 20}, {9, 100 * ms, vain, 20}, {1, 100 * ms, vain, 10},
		}},
		{"sinks slowly by hasty empties", poller.LocalOptions{}, []bout{
			{20, 50 * ms, hasty, 5},
			{1, 50 * ms, hasty, 4},
			{21, 50 * ms, hasty, 3},
			{99, 50 * ms, hasty, 1},
		}},
		{"stays in between", poller.LocalOptions{Initial: 20}, []bout{{2000, 5 * ms, waited, 20}}},
		{"a quarter that does not wait is in between too", poller.LocalOptions{}, []bout{
			{15, 50 * ms, late, 5},
			{6, 50 * ms, prompt, 5},
			{16, 50 * ms, late, 5},
			{4, 50 * ms, prompt, 5},
			{1, 50 * ms, late, 3},
		}},
		{"a burst that ends long waits is no sign of waiting", poller.LocalOptions{}, []bout{
			{5, ms, took(50*time.Second, task()), 5}, {62, 5 * ms, prompt, 6},
		}},
		{"tries whether steady waits are round trips, and they are", poller.LocalOptions{}, []bout{
			{9, 15 * ms, waited, 5}, {1, 15 * ms, waited, 10}, // the trial
			{7, 15 * ms, waited, 10},  // sent before it
			{9, 15 * ms, waited, 10},  // sent in it
			{1, 15 * ms, waited, 10},  // found out
			{19, 15 * ms, waited, 10}, // and now it grows
			{1, 15 * ms, waited, 12},
		}},
		{"and they are not", poller.LocalOptions{}, []bout{
			{10, 15 * ms, waited, 10},
			{33, 10 * ms, took(240*ms, task()), 10},
			{1, 10 * ms, took(240*ms, task()), 5},
			{1000, 60 * ms, waited, 5}, // no trial for a minute
			{1, 60 * ms, waited, 10},   // the next one
			{34, 10 * ms, took(240*ms, task()), 5},
			{2000, 60 * ms, waited, 5}, // none for two
			{1, 60 * ms, waited, 10},
		}},
		{"no trial when there is no room for it", poller.LocalOptions{Max: 7}, []bout{
			{100, 15 * ms, waited, 5},
		}},
		{"a shorter round trip is learned at once", poller.LocalOptions{}, []bout{
			{10, 15 * ms, waited, 10},
			{17, 15 * ms, waited, 10},
			{20, 15 * ms, waited, 12},
			{12, 15 * ms, took(30*ms, task()), 16}, // twice that is what is quick now
			{100, 15 * ms, waited, 16},
		}},
		{"as configured", poller.LocalOptions{Quick: 120 * ms}, []bout{{20, 15 * ms, waited, 6}}},
		{"a start makes it new", poller.LocalOptions{}, []bout{
			{9, 50 * ms, prompt, 5},
			{1, 0, busy, 2},
			{1, 0, poller.Event{Kind: poller.Started}, 5},
			{19, 50 * ms, prompt, 5},
			{1, 50 * ms, prompt, 6},
		}},
		{"ticks are nothing to it", poller.LocalOptions{}, []bout{
			{19, 50 * ms, prompt, 5},
			{50, 50 * ms, poller.Event{Kind: poller.Ticked}, 5},
			{1, 50 * ms, prompt, 6},
		}},
		{"a clock that is set back stops nothing", poller.LocalOptions{}, []bout{
			{1, time.Hour, busy, 2},
			{9, 50 * ms, prompt, 2},
			{1, -2 * time.Hour, prompt, 2},
			{18, 50 * ms, prompt, 2},
			{1, 50 * ms, prompt, 3},
		}},
		{"polls that end together may come in any order", poller.LocalOptions{}, []bout{
			{15, 50 * ms, prompt, 5}, {1, -300 * ms, prompt, 5}, {4, 100 * ms, prompt, 6},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := poller.NewLocal(c.opts)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(1_700_000_000, 0)
			l.Next(poller.Event{Kind: poller.Started, Now: now})
			for i, b := range c.bouts {
				var got int
				for range b.polls {
					now = now.Add(b.every)
					b.e.Now = now
					got = l.Next(b.e)
				}
				if got != b.want {
					t.Fatalf("bout %d: target %d, want %d", i, got, b.want)
				}
			}
		})
	}
}

func TestLocalOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		opts  poller.LocalOptions
		field string
	}{
		{poller.LocalOptions{Min: -1}, "LocalOptions.Min is -1"},
		{poller.LocalOptions{Min: 5, Max: 4}, "LocalOptions.Max is 4"},
		{poller.LocalOptions{Initial: 101}, "LocalOptions.Initial is 101"},
		{poller.LocalOptions{Quick: -1}, "LocalOptions.Quick is -1ns"},
		{poller.LocalOptions{Quick: 2 * time.Hour}, "LocalOptions.Quick is 2h0m0s"},
	} {
		if _, err := poller.NewLocal(c.opts); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%+v: got %v, want an error with %q", c.opts, err, c.field)
		}
	}
}
