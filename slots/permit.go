package slots

import (
	"context"
	"errors"
)

// ErrReleased says that a permit can no longer be used: it has been released, or it is the zero
// Permit, which never was one.
var ErrReleased = errors.New("slots: the permit has been released")

// A Permit is the right to run one task. Whoever reserved it, or was handed it, releases it.
//
// Copies are the same permit: releasing one releases all. The zero Permit is no permit; its methods
// do nothing and report so. Methods are safe for concurrent use.
type Permit struct {
	holder Holder
	id     uint64
}

// A Holder keeps the accounts of the permits of a Supplier. It is for implementors: users call the
// methods of [Permit]. A Holder never gives the same id to two permits, so that a permit that has
// been released cannot touch a later one. Its methods are safe for concurrent use.
type Holder interface {
	// Use does the work of [Permit.Use].
	Use(ctx context.Context, id uint64, t Task) error
	// Release does the work of [Permit.Release].
	Release(id uint64) bool
}

// NewPermit returns the permit that h knows as id. It is for implementors of [Supplier].
func NewPermit(h Holder, id uint64) Permit { return Permit{holder: h, id: id} }

// Use tells the supplier which task the permit serves. A supplier that limits tasks by what they
// are may hold the caller here until this task may run; the permit stays out meanwhile. Use again
// when the permit passes on to another task, such as one that came with the answer to the first.
//
// The error is [ErrReleased], or matches ctx.Err() when ctx ended during a hold; a Use that needs
// no hold does not look at ctx. After an error the permit carries no task, also when it carried one
// before, which must be over by then. Either way the caller still has to release it. A permit is for
// one task at a time: a second Use ends the hold of the first with an error.
func (p Permit) Use(ctx context.Context, t Task) error {
	if p.holder == nil {
		return ErrReleased
	}
	return p.holder.Use(ctx, p.id, t)
}

// Release gives the permit back and reports whether it was still out. A second Release frees
// nothing, reports false and is counted in [Stats].DoubleReleases. Release does not block.
func (p Permit) Release() bool {
	return p.holder != nil && p.holder.Release(p.id)
}
