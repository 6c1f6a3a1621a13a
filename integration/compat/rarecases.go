package compat

func rareCases() []Case {
	return []Case{
		{
			Name: "dynamic", Workflow: "NobodyKnows", Args: []any{"text", 5}, Covers: []Feature{Dynamic, Activities},
		},
		{Name: "random", Workflow: "Random", Covers: []Feature{Randomness}, Random: true},
		{Name: "session", Workflow: "Session", Covers: []Feature{Sessions, SideEffects}, Random: true},
	}
}
