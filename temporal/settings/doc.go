// Package settings copies, checks and shows structs of options: what a user gave, and what holds.
//
//	kept := settings.Clone(options)
//	for _, a := range settings.Compare(kept, completed) {
//		fmt.Println(a.Key, a.Value) // MaxCachedWorkflows 1000 (not given)
//	}
//
// A Check fills in defaults and collects what is wrong, so that a user hears of all of it at once.
//
// It shows functions by their names and what is behind pointers and interfaces by its type, so
// that no secret inside gets into a log. It will not read options from files or flags, and not
// look behind pointers to structs.
package settings
