package main

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// grown are results at two points, where the SDK's cost doubles from 10 and ours stays at 5.
func grown(section string) []result {
	var all []result
	for i, point := range []string{"small", "large"} {
		all = append(all, result{
			Section: section, Row: "something that grows", Point: point, What: "A unit is one.", Against: contestant.SDK,
			Rounds: [][]sample{{
				{Contestant: contestant.SDK, CPU: 10 * float64(i+1), Arrived: 100, P50: 20, P99: 400},
				{Contestant: contestant.Mainspring, CPU: 5, Arrived: 200, P50: 5, P99: 100},
			}},
		})
	}
	return all
}

func TestTablesOfSeveralPoints(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		section string
		want    []string
	}{
		{growth, []string{
			"### Growth\n", "`go run ./integration/bench -row \"growth\"`",
			"**Something that grows**\n\nA unit is one. 1 round in turn.\n",
			"|  |  | CPU µs | min - max | x small | x Go SDK |",
			"| small | Go SDK | 10 | 10 - 10 | 1.00 | 1.00 |", "| large | Go SDK | 20 | 20 - 20 | 2.00 | 1.00 |",
			"| small | Mainspring | 5 | 5 - 5 | 1.00 | 0.50 |", "| large | Mainspring | 5 | 5 - 5 | 1.00 | 0.25 |",
		}},
		{latency, []string{
			"### Latency\n", "| tasks a second | p50 µs | min - max | p50 x Go SDK | min - max | p99 µs |",
			"| small | Mainspring | 200 | 5 | 5 - 5 | 0.25 | 0.25 - 0.25 | 100 | 100 - 100 | 0.25 | 0.25 - 0.25 | 5 |",
		}},
	} {
		text := newReport(grown(test.section), nil, time.Minute).table()
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", test.section, want, text)
			}
		}
		if n := strings.Count(text, "**Something that grows**"); n != 1 {
			t.Errorf("%s: %d tables, want one", test.section, n)
		}
		checkColumns(t, text)
	}
}

// checkColumns fails if a line of a table has not as many cells as its head.
func checkColumns(t *testing.T, text string) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(text) {
		n := strings.Count(line, "|")
		if n > 0 && cells > 0 && n != cells {
			t.Errorf("%d cells, want %d: %s", n, cells, line)
		}
		cells = n
	}
}

// A row of a section of points that has none of its own is not compared with the first.
func TestTablesOfOnePoint(t *testing.T) {
	t.Parallel()
	results := grown(replayed)
	results[0].Point, results[0].Row, results[0].Budget = "", "alone", budget{Micros: 4}
	text := newReport(results, nil, time.Minute).table()
	checkColumns(t, text)
	for _, want := range []string{
		"**Alone**", "|  | CPU µs | min - max | x Go SDK |", "\n| Mainspring | 5 | 5 - 5 | 0.50 |", "Budget 4 µs: exceeded, 5.00.",
		"**Something that grows**", "|  |  | CPU µs | min - max | x large | x Go SDK |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPlotsOfSeveralPoints(t *testing.T) {
	t.Parallel()
	results := append(grown(growth), grown(latency)...)
	results = append(results, result{
		Section: growth, Row: "compressed", Point: "small", Gzip: true, Rounds: results[0].Rounds,
	})
	plot := newReport(results, nil, time.Minute).plot()
	if err := xml.Unmarshal([]byte(plot), new(struct{})); err != nil {
		t.Fatalf("%v in\n%s", err, plot)
	}
	for want, times := range map[string]int{
		"<polyline": 4, "<circle": 8, "grows: CPU µs": 1, "grows: p99 µs": 1, ">400</text>": 2, "ompressed": 0,
	} {
		if n := strings.Count(plot, want); n != times {
			t.Errorf("%d times %q, want %d, in\n%s", n, want, times, plot)
		}
	}
}

// Every row can be chosen by its title alone, and stands under a heading.
func TestRowsHaveTitlesAndHeadings(t *testing.T) {
	t.Parallel()
	titles := make(map[string]bool)
	for _, r := range rows() {
		if titles[r.title()] {
			t.Errorf("two rows are %q", r.title())
		}
		titles[r.title()] = true
		found := false
		for _, h := range headings() {
			found = found || h.name == r.section
		}
		if !found {
			t.Errorf("%q: no heading", r.title())
		}
		if r.point != "" && r.what == "" {
			t.Errorf("%q: nothing says what a unit is", r.title())
		}
		if n := r.most(1); n != 1 {
			t.Errorf("%q: %d rounds, want one", r.title(), n)
		}
	}
}

func TestOutermost(t *testing.T) {
	t.Parallel()
	var rows []row
	for _, title := range []string{"a1", "a2", "a3", "b", "c1", "c2", "a4"} {
		rows = append(rows, row{section: perTask, name: title[:1], point: title[1:]})
	}
	var got []string
	for _, r := range outermost(rows) {
		got = append(got, r.name+r.point)
	}
	if want := "a1 b c1 c2 a4"; strings.Join(got, " ") != want {
		t.Errorf("%q are left, want %s", got, want)
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	few := rows()[0]
	many := few
	many.point, many.full = "much", true
	for _, test := range []struct {
		name, only string
		plan       plan
		rows       int
		writes     bool
	}{
		{"what takes long is left out", "", plan{}, 1, true},
		{"unless it is asked for", "", plan{full: true}, 2, true},
		{"a section", perTask, plan{full: true}, 2, false},
		{"a point", "much", plan{full: true}, 1, false},
		{"all, but briefly", "", plan{once: true}, 1, false},
	} {
		p := test.plan
		p.rows, p.rounds, p.out = []row{few, many}, 1, "somewhere"
		if err := p.narrow(test.only, "both", false); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if len(p.rows) != test.rows || (p.out != "") != test.writes {
			t.Errorf("%s: %d rows, written to %q", test.name, len(p.rows), p.out)
		}
	}
}
