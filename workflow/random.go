package workflow

import (
	"io"
	"math/rand/v2"
)

// A WorkflowRandomStream is a source of random numbers that are the same in
// replay. Uint64 reads the next eight bytes, the lowest first, so both methods
// draw from one sequence.
type WorkflowRandomStream interface { //nolint:revive // the name is that of the official SDK
	rand.Source
	io.Reader
}

// GetRandomStream returns the source of random numbers of a name, which is the
// run's own and the same every time: later calls go on where earlier ones left
// off. Use a name that no library of yours uses.
//
// What is drawn is not recorded, so replay must draw the same in the same
// order: add a draw as carefully as an activity, and draw nothing where the
// workflow must not be changed, see [IsReadOnly]. A run that was reset goes on
// with numbers of its own from the point of the reset.
func GetRandomStream(ctx Context, name string) WorkflowRandomStream {
	return runOf(ctx).env.Random(name)
}
