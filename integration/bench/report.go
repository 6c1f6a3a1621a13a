package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// A report is everything that was measured.
type report struct {
	Date    string   `json:"date"`
	Command string   `json:"command"`
	Machine string   `json:"machine"`
	Seconds float64  `json:"seconds"`
	Results []result `json:"results"`
}

func newReport(results []result, took time.Duration) report {
	return report{
		Date:    time.Now().UTC().Format(time.DateOnly),
		Command: "go run ./integration/bench",
		Machine: fmt.Sprintf("%d cores of %s, %s, %s/%s",
			runtime.GOMAXPROCS(0), processor(), runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Seconds: took.Seconds(),
		Results: results,
	}
}

// processor is the name of the machine's, where Linux tells.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return "an " + strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}

// A spread is what several rounds say about one number.
type spread struct{ low, median, high float64 }

func spreadOf(values []float64) spread {
	slices.Sort(values)
	n := len(values)
	return spread{values[0], (values[(n-1)/2] + values[n/2]) / 2, values[n-1]}
}

// of gathers a number of a contestant over the rounds.
func (r result) of(name string, number func(sample) float64) spread {
	var values []float64
	for _, round := range r.Rounds {
		for _, s := range round {
			if s.Contestant == name {
				values = append(values, number(s))
			}
		}
	}
	return spreadOf(values)
}

// ratio is the CPU time of one contestant in times another's of the same round.
func (r result) ratio(of, to string) spread {
	var values []float64
	for _, round := range r.Rounds {
		var above, below float64
		for _, s := range round {
			if s.Contestant == of {
				above = s.CPU
			}
			if s.Contestant == to {
				below = s.CPU
			}
		}
		values = append(values, above/below)
	}
	return spreadOf(values)
}

// table is the results as Markdown.
func (r report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, `%s`, %s, %d rounds in turn, %.0f s.\n",
		r.Date, r.Command, r.Machine, len(r.Results[0].Rounds), r.Seconds)
	for _, res := range r.Results {
		fmt.Fprintf(&b, "\n**%s**\n\n", res.title())
		fmt.Fprintf(&b, "| | CPU µs | min - max | x %s | min - max | a second | allocations | kB | max RSS MB |\n", res.Against)
		b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
		for _, name := range res.contestants() {
			cpu := res.of(name, func(s sample) float64 { return s.CPU })
			ratio := res.ratio(name, res.Against)
			fmt.Fprintf(&b, "| %s | %s | %s - %s | %.2f | %.2f - %.2f | %.0f | %s | %s | %.0f |\n",
				name, short(cpu.median), short(cpu.low), short(cpu.high), ratio.median, ratio.low, ratio.high,
				res.of(name, func(s sample) float64 { return s.PerSecond }).median,
				short(res.of(name, func(s sample) float64 { return s.Allocs }).median),
				short(res.of(name, func(s sample) float64 { return s.Bytes }).median/1e3),
				res.of(name, func(s sample) float64 { return float64(s.RSS) }).median/1e6)
		}
		if !res.Gzip {
			fmt.Fprintf(&b, "\nBudget %s.\n", verdict(res))
		}
	}
	r.stops(&b)
	return b.String()
}

// stops writes how long contestants took to stop, over all rows.
func (r report) stops(b *strings.Builder) {
	all := make(map[string][]float64)
	for _, res := range r.Results {
		for name, took := range res.Stops {
			all[name] = append(all[name], took)
		}
	}
	if len(all) == 0 {
		return // only replays were measured
	}
	b.WriteString("\n**Idle stop, with polls in flight**\n\n| | ms | min - max |\n|---|---|---|\n")
	for _, name := range contestant.All() {
		took := spreadOf(all[name])
		fmt.Fprintf(b, "| %s | %.1f | %.1f - %.1f |\n", name, took.median, took.low, took.high)
	}
}

// title names the row.
func (r result) title() string {
	title := strings.ToUpper(r.Row[:1]) + r.Row[1:]
	if r.Budget.Ratio == 0 {
		return title // nothing is sent
	}
	return title + ", " + gzipped(r.Gzip)
}

// short is a number in about three digits.
func short(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.2g", f)
	}
	return fmt.Sprintf("%.0f", f)
}

// contestants are those of the row, in its order.
func (r result) contestants() []string {
	var names []string
	for _, s := range r.Rounds[0] {
		names = append(names, s.Contestant)
	}
	return names
}

// verdict says whether Mainspring keeps the budget, by the median.
func verdict(res result) string {
	got, most, unit := res.of(contestant.Mainspring, func(s sample) float64 { return s.CPU }).median, res.Budget.Micros, "µs"
	if res.Budget.Ratio > 0 {
		got, most, unit = res.ratio(contestant.Mainspring, res.Against).median, res.Budget.Ratio, "x "+res.Against
	}
	if got <= most {
		return fmt.Sprintf("%.2g %s: kept, %.2f", most, unit, got)
	}
	return fmt.Sprintf("%.2g %s: exceeded, %.2f", most, unit, got)
}

// The part of README.md that write replaces is between these lines.
const (
	begins = "<!-- results: written by go run ./integration/bench -->\n"
	ends   = "<!-- end of results -->\n"
)

// write puts the report into README.md of the directory, and beside it.
func (r report) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	readme := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return fmt.Errorf("-out %q: run the command at the root of the repository: %w", dir, err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for results: lines %q and %q", readme, begins, ends)
	}
	page := before + begins + "\n![CPU time](plot.svg)\n\n" + r.table() + "\n" + ends + after
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "results.json"), append(data, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, "plot.svg"), []byte(r.plot()), 0o644),
		os.WriteFile(readme, []byte(page), 0o644))
}
