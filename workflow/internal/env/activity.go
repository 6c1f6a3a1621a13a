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

// An Ender is told when something ends, with its result or its failure.
type Ender interface {
	End(result *commonpb.Payloads, failure *failurepb.Failure)
}

// A Resolved is an [Ender].
type Resolved func(*commonpb.Payloads, *failurepb.Failure)

// End calls f.
func (f Resolved) End(result *commonpb.Payloads, failure *failurepb.Failure) { f(result, failure) }

// An ActivityCommand is the command of an activity: with what it says, but for
// what others share, it is one allocation.
type ActivityCommand struct {
	// Attributes are what it says. An empty id is filled in.
	Attributes commandpb.ScheduleActivityTaskCommandAttributes

	command commandpb.Command
	oneof   commandpb.Command_ScheduleActivityTaskCommandAttributes
}

// ScheduleActivity makes the command that schedules an activity, which p is about
// from then on.
func (e *Env) ScheduleActivity(scheduled int64, c *ActivityCommand, meta *sdkpb.UserMetadata, p *Pending) {
	attr := &c.Attributes
	if attr.GetActivityId() == "" {
		attr.ActivityId = strconv.FormatInt(scheduled, 10)
	}
	p.key = pendingKey{runner.Activity, attr.GetActivityId()}
	if _, ok := e.pending[p.key]; ok {
		Mismatch("[TMPRL1100] adding duplicate command for activity id " +
			strconv.Quote(attr.GetActivityId()))
	}
	e.await(p)
	c.oneof.ScheduleActivityTaskCommandAttributes = attr
	c.command.CommandType = enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
	c.command.UserMetadata, c.command.Attributes = meta, &c.oneof
	e.Emit(&c.command)
}

// CancelActivity asks once for the cancellation of an activity, unless it has
// ended.
func (e *Env) CancelActivity(scheduled int64, p *Pending) {
	e.cancel(p, func() *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
			Attributes: &commandpb.Command_RequestCancelActivityTaskCommandAttributes{
				RequestCancelActivityTaskCommandAttributes: &commandpb.
					RequestCancelActivityTaskCommandAttributes{ScheduledEventId: scheduled},
			},
		}
	})
}
