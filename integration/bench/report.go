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
	// Findings are what was measured of topics.
	Findings []finding `json:"findings"`
}

func newReport(results []result, findings []finding, took time.Duration) report {
	return report{
		Date:    time.Now().UTC().Format(time.DateOnly),
		Command: "go run ./integration/bench",
		Machine: fmt.Sprintf("%d cores of %s, %s, %s/%s",
			runtime.GOMAXPROCS(0), processor(), runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Seconds: took.Seconds(),
		Results: results, Findings: findings,
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

// ratio is a number of one contestant in times another's of the same round.
func (r result) ratio(of, to string, number func(sample) float64) spread {
	var values []float64
	for _, round := range r.Rounds {
		var above, below float64
		for _, s := range round {
			if s.Contestant == of {
				above = number(s)
			}
			if s.Contestant == to {
				below = number(s)
			}
		}
		values = append(values, above/below)
	}
	return spreadOf(values)
}

// table is the results as Markdown, section by section.
func (r report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, `%s`, %s, %.0f s.\n", r.Date, r.Command, r.Machine, r.Seconds)
	for _, s := range headings() {
		var tables []table
		for _, t := range r.tables() {
			if t[0].Section == s.name {
				tables = append(tables, t)
			}
		}
		if len(tables) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s `go run ./integration/bench -row %q`\n", title(s.name), s.says, s.name)
		for _, t := range tables {
			t.write(&b, s.columns)
		}
	}
	r.stops(&b)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s", f.page())
	}
	r.worse(&b)
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
	b.WriteString("\n### Idle stop\n\nHow long the contestants above took to stop, with polls in flight.\n\n| | ms | min - max |\n|---|---|---|\n")
	for _, name := range contestant.All() {
		took := spreadOf(all[name])
		fmt.Fprintf(b, "| %s | %.1f | %.1f - %.1f |\n", name, took.median, took.low, took.high)
	}
}

// contestants are those of the row, in its order.
func (r result) contestants() []string {
	var names []string
	for _, s := range r.Rounds[0] {
		names = append(names, s.Contestant)
	}
	return names
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
	if err := putBetween(filepath.Join(dir, "README.md"), "\n![CPU time](plot.svg)\n\n"+r.table()+"\n"); err != nil {
		return fmt.Errorf("-out %q: %w", dir, err)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "results.json"), append(data, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, "plot.svg"), []byte(r.plot()), 0o644),
		r.writeOverview(dir))
}

// putBetween replaces what a page has between the lines for results.
func putBetween(file, results string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("run the command at the root of the repository: %w", err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for results: lines %q and %q", file, begins, ends)
	}
	return os.WriteFile(file, []byte(before+begins+results+ends+after), 0o644)
}
