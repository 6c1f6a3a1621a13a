package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// TestMain lets the test binary play the roles that the command gives to itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-as" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every row still works: the frontend checks every answer.
func TestEveryContestantDoesEveryRow(t *testing.T) {
	t.Parallel()
	for _, gzip := range []bool{false, true} {
		p := plan{rows: rows(), rounds: 1, once: true}
		if err := p.narrow("", fmt.Sprint(gzip), false); err != nil {
			t.Fatal(err)
		}
		// The SDK takes a while for the longest ones; what they do is what shorter ones do.
		p.rows = slices.DeleteFunc(p.rows, func(r row) bool { return r.units > 20_000 || r.park.events > 20_000 })
		if gzip {
			p.rows = p.rows[3:4] // which has tasks of both kinds
		}
		var out, progress bytes.Buffer
		if err := p.carryOut(t.Context(), &out, &progress); err != nil {
			t.Fatal(err)
		}
		page, _, _ := strings.Cut(out.String(), worseHeading)
		for _, name := range contestant.All() {
			want := 1 // of the stops
			for _, r := range p.rows {
				if slices.Contains(r.contestants, name) {
					want++
				}
			}
			if n := strings.Count(page, "| "+name+" |"); n != want {
				t.Errorf("%d lines for %s, want %d", n, name, want)
			}
		}
	}
}

func TestArgumentsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-gzip", "perhaps"}, {"-rounds", "0"}, {"-row", "no such row"}, {"-as", "nobody"}, {"-nonsense"},
	} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// planted is a report of two rounds.
func planted() report {
	var rounds [][]sample
	for _, cpu := range []float64{10, 20} {
		var round []sample
		for i, name := range contestant.All() {
			round = append(round, sample{Contestant: name, CPU: cpu * float64(i+1), PerSecond: 1})
		}
		rounds = append(rounds, round)
	}
	return newReport([]result{{
		Section: perTask, Row: "activity", Against: contestant.Honest, Budget: budget{Ratio: 1.3}, Rounds: rounds,
	}}, nil, time.Minute)
}

func TestReport(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "integration", "bench")
	overview := filepath.Join(root, "README.md")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(overview, []byte(begins+ends), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := planted().write(dir); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("without a README: %v", err)
	}
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+begins+"old\n"+ends+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := planted().write(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n" + begins, ends + "after\n", "2 rounds in turn",
		"| Mainspring | 75 | 50 - 100 | 1.25 | 1.25 - 1.25 |", "kept, 1.25",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q:\n%s", want, page)
		}
	}
	if strings.Contains(string(page), "old") {
		t.Error("the old results are still there")
	}
	if within, err := os.ReadFile(overview); err != nil || !strings.Contains(string(within), "| Activity | **1.25** (75 µs) | 1.3 | 0.") {
		t.Errorf("the overview is %s, %v", within, err)
	}
	plot, err := os.ReadFile(filepath.Join(dir, "plot.svg"))
	if err != nil || strings.Count(string(plot), "<rect") != 1+len(contestant.All()) {
		t.Errorf("the plot is %s, %v", plot, err)
	}
}
