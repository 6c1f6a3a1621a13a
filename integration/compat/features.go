package compat

// A Feature is one of the things that workflow code can do.
type Feature string

// The features of the authoring API.
const (
	Activities         Feature = "activities"
	ActivityOptions    Feature = "activity options"
	ActivityFailures   Feature = "failures of activities"
	ActivityRetries    Feature = "retries of activities"
	ActivityHeartbeats Feature = "heartbeat details"
	ActivityElsewhere  Feature = "activities completed elsewhere"
	ActivityCancel     Feature = "canceling activities"
	Timers             Feature = "timers"
	TimerCancel        Feature = "canceling timers"
	Futures            Feature = "futures"
	Selectors          Feature = "selectors"
	SelectorDefaults   Feature = "selectors with a default"
	Channels           Feature = "channels"
	ReceiveTimeouts    Feature = "receiving with a timeout"
	Coroutines         Feature = "coroutines"
	WaitGroups         Feature = "wait groups"
	Locks              Feature = "mutexes and semaphores"
	Signals            Feature = "signals"
	Queries            Feature = "queries"
	Updates            Feature = "updates"
	Validators         Feature = "validators of updates"
	UpdatesEarly       Feature = "updates before their handler"
	UpdateWithStart    Feature = "update with start"
	Cancellation       Feature = "cancellation of the run"
	Disconnected       Feature = "disconnected contexts"
	ContextTrees       Feature = "trees of contexts"
	ContextValues      Feature = "values of contexts"
	Awaits             Feature = "await"
	Failures           Feature = "failures of every kind"
	WorkflowRetries    Feature = "retries of workflows"
	ServerEnds         Feature = "runs that the server ends"
	Resets             Feature = "resets"
	Versions           Feature = "versions"
	SideEffects        Feature = "side effects"
	MutableSideEffects Feature = "mutable side effects"
	SearchAttributes   Feature = "search attributes"
	Memos              Feature = "memos"
	Info               Feature = "info"
	Values             Feature = "values of every encoding"
	ManyTasks          Feature = "many tasks"
	Children           Feature = "child workflows"
	ChildOptions       Feature = "options of child workflows"
	ChildFailures      Feature = "failures of child workflows"
	ChildCancel        Feature = "canceling child workflows"
	ParentClose        Feature = "children that outlive their parent"
	Externals          Feature = "signals to others and cancellations of them"
	ContinueAsNew      Feature = "continue as new"
	Locals             Feature = "local activities"
	LocalBackoff       Feature = "local activities retried by a timer"
	LocalHeartbeats    Feature = "workflow task heartbeats"
	Dynamic            Feature = "dynamic workflows"
	Randomness         Feature = "random streams"
	Sessions           Feature = "sessions"
	Propagators        Feature = "context propagators"
	Interceptors       Feature = "interceptors"
	Crons              Feature = "crons, with last results and failures"
)

// Features are all of them.
func Features() []Feature {
	return []Feature{
		Activities, ActivityOptions, ActivityFailures, ActivityRetries, ActivityHeartbeats, ActivityElsewhere,
		ActivityCancel, Timers, TimerCancel, Futures, Selectors, SelectorDefaults, Channels, ReceiveTimeouts,
		Coroutines, WaitGroups, Locks, Signals, Queries, Updates, Validators, UpdatesEarly, UpdateWithStart,
		Cancellation, Disconnected, ContextTrees, ContextValues, Awaits, Failures, WorkflowRetries,
		ServerEnds, Resets, Versions, SideEffects, MutableSideEffects, SearchAttributes, Memos, Info, Values, ManyTasks,
		Children, ChildOptions, ChildFailures, ChildCancel, ParentClose, Externals, ContinueAsNew, Crons,
		Locals, LocalBackoff, LocalHeartbeats, Dynamic, Randomness, Sessions, Propagators, Interceptors,
	}
}
