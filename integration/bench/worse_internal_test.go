package main

import (
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

func TestWorse(t *testing.T) {
	t.Parallel()
	at := func(name string, cpu, second, p99 float64) sample {
		return sample{Contestant: name, CPU: cpu, PerSecond: second, P99: p99}
	}
	res := result{
		Section: perTask, Row: "row", Gzip: true,
		Rounds: [][]sample{
			{
				at(contestant.SDK, 10, 90, 7), at(contestant.Saturated, 4, 300, 7), at(contestant.Mainspring, 5, 200, 8),
				at(contestant.Honest, 3, 400, 5),
			},
			{
				at(contestant.SDK, 10, 90, 7), at(contestant.Saturated, 4, 100, 7), at(contestant.Mainspring, 5, 180, 8),
				at(contestant.Honest, 3, 500, 6),
			},
		},
	}
	own := result{
		Section: latency, Row: "at a rate of each one's own", Against: contestant.Honest,
		Rounds: [][]sample{{at(contestant.SDK, 1, 90, 1), at(contestant.Mainspring, 5, 10, 7)}},
	}
	arrivals := result{
		Section: latency, Row: "arrivals", Against: contestant.SDK,
		Rounds: [][]sample{{at(contestant.SDK, 10, 90, 7.04), at(contestant.Mainspring, 5, 10, 7.01)}},
	}
	found := finding{
		Row: "found", Columns: []string{"polls", "ms", "workflows a second"},
		Lines: []line{
			{Case: "a", Contestant: contestant.SDK, Values: [][]float64{{4, 5, 50}}},
			{Case: "a", Contestant: contestant.Mainspring, Values: [][]float64{{10, 6, 60}}},
			{Case: "b", Contestant: contestant.SDK, Values: [][]float64{{4, 5, 50}}},
			{Case: "b", Contestant: contestant.Mainspring, Values: [][]float64{{10, 4, 40}}},
			{Case: "c", Contestant: contestant.Mainspring, Values: [][]float64{{10, 4, 40}}}, // has no peer
		},
	}
	var b strings.Builder
	report{Results: []result{res, own, arrivals}, Findings: []finding{found}}.worse(&b)
	const want = `
### Worse than with the Go SDK

Of 12 numbers that are compared, by their medians: 6.

| | | Mainspring | | | do the rounds overlap? | honest floor |
|---|---|---|---|---|---|---|
| row, gzip | p99 µs | 8 | Go SDK | 7 | no | 5.5 (5 - 6) |
| row, gzip | CPU µs | 5 | Go SDK saturated | 4 | no | 3 |
| row, gzip | a second | 190 (180 - 200) | Go SDK saturated | 200 (100 - 300) | yes | 450 (400 - 500) |
| row, gzip | p99 µs | 8 | Go SDK saturated | 7 | no | 5.5 (5 - 6) |
| found, a | ms | 6 | Go SDK | 5 | no |  |
| found, b | workflows a second | 40 | Go SDK | 50 | no |  |
`
	if got := b.String(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNothingWorse(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	report{}.worse(&b)
	if b.Len() > 0 {
		t.Errorf("nothing was compared: %s", b.String())
	}
	report{Results: []result{{Rounds: [][]sample{{
		{Contestant: contestant.SDK, CPU: 2}, {Contestant: contestant.Mainspring, CPU: 1},
	}}}}}.worse(&b)
	if want := "Of 1 numbers that are compared, by their medians: 0.\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("got %s\nwant %s", b.String(), want)
	}
}

// The least throughput is said beside the budget of CPU time.
func TestThroughputBudget(t *testing.T) {
	t.Parallel()
	res := result{
		Against: contestant.Honest, Budget: budget{Ratio: 1.3, Throughput: 0.75},
		Rounds: [][]sample{{
			{Contestant: contestant.Floor, PerSecond: 100},
			{Contestant: contestant.Honest, CPU: 10},
			{Contestant: contestant.Mainspring, CPU: 12, PerSecond: 70},
		}},
	}
	const want = "\nBudget 1.3 x honest floor: kept, 1.20.\n\nAs many a second as 0.75 x floor at least: missed, 0.70.\n"
	if got := verdict(res); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A budget in microseconds grows with what the SDK takes, as that tells how fast the machine is.
func TestBudgetOnAnotherMachine(t *testing.T) {
	t.Parallel()
	for ours, want := range map[float64]string{4: "kept, 0.25", 8: "exceeded, 0.50"} {
		got := verdict(result{
			Against: contestant.SDK, Point: "much", Budget: budget{Micros: 2, Theirs: 6.5},
			Rounds: [][]sample{{{Contestant: contestant.SDK, CPU: 16}, {Contestant: contestant.Mainspring, CPU: ours}}},
		})
		if want := "\nBudget at much 2 µs where Go SDK takes 6.5, so 0.31 x: " + want + ".\n"; got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}
