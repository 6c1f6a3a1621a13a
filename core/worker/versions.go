package worker

import "github.com/mainspring-go/mainspring/workflow"

// PreferredVersionProvider chooses the versions of runs that have none, see
// [Options].
type PreferredVersionProvider = workflow.PreferredVersionProvider

// PreferredVersionProviderInput is what it is asked.
type PreferredVersionProviderInput = workflow.PreferredVersionProviderInput

// VersionPreference is what it answers.
type VersionPreference = workflow.VersionPreference
