package compat

import (
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
)

func recordCases() []Case {
	goOn := func(times int) func(d *Driver) {
		return func(d *Driver) {
			for range times {
				d.GoOn()
			}
		}
	}
	return []Case{
		{Name: "versions", Workflow: "Versions", Covers: []Feature{Versions}, Drive: goOn(2)},
		{Name: "versions-too-many", Workflow: "VersionsTooMany", Covers: []Feature{Versions}, Drive: goOn(3)},
		{Name: "side-effects", Workflow: "SideEffects", Covers: []Feature{SideEffects}, Drive: goOn(2)},
		{
			Name: "mutable-side-effects", Workflow: "MutableSideEffects",
			Covers: []Feature{MutableSideEffects}, Drive: goOn(4),
		},
		{Name: "rounds", Workflow: "Rounds", Args: []any{4}, Covers: []Feature{ManyTasks, Versions}, Drive: goOn(4)},
		{
			Name: "rounds-reset", Workflow: "Rounds", Args: []any{3}, Covers: []Feature{Resets, Versions, SideEffects},
			Drive: func(d *Driver) {
				goOn(2)(d)
				resetTo(d, 3)
				d.GoOn()
			},
		},
		{
			Name: "upserts", Workflow: "Upserts", Covers: []Feature{SearchAttributes, Memos}, Drive: goOn(1),
			Options: client.StartWorkflowOptions{
				Memo: map[string]any{"color": "blue", "kept": true},
				TypedSearchAttributes: sdktemporal.NewSearchAttributes(
					sdktemporal.NewSearchAttributeKeyInt64("Size").ValueSet(3)),
			},
		},
	}
}
