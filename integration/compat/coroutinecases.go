package compat

func coroutineCases() []Case {
	return []Case{
		{Name: "selectors", Workflow: "Selectors", Covers: []Feature{Selectors, Channels, Futures}},
		{
			Name: "selector-loop", Workflow: "SelectorLoop",
			Covers: []Feature{Selectors, Signals, TimerCancel, ActivityElsewhere},
			Drive: func(d *Driver) {
				d.Signal("one", "a")
				d.Signal("two", "b")
				d.CompleteActivity("5", "five", nil)
				d.Signal("one", "c")
				d.Signal("stop", "d")
			},
		},
		{
			Name: "selector-default", Workflow: "SelectorDefault",
			Covers: []Feature{SelectorDefaults, Signals},
			Drive: func(d *Driver) {
				d.GoOn()
				d.Signal("say", "a")
				d.Signal("say", "b")
				d.GoOn()
				d.GoOn()
				d.Signal("say", "stop")
				d.GoOn()
				d.GoOn()
				d.Signal("say", "more")
			},
		},
		{Name: "channels", Workflow: "Channels", Covers: []Feature{Channels, Coroutines}},
		{
			Name: "channels-and-time", Workflow: "ChannelsAndTime", Covers: []Feature{ReceiveTimeouts, Signals},
			Drive: func(d *Driver) { d.Signal("say", "hello") },
		},
		{
			Name: "coroutines", Workflow: "Coroutines",
			Covers: []Feature{Coroutines, WaitGroups, Channels, Futures, Activities},
		},
		{Name: "locks", Workflow: "Locks", Covers: []Feature{Locks, WaitGroups}},
		{
			Name: "await", Workflow: "Await", Covers: []Feature{Awaits, Coroutines},
			Drive: func(d *Driver) {
				d.GoOn()
				d.GoOn()
				d.GoOn()
			},
		},
		{Name: "contexts", Workflow: "Contexts", Covers: []Feature{ContextValues, Disconnected}},
	}
}
