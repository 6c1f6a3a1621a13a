package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/integration/bench/replays"
)

// A row is what several contestants do in turn.
type row struct {
	section     string
	name        string // of its table, which rows share that differ in their points
	point       string // such as a size; empty if the row has a table of its own
	what        string // a line about the table: what is measured, and its unit
	contestants []string
	job         contestant.Job // but for its contestant
	order       frontend.Order // but for its units; none for a replay
	repeats     int            // units of work, or replays, in one turn
	units       int            // in one of these
	load        load           // at which units arrive; none for as fast as they are asked for
	park        park           // what is in the cache before
	against     string         // who the ratios compare with
	budget      budget
	zipped      bool // whether it is measured with gzip, too
	rounds      int  // how many there are at most, as it takes long; zero for any number
	full        bool // whether it is measured only with -full
}

// A budget is what Mainspring's CPU time may be: in times another's, or in microseconds. Of
// throughput it may name the least, in times that of the floor.
type budget struct {
	Ratio  float64 `json:"ratio,omitempty"`
	Micros float64 `json:"micros,omitempty"`
	// Theirs is what the other took on the machine for which microseconds are named: on one that is
	// twice as slow there may be twice as many.
	Theirs     float64 `json:"theirsMicros,omitempty"`
	Throughput float64 `json:"throughput,omitempty"`
}

// title names the row, also to -row.
func (r row) title() string {
	title := r.section + ", " + r.name
	if r.point != "" {
		title += ", " + r.point
	}
	return title
}

// rows are those of the tables, in their order.
func rows() []row {
	return slices.Concat(taskRows(), replayRows(), latencyRows(), workerRows(), payloadRows(), parkedRows())
}

func taskRows() []row {
	var all []row
	for _, one := range []struct {
		work   frontend.Work
		units  int
		budget budget
	}{
		{frontend.Activity, 5000, budget{Ratio: 1.3, Throughput: 0.75}},
		{frontend.TwoTasks, 2500, budget{Ratio: 1.5}},
		{frontend.Signals, 5000, budget{Ratio: 1.4}},
		{frontend.Whole, 2000, budget{Ratio: 1.4}},
	} {
		all = append(all, row{
			section: perTask, name: string(one.work), contestants: contestant.All(),
			job: contestant.Job{Work: one.work}, order: frontend.Order{Work: one.work},
			repeats: one.units, units: 1, against: contestant.Honest, budget: one.budget, zipped: true,
		})
	}
	return all
}

func replayRows() []row {
	var all []row
	for _, r := range replays.All() {
		all = append(all, row{
			section: replayed, name: r.Group, point: r.Size, what: "A unit is one " + r.Unit + ".",
			contestants: []string{contestant.SDK, contestant.Mainspring},
			job:         contestant.Job{Replay: r.Name}, repeats: max(3, 100_000/r.Units), units: r.Units,
			against: contestant.SDK, budget: budget{Micros: r.Budget, Theirs: r.Theirs},
		})
	}
	return all
}

// once and capped are the shares of a turn's units that a short turn has, and one of the SDK as
// shipped, which may poll only a thousand times a second.
const (
	once   = 25
	capped = 5
)

// A sample is one turn of one contestant.
type sample struct {
	Contestant string  `json:"contestant"`
	Units      int     `json:"units"`
	CPU        float64 `json:"cpuMicros"` // per unit, as what follows
	Allocs     float64 `json:"allocations"`
	Bytes      float64 `json:"bytes"`
	PerSecond  float64 `json:"perSecond"`
	RSS        int64   `json:"maxRSSBytes"`
	PerRun     float64 `json:"bytesPerRun,omitempty"` // heap and stacks of one that is parked

	// Of units that arrive at random: how many do a second, and how long they wait.
	Arrived float64 `json:"arrivedPerSecond,omitempty"`
	P50     float64 `json:"p50Micros,omitempty"`
	P99     float64 `json:"p99Micros,omitempty"`
}

// A result is what was measured of a row, round by round in the order of the contestants.
type result struct {
	Section string     `json:"section"`
	Row     string     `json:"row"`
	Point   string     `json:"point,omitempty"`
	What    string     `json:"what,omitempty"`
	Gzip    bool       `json:"gzip"`
	Against string     `json:"against"`
	Budget  budget     `json:"budget"`
	Rounds  [][]sample `json:"rounds"`
	// Stops are how many milliseconds each contestant took to stop when it was idle.
	Stops map[string]float64 `json:"stopMillis"`
}

