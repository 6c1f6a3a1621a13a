// Bench measures Mainspring's worker beside the Go SDK's and beside bare gRPC clients that make the
// same calls, which is the floor:
//
//	go run ./integration/bench            # a few minutes; nothing else should run
//	go run ./integration/bench -once      # each row briefly: does it still work?
//	go run ./integration/bench -real      # with a real server, too, which is compiled the first time
//	go run ./integration/bench -row activity -gzip=false -rounds 9 -cpuprofile /tmp/bench
//
// A fake Temporal frontend hands out tasks as fast as it is asked for them and checks every answer.
// It and each contestant are processes of their own; the contestants of a row take turns, and ratios
// compare what belongs to one round. CPU time is what the kernel says that the contestant's process
// took between two counts of tasks; that of the frontend is not in it.
//
// The command prints a table, and writes it into README.md beside this file, with results.json and
// plot.svg, and an overview into that of the project, unless it is told to measure less than
// everything.
//
// Replay and the hand-over between coroutines are rows of two contestants without a frontend. Memory,
// idle workers, stops under load, activities in child processes, workflows in a sandbox and a real
// server are topics, which have tables of their own. What a run takes that waits in a worker's
// cache is measured also by a benchmark in the tests of this package, of both in one process:
//
//	go test -run '^$' -bench Idle -benchtime 5x ./integration/bench
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

func main() {
	if err := contestant.BeChild(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// A plan is what is to be measured.
type plan struct {
	rows   []row
	topics []topic
	gzips  []bool
	rounds int
	once   bool // one short round, of the outermost points of each table
	full   bool // also what takes long
	prof   profiles
	out    string // directory; empty to write nothing
	args   string // as they were given
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		p   = plan{rows: rows(), topics: topics()}
		as  = flags.String("as", "", "for the command itself: be the frontend, or the contestant of this name")
		job contestant.Job
	)
	only := flags.String("row", "", "measure only rows whose section, name and size, as progress shows them, contain this")
	compress := flags.String("gzip", "both", "true, false or both")
	flags.IntVar(&p.rounds, "rounds", 3, "how many turns each contestant has")
	flags.BoolVar(&p.once, "once", false, "one short turn each: to see that all works, not to measure")
	flags.BoolVar(&p.full, "full", false, "measure also what takes minutes more")
	onReal := flags.Bool("real", false, "measure also with a real server, which is compiled: that takes minutes the first time")
	flags.StringVar(&p.out, "out", "integration/bench", "where to write README.md, results.json and plot.svg; and an overview two directories above")
	flags.StringVar(&p.prof.cpu, "cpuprofile", "",
		"write CPU profiles of Mainspring and of the honest floor to files that begin so")
	flags.StringVar(&p.prof.allocs, "memprofile", "", "write profiles of their allocations to files that begin so")
	text := flags.String("job", "{}", "for the command itself: the contestant's job, as JSON")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if err := json.Unmarshal([]byte(*text), &job); err != nil {
		return fmt.Errorf("-job %q: %w", *text, err)
	}
	switch *as {
	case "":
	case "frontend":
		return frontend.Serve(ctx, job.Drains, os.Stdin, os.Stdout)
	default:
		job.Contestant = *as
		stop, err := p.prof.start()
		if err != nil {
			return err
		}
		return errors.Join(contestant.Serve(ctx, job, os.Stdin, os.Stdout), stop())
	}
	p.args = strings.Join(args, " ")
	if err := p.narrow(*only, *compress, *onReal); err != nil {
		return err
	}
	return p.carryOut(ctx, os.Stdout, os.Stderr)
}

// narrow leaves out what is not asked for. What is partial is not written.
func (p *plan) narrow(only, compress string, onReal bool) error {
	switch compress {
	case "both":
		p.gzips = []bool{false, true}
	case "true", "false":
		p.gzips = []bool{compress == "true"}
	default:
		return fmt.Errorf("-gzip is %q: use true, false or both", compress)
	}
	if p.rounds < 1 {
		return fmt.Errorf("-rounds is %d: use 1 or more", p.rounds)
	}
	if !p.full {
		p.rows = slices.DeleteFunc(p.rows, func(r row) bool { return r.full })
	}
	var rows []row
	for _, r := range p.rows {
		if strings.Contains(r.title(), only) {
			rows = append(rows, r)
		}
	}
	p.topics = p.about(only, onReal)
	if len(rows)+len(p.topics) == 0 {
		return fmt.Errorf("-row is %q, which is in no name of a row", only)
	}
	if p.once {
		p.rounds, rows = 1, outermost(rows)
	}
	if p.once || only != "" || len(p.gzips) < 2 {
		p.out = ""
	}
	p.rows = rows
	return nil
}

// outermost leaves out the points between the first and the last of a table: they do the same.
func outermost(rows []row) (all []row) {
	for i, r := range rows {
		same := func(other row) bool { return other.section == r.section && other.name == r.name }
		if !slices.ContainsFunc(rows[:i], same) || !slices.ContainsFunc(rows[i+1:], same) {
			all = append(all, r)
		}
	}
	return all
}
