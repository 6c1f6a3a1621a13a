package main

import (
	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// A park is workflows that are in the cache before anything is measured; none if there are no runs.
type park struct {
	runs       int
	coroutines int
	events     int // in the history of each
}

// manySignals are those of a turn, and parkedRounds how many rounds there are: it takes long to fill
// a cache.
const (
	manySignals  = 1500
	parkedRounds = 2
)

// parkedRows are signals to workflows that wait in the cache.
func parkedRows() []row {
	saturated := "The Go SDK has four workers on one cache, as one alone polls too slowly to fill it."
	signal := func(name, what, point string, signals int, parked park) row {
		return row{
			section: growth, name: name, point: point, what: what + " " + saturated,
			job:         contestant.Job{Work: frontend.Parked, Cached: parked.runs + parked.runs/4 + 1000},
			order:       frontend.Order{Work: frontend.Parked},
			contestants: []string{contestant.Saturated, contestant.Mainspring},
			repeats:     signals, units: 1, park: parked, against: contestant.Saturated, rounds: parkedRounds,
		}
	}
	var all []row
	for _, one := range []struct {
		runs int
		name string
	}{{100, "100"}, {1000, "1,000"}, {10_000, "10,000"}, {100_000, "100,000"}} {
		// As many signals as workflows: what collections of garbage take more of is then in each turn.
		r := signal("signal to one of many cached workflows",
			"A unit is a signal to one of so many workflows that are cached, chosen at random.",
			one.name+" workflows", max(manySignals, one.runs), park{runs: one.runs, coroutines: 1})
		if one.runs >= 10_000 {
			r.rounds = 1 // the rounds are as long as the cache is large
		}
		r.full = one.runs > 10_000 // to fill the cache takes the SDK a minute, and gigabytes
		all = append(all, r)
	}
	for _, one := range []struct {
		coroutines int
		name       string
		signals    int
	}{
		{1, "1 coroutine", manySignals},
		{10, "10 coroutines", manySignals},
		{100, "100 coroutines", 500},
		{1000, "1,000 coroutines", 200},
	} {
		all = append(all, signal("signal to a workflow with many coroutines",
			"A unit is a signal to one of 20 cached workflows, in which all coroutines but one wait for something else.",
			one.name, one.signals, park{runs: 20, coroutines: one.coroutines}))
	}
	for _, one := range []struct {
		events int
		name   string
	}{{1000, "1,000 events"}, {10_000, "10,000 events"}, {50_000, "50,000 events"}} {
		all = append(all, signal("signal to a cached workflow with a long history",
			"A unit is a signal to one of 10 cached workflows, whose histories had so many events before.",
			one.name, manySignals, park{runs: 10, coroutines: 1, events: one.events}))
	}
	return all
}

// warmSignals are how many signals a contestant has, before anything is parked.
const warmSignals = 5 * frontend.SignalsPerFlow

// fill fills the cache of the contestant, once it is warm, and measures what that takes of memory.
func (p *pair) fill(what park, short bool) error {
	runs, signals := what.runs, warmSignals
	if short {
		runs, signals = max(1, runs/once), frontend.SignalsPerFlow
	}
	if err := p.do(frontend.Order{Work: frontend.Signals}, signals); err != nil {
		return err
	}
	var before, after contestant.Footprint
	if err := p.worker.tell(contestant.Memory, &before); err != nil {
		return err
	}
	order := frontend.Order{Work: frontend.Park, Coroutines: what.coroutines, Events: what.events}
	if err := p.do(order, runs); err != nil {
		return err
	}
	if err := p.worker.tell(contestant.Memory, &after); err != nil {
		return err
	}
	p.perRun = (after.Heap + after.Stacks - before.Heap - before.Stacks) / float64(runs)
	return nil
}

// release ends what has had signals, which checks that none was lost.
func (p *pair) release(what park) error {
	return p.do(frontend.Order{Work: frontend.Release}, what.runs)
}
