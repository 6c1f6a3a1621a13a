package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// A table is the results that differ in their points only, or one that has none.
type table []result

// tables are those of the report, in the order of their first results.
func (r report) tables() []table {
	var all []table
	for _, res := range r.Results {
		i := slices.IndexFunc(all, func(t table) bool {
			return t[0].Section == res.Section && t[0].Row == res.Row && t[0].Gzip == res.Gzip
		})
		if i < 0 {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], res)
	}
	return all
}

// title names the table.
func (t table) title() string {
	title := title(t[0].Row)
	if t[0].Section == perTask {
		title += ", " + gzipped(t[0].Gzip)
	}
	return title
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// write adds the table to the page.
func (t table) write(b *strings.Builder, columns []column) {
	fmt.Fprintf(b, "\n**%s**\n\n%s%s in turn.\n\n", t.title(), sentence(t[0].What), rounds(len(t[0].Rounds)))
	heads := []string{"", ""} // of the point and of the contestant
	if t[0].Point == "" {
		heads = heads[:1]
	}
	columns = slices.DeleteFunc(slices.Clone(columns), func(c column) bool { return c.fits != nil && !c.fits(t[0]) })
	names := strings.NewReplacer("{against}", t[0].Against, "{first}", t[0].Point)
	for _, c := range columns {
		heads = append(heads, names.Replace(c.head))
	}
	fmt.Fprintf(b, "| %s |\n%s|\n", strings.Join(heads, " | "), strings.Repeat("|---", len(heads)))
	for _, res := range t {
		t.lines(b, res, columns)
	}
	for _, res := range t {
		if res.Budget != (budget{}) && !res.Gzip {
			b.WriteString(verdict(res))
		}
	}
}

// lines are those of one point.
func (t table) lines(b *strings.Builder, res result, columns []column) {
	for _, name := range res.contestants() {
		if res.Point != "" {
			b.WriteString("| " + res.Point + " ")
		}
		b.WriteString("| " + name + " ")
		for _, c := range columns {
			b.WriteString("| " + c.cell(t, res, name) + " ")
		}
		b.WriteString("|\n")
	}
}

// sentence is text to which another sentence is added.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return text + " "
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// verdict says whether Mainspring keeps the budget, by the median.
func verdict(res result) string {
	budget, at := res.Budget, ""
	if res.Point != "" {
		at = " at " + res.Point
	}
	most, limit := fmt.Sprintf("%.2g µs", budget.Micros), budget.Micros
	switch {
	case budget.Ratio > 0:
		most, limit = fmt.Sprintf("%.2g x %s", budget.Ratio, res.Against), budget.Ratio
	case budget.Theirs > 0:
		limit = budget.Micros / budget.Theirs
		most += fmt.Sprintf(" where %s takes %.3g, so %.2g x", res.Against, budget.Theirs, limit)
	}
	got := res.ratio(contestant.Mainspring, res.Against, microsOf).median
	if budget.Ratio+budget.Theirs == 0 {
		got = res.of(contestant.Mainspring, microsOf).median
	}
	text := fmt.Sprintf("\nBudget%s %s: %s, %.2f.\n", at, most, outcome(got <= limit, "exceeded"), got)
	if least := budget.Throughput; least > 0 {
		got = res.ratio(contestant.Mainspring, contestant.Floor, perSecond).median
		text += fmt.Sprintf("\nAs many a second as %.2g x %s at least: %s, %.2f.\n",
			least, contestant.Floor, outcome(got >= least, "missed"), got)
	}
	return text
}

func outcome(kept bool, otherwise string) string {
	if kept {
		return "kept"
	}
	return otherwise
}

// A column says something of a contestant at one point of a table. In its head stand {against}, who
// ratios compare with, and {first}, the first point.
type column struct {
	head string
	cell func(t table, res result, name string) string
	fits func(first result) bool // whether a table that begins so has it; nil for always
}

func taskColumns() []column {
	return []column{
		median("CPU µs", microsOf), extremes("min - max", microsOf),
		ratio("x {against}", microsOf), ratioExtremes("min - max", microsOf),
		median("a second", perSecond),
		median("allocations", allocsOf), median("kB", kilobytes), median("max RSS MB", megabytesRSS),
	}
}

// growthColumns are for tables of several points.
func growthColumns() []column {
	perRun := median("kB a workflow", kilobytesPerRun)
	perRun.fits = func(first result) bool { return first.Rounds[0][0].PerRun != 0 }
	return append(slices.Insert(taskColumns(), 2, column{
		head: "x {first}", fits: func(first result) bool { return first.Point != "" },
		cell: func(t table, res result, name string) string {
			return fmt.Sprintf("%.2f", res.of(name, microsOf).median/t[0].of(name, microsOf).median)
		},
	}), perRun)
}

// The numbers of a sample, in the units in which they are shown.

func microsOf(s sample) float64        { return s.CPU }
func perSecond(s sample) float64       { return s.PerSecond }
func allocsOf(s sample) float64        { return s.Allocs }
func kilobytes(s sample) float64       { return s.Bytes / 1e3 }
func megabytesRSS(s sample) float64    { return float64(s.RSS) / 1e6 }
func kilobytesPerRun(s sample) float64 { return s.PerRun / 1e3 }
func p50Of(s sample) float64           { return s.P50 }
func p99Of(s sample) float64           { return s.P99 }

// median is that of a number over the rounds, extremes are the least and the greatest.
func median(head string, number func(sample) float64) column {
	return column{head: head, cell: func(_ table, res result, name string) string {
		return short(res.of(name, number).median)
	}}
}

func extremes(head string, number func(sample) float64) column {
	return column{head: head, cell: func(_ table, res result, name string) string {
		s := res.of(name, number)
		return short(s.low) + " - " + short(s.high)
	}}
}

// ratio is that to another contestant in the same round, whom head names.
func ratio(head string, number func(sample) float64) column {
	return column{head: head, cell: func(_ table, res result, name string) string {
		return fmt.Sprintf("%.2f", res.ratio(name, res.Against, number).median)
	}}
}

func ratioExtremes(head string, number func(sample) float64) column {
	return column{head: head, cell: func(_ table, res result, name string) string {
		s := res.ratio(name, res.Against, number)
		return fmt.Sprintf("%.2f - %.2f", s.low, s.high)
	}}
}

// short is a number in about three digits.
func short(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.2g", f)
	}
	return fmt.Sprintf("%.0f", f)
}
