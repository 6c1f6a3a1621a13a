package env

import (
	"strconv"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// ignore is the Resolved of what nobody waits for any more.
func ignore(*commonpb.Payloads, *failurepb.Failure) {}

// A Resolved is called when something ends, with its result or its failure.
type Resolved func(*commonpb.Payloads, *failurepb.Failure)

// ScheduleActivity makes the command that schedules an activity. The id of the
// attributes is filled in if it is empty. It returns a function that asks for
// the activity's cancellation, once.
func (e *Env) ScheduleActivity(
	scheduled int64,
	attr *commandpb.ScheduleActivityTaskCommandAttributes,
	meta *sdkpb.UserMetadata,
	resolved Resolved,
) (cancel func()) {
	if attr.GetActivityId() == "" {
		attr.ActivityId = strconv.FormatInt(scheduled, 10)
	}
	key := pendingKey{runner.Activity, attr.GetActivityId()}
	if _, ok := e.pending[key]; ok {
		Mismatch("[TMPRL1100] adding duplicate command for activity id " +
			strconv.Quote(attr.GetActivityId()))
	}
	p := &pending{resolve: resolved}
	e.pending[key] = p
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		UserMetadata: meta,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: attr,
		},
	})
	return e.canceler(key, p, func() *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
			Attributes: &commandpb.Command_RequestCancelActivityTaskCommandAttributes{
				RequestCancelActivityTaskCommandAttributes: &commandpb.
					RequestCancelActivityTaskCommandAttributes{ScheduledEventId: scheduled},
			},
		}
	})
}
