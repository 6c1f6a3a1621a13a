package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// overview is what the README of the project shows of the results: the rows that have a bare client to
// compare with, without gzip.
func (r report) overview() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| CPU time, times that of the bare calls | Mainspring | budget | Go SDK, saturated | Go SDK, as shipped |\n"+
		"|---|---|---|---|---|\n")
	for _, res := range r.Results {
		if res.Section != perTask || res.Gzip {
			continue
		}
		fmt.Fprintf(&b, "| %s | **%.2f** (%.0f µs) | %.1f |", title(res.Row),
			res.times(contestant.Mainspring), res.of(contestant.Mainspring, microsOf).median, res.Budget.Ratio)
		for _, name := range []string{contestant.Saturated, contestant.SDK} {
			fmt.Fprintf(&b, " %.2f |", res.times(name))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%s, %s. `%s` makes this table, the plot, and those in [integration/bench](integration/bench), "+
		"which say how far the rounds lie apart and what else was measured.\n", r.Date, r.Machine, r.Command)
	return b.String()
}

// times is the CPU time of a contestant in times that of the one to compare with.
func (r result) times(name string) float64 { return r.ratio(name, r.Against, microsOf).median }

// writeOverview puts the overview into the README of the project, if the directory is within one that
// has a place for it.
func (r report) writeOverview(dir string) error {
	file := filepath.Join(dir, "..", "..", "README.md")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), begins) {
		return nil //nolint:nilerr // the directory is somewhere else
	}
	return putBetween(file, "\n"+r.overview()+"\n")
}
