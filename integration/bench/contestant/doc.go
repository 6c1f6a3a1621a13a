// Package contestant has those who do the work of package frontend: the Go SDK, Mainspring, and bare
// gRPC clients that make the same calls and nothing else, which is the floor.
//
// They register the same workflow and the same activity, and ask for no more concurrency than they do
// by default; the bare clients have as many calls in flight as Mainspring's worker. Nothing here
// measures: a contestant's process tells what it has used so far, and whoever asks subtracts.
package contestant
