package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// Every topic still works, but the one that needs a real server: .ci/run asks for that.
func TestEveryTopicIsMeasured(t *testing.T) {
	t.Parallel()
	p := plan{rows: rows(), topics: topics(), rounds: 1, once: true, args: "-once"}
	if err := p.narrow("", "false", false); err != nil {
		t.Fatal(err)
	}
	p.rows = nil // TestEveryContestantDoesEveryRow
	var out, progress bytes.Buffer
	if err := p.carryOut(t.Context(), &out, &progress); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "`go run ./integration/bench -once`") {
		t.Errorf("the page does not tell the command:\n%s", out.String())
	}
	for _, one := range topics() {
		_, rest, ok := strings.Cut(out.String(), "\n### "+title(one.name)+"\n")
		if !ok {
			t.Fatalf("the page has no section on %s:\n%s", one.name, out.String())
		}
		section, _, _ := strings.Cut(rest, "\n### ")
		if measured := strings.Contains(section, "| "+contestant.Mainspring+" |"); measured == one.onAsk {
			t.Errorf("%s was measured: %t\n%s", one.name, measured, section)
		}
		if !strings.Contains(progress.String(), one.name) {
			t.Errorf("progress says nothing of %s: %s", one.name, progress.String())
		}
	}
}

func TestTopicsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		only   string
		onReal bool
		named  int  // topics in the plan
		real   bool // whether the one with a real server would be measured
	}{
		{"", false, len(topics()), false},
		{"", true, len(topics()), true},
		{"real server", false, 1, true},
		{"memory", false, 2, false},
		{"activity", false, 0, false},
		{"subprocess", false, 1, false},
		{"sandbox", false, 1, false},
	}
	for _, tt := range tests {
		p := plan{topics: topics()}
		got := p.about(tt.only, tt.onReal)
		if len(got) != tt.named {
			t.Errorf("-row %q -real=%t: %d topics, want %d", tt.only, tt.onReal, len(got), tt.named)
		}
		i := slices.IndexFunc(got, func(t topic) bool { return t.onAsk })
		if i < 0 {
			continue
		}
		_, err := got[i].measure(canceled(t), &p, func(string) {})
		if would := err != nil; would != tt.real { // it is told to stop at once
			t.Errorf("-row %q -real=%t: measured with a real server: %t, want %t", tt.only, tt.onReal, would, tt.real)
		}
	}
}

func TestPageOfAFinding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		f    finding
		want string
	}{{
		"not measured",
		finding{Row: "real server", Says: "Says.", Command: "go run", Columns: []string{"ms"}},
		"### Real server\n\nSays. `go run`\n\nNot measured this time.\n",
	}, {
		"rounds",
		finding{Row: "idle", Says: "Says.", Command: "go run", Columns: []string{"ms", "MB"}, Lines: []line{
			{Contestant: "SDK", Values: [][]float64{{3, 20}, {1, 20}, {2, 20}}},
			{Contestant: "Mainspring", Values: [][]float64{{0.25, 12}}},
		}, Verdict: "Kept."},
		"### Idle\n\nSays. `go run`\n\n|  | ms | MB |\n|---|---|---|\n" +
			"| SDK | 2 (1 - 3) | 20 |\n| Mainspring | 0.25 | 12 |\n\nKept.\n",
	}, {
		"cases",
		finding{Row: "stop", Says: "Says.", Command: "go run", Columns: []string{"ms"}, Lines: []line{
			{Case: "busy", Contestant: "SDK", Values: [][]float64{{3}}},
			{Case: "idle", Contestant: "SDK", Values: [][]float64{{4}}},
		}},
		"### Stop\n\nSays. `go run`\n\n|  |  | ms |\n|---|---|---|\n| busy | SDK | 3 |\n| idle | SDK | 4 |\n",
	}}
	for _, tt := range tests {
		if got := tt.f.page(); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestSteadiness(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		heap float64 // MB at the end, and 5 in the beginning
		want string
	}{
		{5, "kept, 0; goroutines: +2"},
		{4, "kept, -11; goroutines: +2"},
		{6.8, "exceeded, 20; goroutines: +2"},
	} {
		var f finding
		for i, mark := range marks() {
			values := []float64{float64(mark) * 10_000, 30, 5, 1, 20}
			if i == len(marks())-1 {
				values[2], values[4] = tt.heap, 22
			}
			f.Lines = append(f.Lines, line{
				Case: markName(mark), Contestant: contestant.Mainspring, Values: [][]float64{values},
			})
		}
		if got := steadiness(f); !strings.Contains(got, tt.want) {
			t.Errorf("%v MB: %q, want %q in it", tt.heap, got, tt.want)
		}
	}
}

var errPlanted = errors.New("planted")

// canceled is a context that is over.
func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestTogetherReportsWhatWentWrong(t *testing.T) {
	t.Parallel()
	fine := func() error { return nil }
	if err := together(fine, fine); err != nil {
		t.Error(err)
	}
	if err := together(fine, func() error { return errPlanted }, fine); !errors.Is(err, errPlanted) {
		t.Errorf("got %v, want the planted error", err)
	}
}
