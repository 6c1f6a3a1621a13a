package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// A comparison is a number of ours beside that of the Go SDK.
type comparison struct {
	where, number, who string
	ours, theirs       spread
	floor              string // that of the honest floor, empty if there is none
	more               bool   // whether more is better
}

// isWorse says whether ours is the worse one, by the median as it is shown: what the page shows as
// equal is equal.
func (c comparison) isWorse() bool {
	if short(c.ours.median) == short(c.theirs.median) {
		return false
	}
	return c.ours.median < c.theirs.median == c.more
}

// overlaps says whether the rounds of both sides lie too near to tell.
func (c comparison) overlaps() bool {
	return c.ours.low <= c.theirs.high && c.theirs.low <= c.ours.high
}

const worseHeading = "### Worse than with the Go SDK\n"

// worse writes every number that is worse than the Go SDK's, so that nobody has to look for them.
func (r report) worse(b *strings.Builder) {
	all := slices.Concat(r.comparisons(), r.comparisonsOfFindings())
	if len(all) == 0 {
		return
	}
	n := len(all)
	all = slices.DeleteFunc(all, func(c comparison) bool { return !c.isWorse() })
	fmt.Fprintf(b, "\n%s\nOf %d numbers that are compared, by their medians: %d.\n", worseHeading, n, len(all))
	if len(all) == 0 {
		return
	}
	b.WriteString("\n| | | Mainspring | | | do the rounds overlap? | honest floor |\n|---|---|---|---|---|---|---|\n")
	for _, c := range all {
		overlap := "no"
		if c.overlaps() {
			overlap = "yes"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", c.where, c.number, c.ours, c.who, c.theirs, overlap, c.floor)
	}
}

// comparisons are those of the rows. With what saturates it the SDK does several times as much a
// second as one of its workers may, so a row that has both is compared with both.
func (r report) comparisons() (all []comparison) {
	numbers := []struct {
		name string
		of   func(sample) float64
		more bool
	}{
		{"CPU µs", microsOf, false},
		{"a second", perSecond, true},
		{"allocations", allocsOf, false},
		{"kB", kilobytes, false},
		{"max RSS MB", megabytesRSS, false},
		{"kB a workflow", kilobytesPerRun, false},
		{"p50 µs", p50Of, false},
		{"p99 µs", p99Of, false},
	}
	for _, res := range r.Results {
		for _, who := range []string{contestant.SDK, contestant.Saturated} {
			if !slices.Contains(res.contestants(), who) || res.Section == latency && res.Against != who {
				continue // the row does without, or asks each for another rate
			}
			for _, n := range numbers {
				ours, theirs := res.of(contestant.Mainspring, n.of), res.of(who, n.of)
				if ours.median == 0 && theirs.median == 0 {
					continue // the row has no such number
				}
				if n.more && res.Section == latency {
					continue // the rate is given
				}
				c := comparison{where: res.title(), number: n.name, who: who, ours: ours, theirs: theirs, more: n.more}
				if slices.Contains(res.contestants(), contestant.Honest) {
					c.floor = res.of(contestant.Honest, n.of).String()
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// comparisonsOfFindings are those of the topics.
func (r report) comparisonsOfFindings() (all []comparison) {
	// They say what was measured, or the same once more.
	given := []string{"polls", "activities", "x Go SDK", "ms in all"}
	for _, f := range r.Findings {
		for _, l := range f.Lines {
			i := slices.IndexFunc(f.Lines, func(other line) bool {
				return other.Case == l.Case && (other.Contestant == contestant.SDK || other.Contestant == contestant.Saturated)
			})
			if l.Contestant != contestant.Mainspring || i < 0 {
				continue
			}
			for column, number := range f.Columns {
				if slices.Contains(given, number) {
					continue
				}
				where := f.Row
				if l.Case != "" {
					where += ", " + l.Case
				}
				all = append(all, comparison{
					where: where, number: number, who: f.Lines[i].Contestant,
					ours: l.at(column), theirs: f.Lines[i].at(column), more: strings.HasSuffix(number, "a second"),
				})
			}
		}
	}
	return all
}

// title names a result as it stands in tables.
func (r result) title() string {
	name := r.Row
	if r.Point != "" {
		name += ", " + r.Point
	}
	if r.Gzip {
		name += ", gzip"
	}
	return name
}
