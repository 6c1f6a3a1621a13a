package env

import "math/bits"

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

func (f Flag) bit() uint32 { return 1 << f }

// flags are sets of flags: bit n is that of flag n.
type flags struct{ current, fresh uint32 }

// AddFlags puts flags found in history in force.
func (e *Env) AddFlags(recorded []uint32) {
	for _, f := range recorded {
		e.setFlag(Flag(f))
	}
}

func (e *Env) setFlag(f Flag) { e.flags.current |= f.bit() }

// InForce reports whether history has put f in force. It is for flags that new
// runs do without.
func (e *Env) InForce(f Flag) bool { return e.flags.current&f.bit() != 0 }

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
	e.flags.fresh |= f.bit()
	return true
}

// TakeFlags returns the flags used for the first time since the last call.
func (e *Env) TakeFlags() []uint32 {
	if e.flags.fresh == 0 {
		return nil
	}
	out := make([]uint32, 0, bits.OnesCount32(e.flags.fresh))
	for f := Flag(1); f <= lastFlag; f++ {
		if e.flags.fresh&f.bit() != 0 {
			out = append(out, uint32(f))
		}
	}
	e.flags.fresh = 0
	return out
}
