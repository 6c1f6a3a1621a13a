package temporal

// VersioningIntent says which build runs what a workflow starts, on task queues that are versioned
// by build id. Worker deployments have no use for it.
type VersioningIntent int

const (
	// VersioningIntentUnspecified is the build of the workflow for its own task queue, and that of
	// the assignment rules for any other.
	VersioningIntentUnspecified VersioningIntent = iota
	// VersioningIntentInheritBuildID is the build of the workflow.
	VersioningIntentInheritBuildID
	// VersioningIntentUseAssignmentRules is the build that the rules of the task queue name.
	VersioningIntentUseAssignmentRules
)
