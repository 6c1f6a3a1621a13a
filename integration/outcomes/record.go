package outcomes

import (
	"fmt"
	"slices"
	"sync"
)

// A Run is one execution of an activity function.
type Run struct {
	Attempt int
	// Found are the heartbeat details that earlier attempts left; 0 for none.
	Found int
	// Unheard: a heartbeat of it may not have arrived, or too late.
	Unheard bool
	// Cause is why the attempt's context was canceled; nil if it was not.
	Cause error
}

// A Record is what activities remember of themselves, in the memory of their
// worker. It is safe for concurrent use.
type Record struct {
	mu       sync.Mutex
	runs     map[string][]*Run
	byToken  map[string]*Run
	mistakes map[string][]string
}

// NewRecord returns an empty record.
func NewRecord() *Record {
	return &Record{
		runs: make(map[string][]*Run), byToken: make(map[string]*Run), mistakes: make(map[string][]string),
	}
}

// begin adds a run.
func (r *Record) begin(key string, token []byte, attempt, found int) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	run := &Run{Attempt: attempt, Found: found}
	r.runs[key] = append(r.runs[key], run)
	r.byToken[string(token)] = run
	return run
}

// unheard notes that a heartbeat did not get through.
func (r *Record) unheard(token []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := r.byToken[string(token)]; run != nil {
		run.Unheard = true
	}
}

// told notes why a run was told to stop.
func (r *Record) told(run *Run, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Cause = cause
}

// mistake notes that something went wrong which no plan has asked for.
func (r *Record) mistake(key, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mistakes[key] = append(r.mistakes[key], fmt.Sprintf(format, args...))
}

// Runs returns the runs of an activity in the order of their attempts.
func (r *Record) Runs(key string) []Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Run, 0, len(r.runs[key]))
	for _, run := range r.runs[key] {
		out = append(out, *run)
	}
	slices.SortStableFunc(out, func(a, b Run) int { return a.Attempt - b.Attempt })
	return out
}

// Mistakes returns what went wrong with an activity beside its plan.
func (r *Record) Mistakes(key string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mistakes[key])
}
