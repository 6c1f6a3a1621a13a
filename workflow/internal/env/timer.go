package env

import (
	"strconv"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// StartTimer makes the command that starts a timer, which p is about from then
// on.
func (e *Env) StartTimer(d time.Duration, meta *sdkpb.UserMetadata, p *Pending) {
	p.key = pendingKey{runner.Timer, strconv.FormatInt(e.PeekID(), 10)}
	e.await(p)
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_START_TIMER,
		UserMetadata: meta,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{
				TimerId:            p.key.id,
				StartToFireTimeout: durationpb.New(d),
			},
		},
	})
}

// CancelTimer cancels a timer, unless it has fired: nobody is told of its end
// then.
func (e *Env) CancelTimer(p *Pending) {
	e.cancel(p, func() *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_CANCEL_TIMER,
			Attributes: &commandpb.Command_CancelTimerCommandAttributes{
				CancelTimerCommandAttributes: &commandpb.CancelTimerCommandAttributes{TimerId: p.key.id},
			},
		}
	})
}
