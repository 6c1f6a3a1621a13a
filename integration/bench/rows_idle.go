package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// idleTopics are about workers that have nothing to do.
func idleTopics() []topic {
	return []topic{{
		name:  "idle worker",
		flags: "-full",
		says: "CPU time of a worker with default options to which nothing comes, in ms a minute: its polls wait a minute each. " +
			"Three windows of 20 s, which have their shares of the ends of polls and are scaled, or of a minute with `-full`.",
		columns: []string{"polls", "CPU ms a minute", "allocations a minute", "max RSS MB"},
		measure: measureIdleWorker,
	}}
}

func measureIdleWorker(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	window, windows := 20*time.Second, 3
	switch {
	case p.once:
		window, windows = 200*time.Millisecond, 1
	case p.full:
		window = time.Minute
	}
	f.Lines = linesOf([]string{""}, contestant.SDK, contestant.Mainspring)
	var all []func() error
	for i := range f.Lines { // at once: they do nothing
		all = append(all, func() error {
			job := contestant.Job{Contestant: f.Lines[i].Contestant, Work: frontend.Nothing}
			return p.alone(ctx, &f.Lines[i], job, watch(ctx, window, windows))
		})
	}
	if err := together(all...); err != nil {
		return f, err
	}
	most := f.theirs("", 1)
	f.Verdict = fmt.Sprintf("Budget: what the Go SDK takes, %s ms a minute: %s.", short(most), kept(f.ours("", 1), most))
	return f, nil
}

// watch sees a contestant in windows of time.
func watch(ctx context.Context, window time.Duration, windows int) look {
	return func(p *pair) (rounds [][]float64, err error) {
		// Once it has worked, so that it makes no more what is made once. After more than one unit
		// Mainspring has the polls of a worker under load, for a minute.
		if err := p.handOut(frontend.Order{Work: frontend.Whole, Units: 1}); err != nil {
			return nil, err
		}
		if err := frontend.Pause(ctx, min(time.Second, window)); err != nil {
			return nil, err
		}
		for range windows {
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
			rounds = append(rounds, []float64{
				float64(p.outcome.Polls),
				float64(after.CPU-before.CPU) / 1e6 / minutes,
				float64(after.Allocations-before.Allocations) / minutes,
				float64(after.MaxRSS) / 1e6,
			})
		}
		return rounds, nil
	}
}