// carryOut measures everything, and tells progress how far it is.
func (p *plan) carryOut(ctx context.Context, out, progress io.Writer) error {
	var results []result
	began := time.Now()
	say := func(text string) { fmt.Fprintf(progress, "%4.0fs %s\n", time.Since(began).Seconds(), text) }
	for _, r := range p.rows {
		for _, gzip := range p.gzips {
			if gzip && !r.zipped {
				continue
			}
			say(r.title() + ", " + gzipped(gzip))
			one, err := p.measure(ctx, r, gzip)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", r.title(), gzipped(gzip), err)
			}
			results = append(results, one)
		}
	}
	findings, err := p.find(ctx, say)
	if err != nil {
		return err
	}
	report := newReport(results, findings, time.Since(began))
	report.Command = strings.TrimSpace(report.Command + " " + p.args)
	fmt.Fprintln(out, report.table())
	if p.out == "" {
		return nil
	}
	return report.write(p.out)
}

func gzipped(on bool) string {
	if on {
		return "gzip"
	}
	return "no gzip"
}

// measure lets the contestants take turns at one row.
func (p *plan) measure(ctx context.Context, r row, gzip bool) (result, error) {
	res := result{
		Section: r.section, Row: r.name, Point: r.point, What: r.what, Gzip: gzip,
		Against: r.against, Budget: r.budget, Stops: make(map[string]float64),
	}
	var pairs []*pair
	defer func() {
		for _, one := range pairs {
			one.kill()
		}
	}()
	for _, name := range r.contestants {
		job := r.job
		job.Contestant, job.Gzip = name, gzip
		one, err := startPair(ctx, job, p.prof.of(name, r.title()+"-"+gzipped(gzip)))
		if err != nil {
			return res, fmt.Errorf("%s: %w", name, err)
		}
		pairs = append(pairs, one)
	}
	first, err := p.prepare(r, pairs)
	if err != nil {
		return res, err
	}
	for round := first; round <= r.most(p.rounds); round++ {
		var samples []sample
		for _, one := range pairs {
			s, err := one.turn(r, round, p.once)
			if err != nil {
				return res, fmt.Errorf("%s: %w", one.job.Contestant, err)
			}
			samples = append(samples, s)
		}
		if round > 0 { // the first one fills pools and lets stacks grow
			res.Rounds = append(res.Rounds, samples)
		}
	}
	for _, one := range pairs {
		if r.park != (park{}) {
			if err := one.release(r.park); err != nil {
				return res, fmt.Errorf("%s, ending what was parked: %w", one.job.Contestant, err)
			}
		}
		took, err := one.stop()
		if err != nil {
			return res, fmt.Errorf("%s: %w", one.job.Contestant, err)
		}
		if r.section != perTask {
			continue // it does not run, or there is more than one worker or an idle one
		}
		res.Stops[one.job.Contestant] = took.Seconds() * 1e3
	}
	return res, nil
}

// prepare readies the pairs for a row, and returns the number of the first round: those from 1 up
// count.
func (p *plan) prepare(r row, pairs []*pair) (first int, err error) {
	for _, one := range pairs {
		switch {
		case r.load != (load{}):
			first, err = 1, one.warm(r, p.once)
		case r.park != (park{}):
			first, err = 1, one.fill(r.park, p.once)
		}
		if err != nil {
			return 0, fmt.Errorf("%s, before the first round: %w", one.job.Contestant, err)
		}
	}
	if p.once {
		first = 1 // there is nothing to warm up for
	}
	return first, nil
}

// most is how many rounds there are if not for what takes long.
func (r row) most(rounds int) int {
	if r.rounds == 0 {
		return rounds
	}
	return min(r.rounds, rounds)
}

// turn has a contestant do its share of a row.
func (p *pair) turn(r row, round int, short bool) (sample, error) {
	if r.load != (load{}) {
		return p.arrivals(r, round, short)
	}
	return p.burst(r, short)
}

// burst is a turn in which units are there as fast as they are asked for.
func (p *pair) burst(r row, short bool) (sample, error) {
	repeats := r.repeats
	if short {
		repeats = max(1, repeats/once)
	}
	if p.job.Contestant == contestant.SDK && p.job.Work != "" && p.job.Work != frontend.Signals {
		repeats = max(1, repeats/capped)
	}
	return p.sample(repeats*r.units, func() error { return p.do(r.order, repeats) })
}

// sample measures what do costs that has the contestant do so many units.
func (p *pair) sample(units int, do func() error) (s sample, err error) {
	before, err := p.read()
	if err != nil {
		return s, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return s, err
	}
	elapsed := time.Since(began)
	after, err := p.read()
	if err != nil {
		return s, err
	}
	n := float64(units)
	return sample{
		Contestant: p.job.Contestant,
		Units:      units,
		CPU:        float64(after.CPU-before.CPU) / n / 1e3,
		Allocs:     float64(after.Allocations-before.Allocations) / n,
		Bytes:      float64(after.Bytes-before.Bytes) / n,
		PerSecond:  n / elapsed.Seconds(),
		RSS:        after.MaxRSS,
		PerRun:     p.perRun,
	}, nil
}
