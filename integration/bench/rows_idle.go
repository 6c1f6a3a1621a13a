package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// idlers is how many workers of each contestant are idle at once.
const idlers = 3

// idleTopics are about workers that have nothing to do.
func idleTopics() []topic {
	return []topic{{
		name: "idle worker",
		says: "CPU time of a worker with default options to which nothing comes, in ms a minute: its polls wait a minute each. " +
			fmt.Sprintf("A minute of %d workers of each, in processes of their own and all at once.", idlers),
		columns: []string{"polls", "CPU ms a minute", "allocations a minute", "max RSS MB"},
		measure: measureIdleWorker,
	}}
}

func measureIdleWorker(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	window := time.Minute
	if p.once {
		window = 200 * time.Millisecond
	}
	contestants := []string{contestant.SDK, contestant.Mainspring}
	f.Lines = linesOf([]string{""}, contestants...)
	var seen [idlers][]line
	var all []func() error
	for i := range seen {
		seen[i] = linesOf([]string{""}, contestants...)
		for l := range seen[i] {
			one := &seen[i][l]
			all = append(all, func() error {
				return p.alone(ctx, one, contestant.Job{Contestant: one.Contestant, Work: frontend.Nothing}, watch(ctx, window))
			})
		}
	}
	if err := together(all...); err != nil {
		return f, err
	}
	for _, lines := range seen {
		for l := range lines {
			f.Lines[l].Values = append(f.Lines[l].Values, lines[l].Values...)
		}
	}
	most := f.theirs("", 1)
	f.Verdict = fmt.Sprintf("Budget: what the Go SDK takes, %s ms a minute: %s.", short(most), kept(f.ours("", 1), most))
	return f, nil
}

// watch sees a contestant for a while.
func watch(ctx context.Context, window time.Duration) look {
	return func(p *pair) (rounds [][]float64, err error) {
		// Once it has worked, so that it makes no more what is made once. After more than one unit
		// Mainspring has the polls of a worker under load, for a minute.
		if err := p.handOut(frontend.Order{Work: frontend.Whole, Units: 1}); err != nil {
			return nil, err
		}
		if err := frontend.Pause(ctx, min(time.Second, window)); err != nil {
			return nil, err
		}
		before, err := p.read()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := frontend.Pause(ctx, window); err != nil {
			return nil, err
		}
		after, err := p.read()
		if err != nil {
			return nil, err
		}
		if err := p.handOut(frontend.Order{Work: frontend.Nothing}); err != nil {
			return nil, err
		}
		minutes := time.Since(began).Minutes()
		return [][]float64{{
			float64(p.outcome.Polls),
			float64(after.CPU-before.CPU) / 1e6 / minutes,
			float64(after.Allocations-before.Allocations) / minutes,
			float64(after.MaxRSS) / 1e6,
		}}, nil
	}
}
