package compat

import (
	"time"

	"go.temporal.io/sdk/client"
)

func localCases() []Case {
	short := client.StartWorkflowOptions{WorkflowTaskTimeout: time.Second}
	return []Case{
		{Name: "local-activities", Workflow: "LocalActivities", Covers: []Feature{Locals}},
		{Name: "local-backoff", Workflow: "LocalBackoff", Covers: []Feature{Locals, LocalBackoff}, Options: short},
		{Name: "local-long", Workflow: "LocalLong", Covers: []Feature{Locals, LocalHeartbeats}, Options: short},
	}
}
