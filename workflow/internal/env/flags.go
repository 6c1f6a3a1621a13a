package env

import "slices"

// A Flag names a behaviour that a history depends on. The numbers are shared
// with the official Go SDK: histories written here continue there and the
// other way round, so no number may be invented.
type Flag uint32

// The flags that this runner uses.
const (
	// LimitChangeVersionSize: versions are left out of the search attributes if
	// there are too many.
	LimitChangeVersionSize Flag = 1
	// ChildErrorExecution: the future of a child's start is settled too when the
	// child cannot even be asked for.
	ChildErrorExecution Flag = 2
	// ProtocolMessageCommand: messages take their place among the commands.
	ProtocolMessageCommand Flag = 3
	// PriorityUpdateHandling: updates run before the workflow's own coroutines
	// and wait for the first handler to be registered.
	PriorityUpdateHandling Flag = 4
	// BlockedSelectorSignalReceive: a blocked selector stores what it was given.
	BlockedSelectorSignalReceive Flag = 5
	// CancelAwaitTimerOnCondition: waits with a timeout look at their condition
	// before they start their timer, and cancel it when they need it no more.
	CancelAwaitTimerOnCondition Flag = 6
	// MemoUserConverter: memos are encoded by the user's data converter.
	MemoUserConverter Flag = 7
	// NewChannelLostMessages refines BlockedSelectorSignalReceive: only with a
	// default branch.
	NewChannelLostMessages Flag = 8
	// OrderedChildCancel: contexts are canceled in the order of their creation.
	// They are here in any case; the official SDK needs the flag to do the same.
	OrderedChildCancel Flag = 9

	// lastFlag is the highest number that the official SDK knows.
	lastFlag Flag = 9
)

// Known reports whether a flag found in a history means something.
func (f Flag) Known() bool { return f >= 1 && f <= lastFlag }

type flags struct {
	current map[Flag]bool
	fresh   []Flag
}

// AddFlags puts flags found in history in force.
func (e *Env) AddFlags(recorded []uint32) {
	for _, f := range recorded {
		e.setFlag(Flag(f))
	}
}

func (e *Env) setFlag(f Flag) {
	if e.flags.current == nil {
		e.flags.current = make(map[Flag]bool)
	}
	e.flags.current[f] = true
}

// InForce reports whether history has put f in force. It is for flags that new
// runs do without.
func (e *Env) InForce(f Flag) bool { return e.flags.current[f] }

// TryUse reports whether f is in force. Live code puts a flag in force by
// asking for it; in replay only history does.
func (e *Env) TryUse(f Flag) bool {
	if e.InForce(f) {
		return true
	}
	if e.Replaying {
		return false
	}
	e.setFlag(f)
	e.flags.fresh = append(e.flags.fresh, f)
	return true
}

// TakeFlags returns the flags used for the first time since the last call.
func (e *Env) TakeFlags() []uint32 {
	if len(e.flags.fresh) == 0 {
		return nil
	}
	out := make([]uint32, 0, len(e.flags.fresh))
	for _, f := range e.flags.fresh {
		out = append(out, uint32(f))
	}
	slices.Sort(out)
	e.flags.fresh = nil
	return out
}
