package main

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// stopTopics are about workers that stop while they work.
func stopTopics() []topic {
	return []topic{{
		name: "stop under load",
		says: fmt.Sprintf("How long a worker of %d slots takes to stop, in ms, that runs activities of %d ms, "+
			"each %d ms longer than the one before, and has time to let them end: in all, and from the end of the last "+
			"activity. Either all slots are busy, and more work waits on the server; or a quarter, and polls wait there, "+
			"which a server ends when it is told to stop the worker, or, as they do by default, does not. What has begun "+
			"is answered; what was handed to a poll that was given up is lost.",
			contestant.Slots, contestant.SlowTime.Milliseconds(), contestant.Later.Milliseconds()),
		columns: []string{"ms in all", "ms after the last activity", "lost tasks"},
		measure: measureStops,
	}}
}

// A busyness is how a worker is busy that is to stop.
type busyness struct {
	name    string
	running int  // activities, of which the last has just begun when it is told to stop
	more    int  // that wait to be polled
	drains  bool // whether the server ends polls
	budget  int  // how many ms Mainspring may take after the last activity
}

// Where the server leaves the polls alone, Mainspring lets them bring what is on its way to them until
// nothing has come for 50 ms, if there is a grace period: the last activity takes longer than that.
func busynesses() []busyness {
	const quarter = contestant.Slots / 4
	return []busyness{
		{"all slots busy", contestant.Slots, 5 * contestant.Slots, false, 5},
		{"polls wait, the server ends them", quarter, 0, true, 5},
		{"polls wait, the server does not end them", quarter, 0, false, 5},
	}
}

func measureStops(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	for _, b := range busynesses() {
		lines := linesOf([]string{b.name}, contestant.SDK, contestant.Mainspring)
		for range 3 * p.rounds { // which are short
			for i := range lines {
				values, err := p.stopOnce(ctx, lines[i].Contestant, b)
				if err != nil {
					return f, fmt.Errorf("%s, %s: %w", lines[i].Contestant, b.name, err)
				}
				lines[i].Values = append(lines[i].Values, values)
			}
		}
		f.Lines = append(f.Lines, lines...)
		f.Verdict += fmt.Sprintf("Budget %d ms after the last activity when %s: %s. ",
			b.budget, b.name, kept(f.ours(b.name, 1), float64(b.budget)))
	}
	return f, nil
}

// stopOnce stops a worker that is busy.
func (p *plan) stopOnce(ctx context.Context, name string, b busyness) (values []float64, err error) {
	job := contestant.Job{Contestant: name, Work: frontend.Slow, Drains: b.drains}
	one, err := startPair(ctx, job, p.prof.of(name, b.name))
	if err != nil {
		return nil, err
	}
	defer one.kill()
	return one.stopBusy(b)
}

// stopBusy stops the contestant, and checks that what had begun is answered.
func (p *pair) stopBusy(b busyness) (values []float64, err error) {
	const warm = contestant.Slots
	if err := p.handOut(frontend.Order{Work: frontend.Slow, Units: warm}); err != nil {
		return nil, err
	}
	if err := p.handOut(frontend.Order{Work: frontend.Slow, Units: b.running + b.more, Leave: true}); err != nil {
		return nil, err
	}
	var s contestant.Stopped
	if err := p.worker.tell(fmt.Sprintf("%s\t%d", contestant.StopBusy, warm+b.running), &s); err != nil {
		return nil, err
	}
	if err := p.handOut(frontend.Order{Work: frontend.Nothing}); err != nil {
		return nil, err
	}
	if p.outcome.Completed != s.Begun {
		return nil, fmt.Errorf("%d activities have begun, %d were completed", s.Begun, p.outcome.Completed)
	}
	values = []float64{s.Took.Seconds() * 1e3, s.After.Seconds() * 1e3, float64(p.outcome.Handed - s.Begun)}
	return values, p.end()
}
