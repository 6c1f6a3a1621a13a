package compat

import "slices"

// All returns the table.
func All() []Case {
	return slices.Concat(activityCases(), coroutineCases(), messageCases(), updateCases(), endingCases(), recordCases(),
		childCases(), localCases(), rareCases(), aroundCases(), restCases())
}
