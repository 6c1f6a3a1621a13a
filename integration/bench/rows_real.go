package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"sync/atomic"

	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// realServer is the program that runs a real server. This one does not link it.
const realServer = "github.com/mainspring-go/mainspring/integration/cmd/server"

// realTopics are about a real server.
func realTopics() []topic {
	return []topic{{
		name:  "real server",
		onAsk: true,
		says: "One-activity workflows on a real server, in memory and in a process of its own, 16 at once: CPU time of the " +
			"process of a worker with default options, in µs a workflow. Each worker is slower than it could be, as it waits " +
			"for the server.",
		columns: []string{"CPU µs", "x Go SDK", "workflows a second", "allocations", "max RSS MB"},
		measure: measureReal,
	}}
}

// inFlight is how many workflows are open at once.
const inFlight = 16

func measureReal(ctx context.Context, p *plan, say func(string)) (f finding, err error) {
	say("go run " + realServer + ", which takes minutes if it has to compile the server")
	server, err := startCommand(exec.CommandContext(ctx, "go", "run", realServer))
	if err != nil {
		return f, err
	}
	defer server.end() //nolint:errcheck // It has been measured.
	address, err := server.line()
	if err != nil {
		return f, err
	}
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return f, err
	}
	defer c.Close()
	say("the server runs")
	f.Lines = linesOf([]string{""}, contestant.SDK, contestant.Mainspring)
	var pairs []*pair
	defer func() {
		for _, one := range pairs {
			one.kill()
		}
	}()
	for _, l := range f.Lines {
		one, err := startPair(ctx, contestant.Job{
			Contestant: l.Contestant, Work: frontend.Real, Address: address, Queue: "bench " + l.Contestant,
		}, p.prof.of(l.Contestant, string(frontend.Real)))
		if err != nil {
			return f, fmt.Errorf("%s: %w", l.Contestant, err)
		}
		pairs = append(pairs, one)
	}
	if err := p.realRounds(ctx, c, pairs, f.Lines); err != nil {
		return f, err
	}
	f.Verdict = fmt.Sprintf("Budget: what the Go SDK takes: %s x.", kept(f.ours("", 1), 1))
	for _, one := range pairs {
		if _, err := one.stop(); err != nil {
			return f, fmt.Errorf("%s: %w", one.job.Contestant, err)
		}
	}
	return f, nil
}

// realRounds lets the pairs take turns, the first one to warm up.
func (p *plan) realRounds(ctx context.Context, c client.Client, pairs []*pair, lines []line) error {
	n := 250
	if p.once {
		n = 20
	}
	for round := range min(p.rounds, growthRounds) + 1 {
		first := 0.0
		for i, one := range pairs {
			values, err := one.realTurn(ctx, c, n)
			if err != nil {
				return fmt.Errorf("%s: %w", one.job.Contestant, err)
			}
			if i == 0 {
				first = values[0] // the SDK's
			}
			values[1] = values[0] / first
			if round > 0 {
				lines[i].Values = append(lines[i].Values, values)
			}
		}
	}
	return nil
}

// realTurn has a contestant do n workflows.
func (p *pair) realTurn(ctx context.Context, c client.Client, n int) ([]float64, error) {
	var left atomic.Int64
	left.Store(int64(n))
	s, err := p.sample(n, func() error {
		var (
			group sync.WaitGroup
			errs  = make([]error, inFlight)
		)
		for i := range errs {
			group.Go(func() {
				for errs[i] == nil && left.Add(-1) >= 0 {
					errs[i] = oneWorkflow(ctx, c, p.job.Queue)
				}
			})
		}
		group.Wait()
		return errors.Join(errs...)
	})
	return []float64{s.CPU, 0, s.PerSecond, s.Allocs, float64(s.RSS) / 1e6}, err
}

// oneWorkflow starts a workflow and waits for its result.
func oneWorkflow(ctx context.Context, c client.Client, queue string) error {
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: queue}, frontend.OneActivity, frontend.Text)
	if err != nil {
		return err
	}
	var got string
	if err := run.Get(ctx, &got); err != nil {
		return err
	}
	if got != frontend.Text {
		return fmt.Errorf("a workflow returned %q, want the text that was sent", got)
	}
	return nil
}
