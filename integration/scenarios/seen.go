package scenarios

import (
	historypb "go.temporal.io/api/history/v1"
)

// has fits events of the type.
func has(kind string) func(*historypb.HistoryEvent) bool { return nth(kind, 1) }

// nth fits the n-th event of the type. It counts anew at each first event.
func nth(kind string, n int) func(*historypb.HistoryEvent) bool {
	seen := 0
	return func(e *historypb.HistoryEvent) bool {
		if e.GetEventId() == 1 {
			seen = 0
		}
		if e.GetEventType().String() == kind {
			seen++
		}
		return seen == n
	}
}

// describe is what DescribeWorkflowExecution tells, without times and sizes.
func describe(e *Env, id string) string { return describeRun(e, id, "") }

// describeRun is describe for one run.
func describeRun(e *Env, id, runID string) string {
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, runID)
	if err != nil {
		return err.Error()
	}
	return Message(d, "startTime", "closeTime", "executionTime", "executionDuration", "historySizeBytes",
		"stateTransitionCount", "scheduledTime", "originalScheduledTime", "startedTime", "lastStartedTime",
		"executionExpirationTime", "runExpirationTime", "originalStartTime", "lastResetTime", "createTime", "expireTime",
		"nextAttemptScheduleTime", "lastHeartbeatTime", "lastAttemptCompleteTime", "expirationTime",
		"currentRetryInterval", "requestIdInfos", "mostRecentWorkerVersionStamp", "searchAttributes",
		"externalPayloadSizeBytes", "externalPayloadCount")
}
