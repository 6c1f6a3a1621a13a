package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// Where activities run.
const (
	inWorker   = "in the worker's process"
	inChildren = "in child processes"
)

// subprocessTopics are about activities in processes of their own.
func subprocessTopics() []topic {
	return []topic{{
		name: "activities in subprocesses",
		says: "What an activity costs that does nothing, in the worker's process and in a warm child of it, of which there is " +
			"one for each processor: the CPU time of all processes together and that of the worker's alone, how many end in a " +
			"second, and how long a new executor takes until its first activity has ended, which for a child is its start. " +
			"The Go SDK has nothing of the kind.",
		columns: []string{"CPU µs", "of these in the worker", "a second", "ms until the first has ended"},
		measure: measureSubprocess,
	}}
}

func measureSubprocess(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	units := 5000
	if p.once {
		units /= once
	}
	f.Lines = linesOf([]string{inWorker, inChildren}, contestant.Mainspring)
	err = p.inTurn(ctx, f.Lines, func(l line) contestant.Job {
		return contestant.Job{Contestant: l.Contestant, Work: frontend.Activity, Children: l.Case == inChildren}
	}, func(one *pair) ([]float64, error) { return one.activities(units) })
	if err != nil {
		return f, err
	}
	here, there := f.ours(inWorker, 0), f.ours(inChildren, 0)
	f.Verdict = fmt.Sprintf("In a child an activity takes %s µs more of CPU time than in the worker, %.1f times as much.",
		short(there-here), there/here)
	return f, nil
}

// activities are the values of one round.
func (p *pair) activities(units int) (values []float64, err error) {
	before, err := p.read()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.do(frontend.Order{Work: frontend.Activity}, units); err != nil {
		return nil, err
	}
	elapsed := time.Since(began)
	after, err := p.read()
	if err != nil {
		return nil, err
	}
	var first time.Duration
	if err := p.worker.tell(contestant.First, &first); err != nil {
		return nil, err
	}
	worker := float64(after.CPU-before.CPU) / 1e3
	children := float64(after.Children-before.Children) / 1e3
	n := float64(units)
	return []float64{(worker + children) / n, worker / n, n / elapsed.Seconds(), first.Seconds() * 1e3}, nil
}
