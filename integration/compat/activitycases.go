package compat

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	sdktemporal "go.temporal.io/sdk/temporal"
)

func activityCases() []Case {
	return []Case{
		{
			Name: "activity-options", Workflow: "ActivityOptions",
			Covers: []Feature{Activities, ActivityOptions, Futures},
		},
		{
			Name: "activity-failures", Workflow: "ActivityFailures",
			Covers: []Feature{Activities, ActivityFailures},
		},
		{
			Name: "activity-retries", Workflow: "ActivityRetries",
			Covers: []Feature{Activities, ActivityRetries},
		},
		{
			Name: "activity-heartbeats", Workflow: "ActivityHeartbeats",
			Covers: []Feature{ActivityHeartbeats},
		},
		{
			Name: "activities-at-once", Workflow: "ActivitiesAtOnce",
			Covers: []Feature{ActivityElsewhere, Futures, Selectors},
			Drive: func(d *Driver) {
				d.CompleteActivity("7", "seven", nil)
				d.CompleteActivity("5", nil, sdktemporal.NewNonRetryableApplicationError("five", "Five", errors.New("why"), 5))
				d.CompleteActivity("8", nil, sdktemporal.NewNonRetryableApplicationError("eight", "Eight", nil))
				d.CompleteActivity("6", "six", nil)
			},
		},
		{
			Name: "activity-cancel", Workflow: "ActivityCancel",
			Covers: []Feature{ActivityCancel},
			Drive: func(d *Driver) {
				for range 2 {
					d.GoOn() // the first is canceled
					d.GoOn()
					d.GoOn() // the others have ended
				}
				d.Idle()
				d.Note("scheduled %d", len(scheduled(d.Idle())))
				open := scheduled(d.Idle())
				d.CompleteActivity(open[len(open)-1], "in time", nil)
				d.GoOn()
			},
		},
		{
			Name: "timers", Workflow: "Timers",
			Covers: []Feature{Timers, Futures, Selectors},
		},
		{
			Name: "timer-cancel", Workflow: "TimerCancel",
			Covers: []Feature{TimerCancel},
			Drive: func(d *Driver) {
				d.GoOn()
				d.GoOn()
			},
		},
		{
			Name: "terminated", Workflow: "Endless",
			Covers: []Feature{ServerEnds}, Ends: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
			Drive: func(d *Driver) {
				d.Idle()
				d.Must(d.Client.TerminateWorkflow(d.ctx, d.Run.GetID(), "", "enough", "detail"))
			},
		},
	}
}
