package outcomes

import "github.com/mainspring-go/mainspring/workflow"

// cancelSignal asks FanOut to cancel the activity whose key it carries.
const cancelSignal = "cancel"

// FanOut runs the activities of the plans side by side and returns how many have
// ended. How they have ended is for the reader of its history.
func FanOut(ctx workflow.Context, plans []Plan) (int, error) {
	cancels := make(map[string]workflow.CancelFunc, len(plans))
	futures := make([]workflow.Future, 0, len(plans))
	for _, p := range plans {
		own, cancel := workflow.WithCancel(ctx)
		cancels[p.Key] = cancel
		name, argument := p.call()
		futures = append(futures, workflow.ExecuteActivity(
			workflow.WithActivityOptions(own, p.options()), name, argument))
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var key string
			if !workflow.GetSignalChannel(ctx, cancelSignal).Receive(ctx, &key) {
				return
			}
			if cancel, ok := cancels[key]; ok {
				cancel()
			}
		}
	})
	ended := 0
	for _, f := range futures {
		_ = f.Get(ctx, nil) // the history tells
		ended++
	}
	return ended, nil
}
