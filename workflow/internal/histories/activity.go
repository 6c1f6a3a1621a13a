package histories

import (
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
)

// startActivity adds the ActivityTaskStarted that goes before how it ended,
// and returns both events' ids.
func (h *History) startActivity(id string) (scheduled, started int64) {
	scheduled = need(h.Activities, id)
	started = h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{
				ScheduledEventId: scheduled,
			},
		},
	})
	delete(h.Activities, id)
	return scheduled, started
}

// CompleteActivity completes an open activity.
func (h *History) CompleteActivity(id string, result ...any) {
	scheduled, started := h.startActivity(id)
	h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
				ScheduledEventId: scheduled, StartedEventId: started, Result: Payloads(result...),
			},
		},
	})
}

// FailActivity fails an open activity.
func (h *History) FailActivity(id string, why *failurepb.Failure) {
	scheduled, started := h.startActivity(id)
	h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
			ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
				ScheduledEventId: scheduled, StartedEventId: started, Failure: why, Identity: "worker",
				RetryState: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE,
			},
		},
	})
}

// TimeOutActivity times an open activity out before it was started.
func (h *History) TimeOutActivity(id string) {
	h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
			ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{
				ScheduledEventId: need(h.Activities, id), RetryState: enumspb.RETRY_STATE_TIMEOUT,
				Failure: &failurepb.Failure{
					Message: "activity ScheduleToStart timeout",
					FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
						TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
							TimeoutType: enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START,
						},
					},
				},
			},
		},
	})
	delete(h.Activities, id)
}

// CancelActivity ends an open activity as canceled.
func (h *History) CancelActivity(id string, details ...any) {
	scheduled, started := h.startActivity(id)
	h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskCanceledEventAttributes{
			ActivityTaskCanceledEventAttributes: &historypb.ActivityTaskCanceledEventAttributes{
				ScheduledEventId: scheduled, StartedEventId: started, Details: Payloads(details...),
			},
		},
	})
}
