// Package contestant has those who do the work of package frontend: the Go SDK, Mainspring, and bare
// gRPC clients that make the same calls and nothing else, which is the floor.
//
// They register the same workflow and the same activity. The SDK polls as it does by default;
// Mainspring too, but where half of the tasks start workflows it has as many polls for those as for
// the others, unless it is to work as shipped. The bare clients have as many calls in flight as
// Mainspring's worker under load. Nothing here measures: a contestant's process tells what it has
// used so far, and whoever asks subtracts.
package contestant
