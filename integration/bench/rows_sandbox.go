package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/integration/sandboxed"
)

// How workflows run.
const (
	natively  = "native"
	inSandbox = "in a sandbox"
)

// guestPackage is the guest whose workflows are those of the contestants.
const guestPackage = "github.com/mainspring-go/mainspring/integration/sandboxed/guests/suite"

// What a sandbox may cost: a task in times a native one, an idle run in kB, and a start in µs.
const (
	sandboxedTask  = 3
	sandboxedIdle  = 256
	sandboxedStart = 500
)

// sandboxTopics are about workflows in a sandbox.
func sandboxTopics() []topic {
	return []topic{{
		name: "workflows in a sandbox",
		says: "What a workflow task costs a worker's process that runs workflows natively and one that runs them in a sandbox, in µs " +
			"of CPU time: a signal to a run that is cached, and a task of runs that start, do two tasks and end. And at the runner, " +
			"without a worker: how long a run takes to start, do its first task and be dropped, and what one takes of memory that " +
			"waits for an activity. The Go SDK has nothing of the kind.",
		columns: []string{"CPU µs a cached task", "CPU µs a task of short runs", "ms to start and drop", "kB an idle run"},
		measure: measureSandbox,
	}}
}

func measureSandbox(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	guest, err := sandboxed.Build(ctx, guestPackage)
	if err != nil {
		return f, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary file
	file := filepath.Join(dir, "guest.wasm")
	if err := os.WriteFile(file, guest, 0o600); err != nil {
		return f, err
	}
	f.Lines = linesOf([]string{natively, inSandbox}, contestant.Mainspring)
	err = p.inTurn(ctx, f.Lines, func(l line) contestant.Job {
		job := contestant.Job{Contestant: l.Contestant, Work: frontend.TwoTasks}
		if l.Case == inSandbox {
			job.Guest = file
		}
		return job
	}, func(one *pair) ([]float64, error) { return one.workflows(p.once) })
	if err != nil {
		return f, err
	}
	cached, runs := f.Lines[1].ratio(f.Lines[0], 0).median, f.Lines[1].ratio(f.Lines[0], 1).median
	f.Verdict = fmt.Sprintf("Budget of a cached task %d x native: %s. ", sandboxedTask, kept(cached, sandboxedTask))
	f.Verdict += fmt.Sprintf("A task of short runs, every other one of which starts a run, takes %s x native; "+
		"budget %d x native and half of a start of %d µs: %s. ", short(runs), sandboxedTask, sandboxedStart,
		kept(f.ours(inSandbox, 1), sandboxedTask*f.ours(natively, 1)+sandboxedStart/2))
	f.Verdict += fmt.Sprintf("Budget of an idle run %d kB: %s.", sandboxedIdle, kept(f.ours(inSandbox, 3), sandboxedIdle))
	return f, nil
}

// workflows are the values of one round.
func (p *pair) workflows(short bool) (values []float64, err error) {
	for _, one := range []struct {
		work    frontend.Work
		units   int
		perUnit float64 // tasks
	}{
		{frontend.Signals, 60 * frontend.SignalsPerFlow, 1 + 1.0/frontend.SignalsPerFlow},
		{frontend.TwoTasks, 1800, 2},
	} {
		if short {
			one.units /= 60
		}
		order := frontend.Order{Work: one.work}
		s, err := p.sample(one.units, func() error { return p.do(order, one.units) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.work, err)
		}
		values = append(values, s.CPU/one.perUnit)
	}
	var l contestant.Lives
	if err := p.worker.tell(contestant.Live, &l); err != nil {
		return nil, err
	}
	return append(values, l.Start.Seconds()*1e3, l.Idle/1e3), nil
}
