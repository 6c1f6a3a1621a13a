package workflow

import (
	"fmt"

	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

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
// A worker may prefer another version to maxSupported, see
// [PreferredVersionProvider].
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
	return Version(o.run.env.Version(changeID, int(minSupported), int(maxSupported), func() int {
		return int(o.run.preferredVersion(changeID, minSupported, maxSupported))
	}))
}

// A PreferredVersionProvider chooses the version that a run gets which comes to a
// [GetVersion] for the first time; nil is maxSupported. With it code that knows a
// new version can be everywhere before any run has it. It is called by live code
// alone, and history keeps what it chose, so it may read a configuration; it must
// not block. A panic in it fails the workflow task.
type PreferredVersionProvider func(PreferredVersionProviderInput) *VersionPreference

// PreferredVersionProviderInput says what a version is wanted of.
type PreferredVersionProviderInput struct {
	// WorkflowInfo is that of the run.
	WorkflowInfo *Info
	// ChangeID, MinSupported and MaxSupported are the arguments of [GetVersion].
	ChangeID     string
	MinSupported Version
	MaxSupported Version
}

// VersionPreference is the choice of a [PreferredVersionProvider].
type VersionPreference struct {
	// Version is the version to be recorded.
	Version Version
	// ClampToSupportedRange takes the nearest version that the code supports if it
	// does not support this one. Otherwise the workflow task fails.
	ClampToSupportedRange bool
}

// preferredVersion is the version of a change for a run that has none.
func (r *run) preferredVersion(changeID string, oldest, newest Version) Version {
	if r.between.PreferredVersion == nil {
		return newest
	}
	p := r.between.PreferredVersion(PreferredVersionProviderInput{
		WorkflowInfo: &r.info, ChangeID: changeID, MinSupported: oldest, MaxSupported: newest,
	})
	switch {
	case p == nil:
		return newest
	case p.Version >= oldest && p.Version <= newest:
		return p.Version
	case !p.ClampToSupportedRange:
		env.Mismatch(fmt.Sprintf("[TMPRL1100] Preferred version %d for %q change ID is not supported. "+
			"Supported versions are between %d and %d.", p.Version, changeID, oldest, newest))
	case p.Version < oldest:
		return oldest
	}
	return newest
}
