// Code generated from ../workflows/registry.go by mktwin; DO NOT EDIT.

package sdkworkflows

// Workflows are those of the package, for a worker that is to run them.
func Workflows() []any {
	return []any{
		ActivityOptions, ActivityFailures, ActivityRetries, ActivitiesAtOnce, ActivityCancel,
		ActivityHeartbeats,
		Timers, TimerCancel,
		Selectors, SelectorLoop, SelectorDefault, Channels, ChannelsAndTime,
		Coroutines, Locks,
		SignalsEarly, Signals, Queries, Updates, UpdatesEarly, UpdatesAtOnce, UpdateLeftOver,
		Canceled, CancelSwallowed, CancelTree,
		Await,
		Fail, FailWithActivity, Retried,
		Versions, VersionsTooMany, SideEffects, MutableSideEffects, Upserts, Rounds,
		Child, Children, Described, ChildOptions, ChildRefused, ChildCanceled, ParentClose, Others,
		Chain, Schedule,
		Info, Values, Endless, Steps, Contexts,
		LocalActivities, LocalBackoff, LocalLong, Random, Session, Headers, Heir, Intercepted,
	}
}

// Activities are what the workflows have done.
func Activities() []any { return []any{&Acts{}} }
