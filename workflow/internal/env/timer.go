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

// StartTimer makes the command that starts a timer. It returns a function that
// cancels it: the timer is then forgotten at once and never resolves.
func (e *Env) StartTimer(d time.Duration, meta *sdkpb.UserMetadata, fired Resolved) (cancel func()) {
	id := strconv.FormatInt(e.PeekID(), 10)
	key := pendingKey{runner.Timer, id}
	p := &pending{resolve: fired}
	e.pending[key] = p
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_START_TIMER,
		UserMetadata: meta,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{
				TimerId:            id,
				StartToFireTimeout: durationpb.New(d),
			},
		},
	})
	return e.canceler(key, p, func() *commandpb.Command {
		p.resolve = ignore
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_CANCEL_TIMER,
			Attributes: &commandpb.Command_CancelTimerCommandAttributes{
				CancelTimerCommandAttributes: &commandpb.CancelTimerCommandAttributes{TimerId: id},
			},
		}
	})
}
