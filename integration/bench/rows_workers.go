package main

import (
	"fmt"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// workerRows are those of several workers in one process.
func workerRows() []row {
	var all []row
	for _, n := range []int{1, 4, 16, 64} {
		all = append(all, row{
			section: workers, name: "one-activity workflow by several workers", point: fmt.Sprintf("of %d", n),
			what: "A unit is a workflow with its activity; they are spread evenly over the task queues. " +
				"All have their default options.",
			job: contestant.Job{Work: frontend.Whole, Workers: n, AsShipped: true}, order: frontend.Order{Work: frontend.Whole, Queues: n},
			contestants: []string{contestant.SDK, contestant.Mainspring},
			repeats:     1600, units: 1, against: contestant.SDK, rounds: growthRounds,
		})
	}
	return all
}
