package main

// A heading stands above the tables about one subject, its section.
type heading struct {
	name    string
	says    string // a sentence
	columns []column
	figure  figure
}

// A figure is the number that the plot shows.
type figure struct {
	unit   string
	number func(sample) float64
}

// The names of the sections.
const (
	perTask  = "per task"
	replayed = "within a process"
	latency  = "latency"
	workers  = "workers"
	growth   = "growth"
)

// headings are all of them, in the order of the page.
func headings() []heading {
	cpu := figure{"CPU µs", microsOf}
	return []heading{
		{name: perTask, says: "What a unit of work costs the process that does it, as fast as it can.", columns: taskColumns(), figure: cpu},
		{name: replayed, says: "Replay and coroutines, without a server.", columns: growthColumns(), figure: cpu},
		{
			name: latency, says: "How long a task waits until its code runs.",
			columns: latencyColumns(), figure: figure{"p99 µs", p99Of},
		},
		{name: workers, says: "Several workers in one process, on a task queue each and one connection.", columns: growthColumns(), figure: cpu},
		{name: growth, says: "How the cost of a unit grows with the size of something.", columns: growthColumns(), figure: cpu},
	}
}

func figureOf(name string) figure {
	for _, s := range headings() {
		if s.name == name {
			return s.figure
		}
	}
	return figure{"CPU µs", microsOf}
}
