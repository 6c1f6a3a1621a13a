package workflow

// Version is the version of a piece of workflow code, see [GetVersion].
type Version int

// DefaultVersion is the version of code from before there was a [GetVersion].
const DefaultVersion Version = -1

// GetVersion is how workflow code changes while runs of it are going on. It
// returns maxSupported to a run that comes here for the first time, which history
// then records, and the recorded version ever after; to a run that was past here
// before the call was written it returns [DefaultVersion].
//
//	v := workflow.GetVersion(ctx, "charge-then-ship", workflow.DefaultVersion, 1)
//	if v == workflow.DefaultVersion {
//		err = old(ctx)
//	} else {
//		err = better(ctx)
//	}
//
// All calls with the same changeID in one run return the same version, so one id
// may guard several places; a loop that should pick up a change half-way needs
// an id for each round. Once no run has the old version, raise minSupported and
// delete its branch, but leave the call: a run that is older after all fails its
// workflow task here, with both versions in the error, and does not go on
// wrongly.
//
// The versions of a run can be searched for: each is in the search attribute
// TemporalChangeVersion as "changeID-version", until there are more than the
// server takes.
func GetVersion(ctx Context, changeID string, minSupported, maxSupported Version) Version {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.GetVersion(ctx, changeID, minSupported, maxSupported)
}

func (o rootOutbound) GetVersion(_ Context, changeID string, minSupported, maxSupported Version) Version {
	return Version(o.run.env.Version(changeID, int(minSupported), int(maxSupported)))
}
