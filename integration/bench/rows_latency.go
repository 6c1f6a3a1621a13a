package main

import (
	"fmt"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// A load is how many units arrive a second: a number, or a share of what the contestant can do.
type load struct{ rate, share float64 }

// The turns of a load last so many seconds, and have so many units at least: percentiles need some.
const (
	loadSeconds = 3
	leastUnits  = 500
)

// latencyRows are activities that arrive at random.
func latencyRows() []row {
	every := row{
		section: latency, contestants: []string{contestant.SDK, contestant.Honest, contestant.Mainspring},
		job: contestant.Job{Work: frontend.Latency}, order: frontend.Order{Work: frontend.Latency},
		repeats: 3000, units: 1, rounds: 2,
	}
	var all []row
	for _, rate := range []int{100, 800} {
		one := every
		one.name, one.point, one.load = "activities that arrive at random", fmt.Sprintf("%d a second", rate), load{rate: float64(rate)}
		one.what = "From when the frontend has a task to when the activity's code begins, in µs. Tasks arrive by a " +
			"Poisson process that waits for nobody: at 10 % and at 80 % of the 1,000 that the Go SDK polls a second at most."
		one.against = contestant.SDK
		all = append(all, one)
	}
	own := every
	own.name, own.load = "activities that arrive at 80 % of a contestant's own most", load{share: 0.8}
	own.what = "The same at a rate of each contestant's own: 80 % of what it does at most, which is measured before. The " +
		"bare client is who to compare with; the Go SDK is asked for far less."
	own.against = contestant.Honest
	return append(all, own)
}

func latencyColumns() []column {
	return []column{
		median("tasks a second", func(s sample) float64 { return s.Arrived }),
		median("p50 µs", p50Of), extremes("min - max", p50Of), ratio("p50 x {against}", p50Of), ratioExtremes("min - max", p50Of),
		median("p99 µs", p99Of), extremes("min - max", p99Of), ratio("p99 x {against}", p99Of), ratioExtremes("min - max", p99Of),
		median("CPU µs", microsOf),
	}
}

// warm has the contestant do units as fast as it can, and makes of that the load of a row.
func (p *pair) warm(r row, short bool) error {
	p.rate = r.load.rate
	for range 2 {
		s, err := p.burst(r, short)
		if err != nil {
			return err
		}
		if r.load.share > 0 {
			p.rate = r.load.share * s.PerSecond
		}
	}
	return nil
}

// arrivals is a turn in which units arrive at random; every round has other moments.
func (p *pair) arrivals(r row, round int, short bool) (sample, error) {
	n := max(leastUnits, int(p.rate*loadSeconds))
	if short {
		n /= once
	}
	order := r.order
	order.Rate, order.Seed = p.rate, uint64(round)
	s, err := p.sample(n, func() error { return p.do(order, n) })
	if err != nil {
		return s, fmt.Errorf("at %.0f a second: %w", p.rate, err)
	}
	s.Arrived = p.outcome.Arrived
	s.P50, s.P99 = float64(p.outcome.P50)/1e3, float64(p.outcome.P99)/1e3
	return s, nil
}
