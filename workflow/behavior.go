package workflow

import enumspb "go.temporal.io/api/enums/v1"

// VersioningBehavior says what becomes of an open workflow when its task queue gets workers of
// another version. It matters to workers that run as a version of a deployment.
type VersioningBehavior int

const (
	// VersioningBehaviorUnspecified leaves it to the worker's default.
	VersioningBehaviorUnspecified VersioningBehavior = iota
	// VersioningBehaviorPinned keeps a workflow with the version that it was started on until it
	// ends, unless an operator moves it: its code never changes under it.
	VersioningBehaviorPinned
	// VersioningBehaviorAutoUpgrade moves a workflow to the current version of its deployment with
	// its next task: its code must be able to replay what earlier versions did.
	VersioningBehaviorAutoUpgrade
)

// toProto returns b as the API has it: with the same number.
func (b VersioningBehavior) toProto() enumspb.VersioningBehavior {
	return enumspb.VersioningBehavior(b)
}
