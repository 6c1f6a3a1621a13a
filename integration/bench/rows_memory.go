package main

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// memoryTopics are about the memory of runs that wait, and of a worker over time. The contestants of a
// topic are measured at once.
func memoryTopics() []topic {
	return []topic{{
		name: "memory of idle runs",
		says: "What 10,000 more runs in the cache of a worker add to its process, per run and in KB of 1024 bytes: " +
			"resident memory after a collection, and what is in use of the heap and of stacks. A run waits for " +
			"signals in one coroutine, or in eleven; in the end a tenth as many come, and are checked.",
		columns: []string{"resident KB", "heap KB", "stacks KB", "goroutines"},
		measure: measureIdleRuns,
	}, {
		name:  "memory over many activities",
		flags: "-full",
		says: "The process of a worker after a tenth, after half and after all of 100,000 activities (a fifth of them for the " +
			"Go SDK), or of a million with `-full`: resident memory, and the heap and the stacks in use after a " +
			"collection, in MB; and goroutines.",
		columns: []string{"activities", "resident MB", "heap MB", "stacks MB", "goroutines"},
		measure: measureSteady,
	}}
}

// idleBudgets are how many KB a run may take of resident memory, by its case.
func idleBudgets() map[string]float64 {
	return map[string]float64{"1 coroutine": 8, "11 coroutines": 40}
}

func measureIdleRuns(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	few, more := 500, 10_000
	if p.once {
		few, more = 20, 100
	}
	coroutines := map[string]int{"1 coroutine": 1, "11 coroutines": 11}
	cases := []string{"1 coroutine", "11 coroutines"}
	f.Lines = linesOf(cases, contestant.SDK, contestant.Mainspring)
	var all []func() error
	for i := range f.Lines {
		l := &f.Lines[i]
		job := contestant.Job{Contestant: l.Contestant, Work: frontend.Park, Cached: few + more}
		all = append(all, func() error {
			return p.alone(ctx, l, job, idleRuns(coroutines[l.Case], few, more))
		})
	}
	if err := together(all...); err != nil {
		return f, err
	}
	for _, c := range cases {
		most := idleBudgets()[c]
		f.Verdict += fmt.Sprintf("Budget %.0f KB resident with %s: %s. ", most, c, kept(f.ours(c, 0), most))
	}
	return f, nil
}

// idleRuns sees what more runs take than few.
func idleRuns(coroutines, few, more int) look {
	return func(p *pair) ([][]float64, error) {
		order := frontend.Order{Work: frontend.Park, Units: few, Coroutines: coroutines}
		before, err := p.footprintAfter(order)
		if err != nil {
			return nil, err
		}
		order.Units = more
		after, err := p.footprintAfter(order)
		if err != nil {
			return nil, err
		}
		each := func(now, then float64) float64 { return (now - then) / float64(more) }
		values := []float64{
			each(after.Resident, before.Resident) / 1024,
			each(after.Heap, before.Heap) / 1024,
			each(after.Stacks, before.Stacks) / 1024,
			each(float64(after.Goroutines), float64(before.Goroutines)),
		}
		some := (few + more) / 10
		if err := p.handOut(frontend.Order{Work: frontend.Parked, Units: some}); err != nil {
			return nil, err
		}
		return [][]float64{values}, p.handOut(frontend.Order{Work: frontend.Release, Units: some})
	}
}

// footprintAfter is the memory of the contestant after an order.
func (p *pair) footprintAfter(o frontend.Order) (f contestant.Footprint, err error) {
	if err := p.handOut(o); err != nil {
		return f, err
	}
	return f, p.worker.tell(contestant.Memory, &f)
}

// parts is in how many parts a worker does many activities, and marks are after how many of them it is
// looked at.
const parts = 10

func marks() []int { return []int{1, 5, parts} }

// markName is the case of a mark.
func markName(mark int) string { return fmt.Sprintf("%d %%", mark*100/parts) }

func measureSteady(ctx context.Context, p *plan, _ func(string)) (f finding, err error) {
	part := 100_000 / parts
	switch {
	case p.once:
		part = 20
	case p.full:
		part = 1_000_000 / parts
	}
	whole := linesOf([]string{""}, contestant.Saturated, contestant.Mainspring)
	one := func(l *line, part int) func() error {
		job := contestant.Job{Contestant: l.Contestant, Work: frontend.Activity}
		return func() error { return p.alone(ctx, l, job, steady(part)) }
	}
	if err := together(one(&whole[0], part/capped), one(&whole[1], part)); err != nil {
		return f, err
	}
	for i, mark := range marks() { // what was seen in one go are lines of several cases
		for _, l := range whole {
			f.Lines = append(f.Lines, line{
				Case: markName(mark), Contestant: l.Contestant, Values: l.Values[i : i+1],
			})
		}
	}
	f.Verdict = steadiness(f)
	return f, nil
}

// steady sees a contestant at each mark, as a round.
func steady(part int) look {
	order := frontend.Order{Work: frontend.Activity, Units: part}
	return func(p *pair) (rounds [][]float64, err error) {
		done := 0
		for _, mark := range marks() {
			for ; done < mark-1; done++ {
				if err := p.handOut(order); err != nil {
					return nil, err
				}
			}
			f, err := p.footprintAfter(order)
			if err != nil {
				return nil, err
			}
			done++
			rounds = append(rounds, []float64{
				float64(done * part), f.Busy / 1e6, f.Heap / 1e6, f.Stacks / 1e6,
				float64(f.Goroutines),
			})
		}
		return rounds, nil
	}
}

// leak is how many bytes of heap an activity may leave behind. It is not zero since a heap moves a bit
// by itself; whatever remembers an activity takes several times that.
const leak = 8

// steadiness says how Mainspring has grown from the first mark to the last.
func steadiness(f finding) string {
	first, last := markName(marks()[0]), markName(parts)
	grown := func(column int) float64 { return f.ours(last, column) - f.ours(first, column) }
	return fmt.Sprintf("Budget %d bytes of heap an activity from the first mark to the last: %s; goroutines: %+.0f.",
		leak, kept(grown(2)*1e6/grown(0), leak), grown(4))
}
