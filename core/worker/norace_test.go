//go:build !race

package worker_test

// detected is what the race detector adds to the allocations for a workflow.
const detected = 0
