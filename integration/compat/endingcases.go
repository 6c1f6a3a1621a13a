package compat

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
)

func endingCases() []Case {
	cases := []Case{
		{
			Name: "fail-with-activity", Workflow: "FailWithActivity", Covers: []Feature{Failures, ActivityFailures},
			Ends: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		},
		{
			Name: "retried", Workflow: "Retried", Covers: []Feature{WorkflowRetries},
			Options: client.StartWorkflowOptions{RetryPolicy: &sdktemporal.RetryPolicy{
				InitialInterval: time.Second, MaximumAttempts: 3,
			}},
		},
		{
			Name: "timed-out", Workflow: "Endless", Covers: []Feature{ServerEnds},
			Options: client.StartWorkflowOptions{WorkflowRunTimeout: 3 * time.Second},
			Ends:    enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
		},
	}
	const failed, completed = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	for _, f := range []struct {
		how  string
		ends enumspb.EventType
	}{
		{"application", failed},
		{"final", failed},
		{"options", failed},
		{"plain", failed},
		{"own", failed},
		{"wrapped", failed},
		{"timeout", failed},
		{"canceled", enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED},
		{"nothing", completed},
		{"not-at-all", completed},
	} {
		cases = append(cases, Case{
			Name: "fail-" + f.how, Workflow: "Fail", Args: []any{f.how}, Covers: []Feature{Failures}, Ends: f.ends,
		})
	}
	return cases
}
