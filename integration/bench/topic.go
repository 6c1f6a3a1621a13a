package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// A topic is measured in a way of its own, since its numbers are not costs of a unit of work. It is a
// section of the page, with one table.
type topic struct {
	name    string // by which -row finds it
	says    string // what is measured, and in which units
	flags   string // what the command needs beside -row to measure all of it
	columns []string
	onAsk   bool // whether it takes to be asked for, as it needs a real server
	measure func(ctx context.Context, p *plan, say func(string)) (finding, error)
}

// topics are all of them, in the order of the page.
func topics() []topic {
	return slices.Concat(memoryTopics(), idleTopics(), stopTopics(), subprocessTopics(), sandboxTopics(), realTopics())
}

// about are the topics that are asked for. Those that take to be asked for and are not stay as a
// section that says how.
func (p *plan) about(only string, onReal bool) []topic {
	var all []topic
	for _, t := range p.topics {
		if !strings.Contains(t.name, only) {
			continue
		}
		if t.onAsk && !onReal && only == "" {
			t.measure = func(context.Context, *plan, func(string)) (finding, error) { return finding{}, nil }
		}
		all = append(all, t)
	}
	return all
}

// find measures the topics.
func (p *plan) find(ctx context.Context, say func(string)) (all []finding, err error) {
	for _, t := range p.topics {
		say(t.name)
		f, err := t.measure(ctx, p, say)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		f.Row, f.Says, f.Columns = t.name, t.says, t.columns
		f.Command = fmt.Sprintf("go run ./integration/bench -row %q", t.name)
		if t.flags != "" {
			f.Command += " " + t.flags
		}
		all = append(all, f)
	}
	return all, nil
}

// A finding is what was measured of a topic; without lines it was not measured.
type finding struct {
	Row     string   `json:"row"`
	Says    string   `json:"says"`
	Command string   `json:"command"`
	Columns []string `json:"columns"`
	Lines   []line   `json:"lines"`
	// Verdict compares with the budget, if there is one.
	Verdict string `json:"verdict,omitempty"`
}

// A line is that of a contestant, in one of the cases that the topic tells apart.
type line struct {
	Case       string `json:"case,omitempty"`
	Contestant string `json:"contestant"`
	// Values are those of each round, in the order of the columns.
	Values [][]float64 `json:"values"`
}

// linesOf is a line for each contestant in each case.
func linesOf(cases []string, names ...string) []line {
	var all []line
	for _, c := range cases {
		for _, name := range names {
			all = append(all, line{Case: c, Contestant: name})
		}
	}
	return all
}

// at is what the rounds say about a column.
func (l line) at(column int) spread {
	var values []float64
	for _, round := range l.Values {
		values = append(values, round[column])
	}
	return spreadOf(values)
}

// ours is the median of a column of Mainspring's line in a case, theirs that of the Go SDK's.
func (f finding) ours(kase string, column int) float64 {
	return f.median(kase, contestant.Mainspring, column)
}

func (f finding) theirs(kase string, column int) float64 {
	return f.median(kase, contestant.SDK, column)
}

func (f finding) median(kase, name string, column int) float64 {
	i := slices.IndexFunc(f.Lines, func(l line) bool { return l.Case == kase && l.Contestant == name })
	return f.Lines[i].at(column).median
}

// ratio is a number of one line in times another's of the same round, for lines measured in turn.
func (l line) ratio(to line, column int) spread {
	var values []float64
	for i := range l.Values {
		values = append(values, l.Values[i][column]/to.Values[i][column])
	}
	return spreadOf(values)
}

// page is the section of the finding, as Markdown.
func (f finding) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s `%s`\n", title(f.Row), f.Says, f.Command)
	if len(f.Lines) == 0 {
		b.WriteString("\nNot measured this time.\n")
		return b.String()
	}
	heads := append([]string{"", ""}, f.Columns...)
	cased := slices.ContainsFunc(f.Lines, func(l line) bool { return l.Case != "" })
	if !cased {
		heads = heads[1:]
	}
	fmt.Fprintf(&b, "\n| %s |\n%s|\n", strings.Join(heads, " | "), strings.Repeat("|---", len(heads)))
	for _, l := range f.Lines {
		if cased {
			fmt.Fprintf(&b, "| %s ", l.Case)
		}
		fmt.Fprintf(&b, "| %s |", l.Contestant)
		for i := range f.Columns {
			fmt.Fprintf(&b, " %s |", l.at(i))
		}
		b.WriteString("\n")
	}
	if f.Verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", f.Verdict)
	}
	return b.String()
}

// String is the median, and the least and the greatest if these differ from it.
func (s spread) String() string {
	low, median, high := short(s.low), short(s.median), short(s.high)
	if low == median && median == high {
		return median
	}
	return fmt.Sprintf("%s (%s - %s)", median, low, high)
}

// kept says whether a number is within a budget.
func kept(got, most float64) string {
	if got <= most {
		return "kept, " + short(got)
	}
	return "exceeded, " + short(got)
}

// together does all at once and returns when all have ended. That is for what does not mind the
// others, as memory does.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, one := range all {
		group.Go(func() { errs[i] = one() })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inTurn measures lines round by round, each with a pair of its own for the job, after a turn that
// does not count.
func (p *plan) inTurn(
	ctx context.Context, lines []line, jobOf func(line) contestant.Job, turn func(*pair) ([]float64, error),
) error {
	var pairs []*pair
	defer func() {
		for _, one := range pairs {
			one.kill()
		}
	}()
	for _, l := range lines {
		one, err := startPair(ctx, jobOf(l), p.prof.of(l.Contestant, l.Case))
		if err != nil {
			return fmt.Errorf("%s: %w", l.Case, err)
		}
		pairs = append(pairs, one)
	}
	first := 0
	if p.once {
		first = 1 // there is nothing to warm up for
	}
	for round := first; round <= p.rounds; round++ {
		for i, one := range pairs {
			values, err := turn(one)
			if err != nil {
				return fmt.Errorf("%s: %w", lines[i].Case, err)
			}
			if round > 0 {
				lines[i].Values = append(lines[i].Values, values)
			}
		}
	}
	for i, one := range pairs {
		if _, err := one.stop(); err != nil {
			return fmt.Errorf("%s: %w", lines[i].Case, err)
		}
	}
	return nil
}

// A look is what is seen of a pair: the values of a line in each round.
type look func(p *pair) (rounds [][]float64, err error)

// alone looks at a contestant in a pair of its own, and fills in its line.
func (p *plan) alone(ctx context.Context, l *line, job contestant.Job, see look) error {
	one, err := startPair(ctx, job, p.prof.of(job.Contestant, string(job.Work)))
	if err == nil {
		defer one.kill()
		l.Values, err = see(one)
	}
	if err == nil {
		_, err = one.stop()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", job.Contestant, err)
	}
	return nil
}
