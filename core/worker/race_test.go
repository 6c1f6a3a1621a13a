//go:build race

package worker_test

// detected is what the race detector adds to the allocations for a workflow: pools drop things
// under it.
const detected = 6
