package main

import (
	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// growthRounds is how many rounds the rows of growth have at most: there are many of them.
const growthRounds = 2

// payloadRows are activities of which argument and result grow.
func payloadRows() []row {
	var all []row
	for _, one := range []struct {
		size    string
		bytes   int
		repeats int
	}{
		{"100 B", 100, 3000}, {"10 kB", 10_000, 2000}, {"100 kB", 100_000, 500}, {"1 MB", 1_000_000, 100},
	} {
		all = append(all, row{
			section: growth, name: "activity with a payload", point: one.size,
			what:        "A unit is an activity that is given a text of this size and returns a copy of it.",
			job:         contestant.Job{Work: frontend.Activity},
			order:       frontend.Order{Work: frontend.Activity, Text: one.bytes},
			contestants: []string{contestant.SDK, contestant.Honest, contestant.Mainspring},
			repeats:     one.repeats, units: 1, against: contestant.SDK, rounds: growthRounds,
		})
	}
	return all
}
