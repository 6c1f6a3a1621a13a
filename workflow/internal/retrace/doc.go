// Package retrace finds out where in a workflow's code a determinism error was
// made, by replaying the run once more: noting that down in every replay would
// make all of them slower, and a run that fails can wait.
//
// The second replay says something else too. Code that makes another mistake in
// it, or none, is not deterministic in itself, whatever changed.
package retrace
