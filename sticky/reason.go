package sticky

// A Reason says why a value left the cache. The cache itself gives the reasons below; callers
// name their own as they like ("failed", "finished", "stale"). Reasons are counted one by one in
// [Stats], so let them be few: a word, never an error text.
type Reason string

// The reasons the cache gives itself.
const (
	// ReasonUnspecified stands for an empty Reason given by a caller.
	ReasonUnspecified Reason = "unspecified"
	// ReasonFull means that more values were held than MaxEntries, that MaxEntries is 0, or that
	// someone waited for room.
	ReasonFull Reason = "full"
	// ReasonOverweight means that the values together, or this one alone, exceeded MaxWeight.
	ReasonOverweight Reason = "overweight"
	// ReasonBudget means that the caches of a Budget together, or this value alone, exceeded it.
	ReasonBudget Reason = "budget"
	// ReasonIdle means that nobody acquired the key for Options.IdleTimeout.
	ReasonIdle Reason = "idle"
	// ReasonClosed means that the cache was closed.
	ReasonClosed Reason = "closed"
)

// orUnspecified returns r, or ReasonUnspecified if r is empty: inside the cache an empty reason
// means "not to be evicted".
func (r Reason) orUnspecified() Reason {
	if r == "" {
		return ReasonUnspecified
	}
	return r
}
