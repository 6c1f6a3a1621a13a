package replay

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// WorkflowReplayerOptions are the options of [NewWorkflowReplayerWithOptions].
// The zero value works.
type WorkflowReplayerOptions struct {
	// DataConverter decodes arguments and results; default: the one that all
	// Temporal SDKs share.
	DataConverter converter.DataConverter
	// FailureConverter decodes failures; default: temporal's.
	FailureConverter converter.FailureConverter
	// ContextPropagators carry values of contexts through headers.
	ContextPropagators []workflow.ContextPropagator
	// Interceptors see what arrives and what workflows do, the first one outermost.
	Interceptors []workflow.Interceptor
	// EnableLoggingInReplay lets workflows log while they are replayed, to the
	// logger of the replay.
	EnableLoggingInReplay bool
	// DisableDeadlockDetection lets workflow code take its time, as when it is
	// held in a debugger.
	DisableDeadlockDetection bool
	// ActivityName resolves what workflow code gives as an activity, as a
	// worker's registry does; default: a string is a name, and a function has
	// its own.
	ActivityName func(activity any) (string, error)
	// Runner runs workflow code; default: native Go functions, with the options
	// above. One that is given must have been made with what it needs; it is
	// told of what is registered.
	Runner runner.Runner
}

func (o *WorkflowReplayerOptions) complete() error {
	if o.Runner != nil && o.forRunner() {
		return errors.New("replay options: ContextPropagators, Interceptors, EnableLoggingInReplay, " +
			"DisableDeadlockDetection and ActivityName are for the runner that is made by default: " +
			"leave them out and give them to the one in Runner")
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	if o.ActivityName == nil {
		o.ActivityName = activityName
	}
	return nil
}

// forRunner reports whether something is set that only the default runner heeds.
func (o *WorkflowReplayerOptions) forRunner() bool {
	return o.ContextPropagators != nil || o.Interceptors != nil || o.ActivityName != nil ||
		o.EnableLoggingInReplay || o.DisableDeadlockDetection
}

// native makes the default runner.
func (r *WorkflowReplayer) native(logger *slog.Logger) runner.Runner {
	o := native.Options{
		DataConverter:         r.options.DataConverter,
		FailureConverter:      r.options.FailureConverter,
		ContextPropagators:    r.options.ContextPropagators,
		Interceptors:          r.options.Interceptors,
		EnableLoggingInReplay: r.options.EnableLoggingInReplay,
		ActivityName:          r.options.ActivityName,
		WorkflowName:          r.registry.Name,
		Logger:                logger,
	}
	if r.options.DisableDeadlockDetection {
		o.DeadlockDetectionTimeout = -1
	}
	return native.New(o)
}

// activityName names activities of which nobody knows more than the code says.
func activityName(activity any) (string, error) {
	v := reflect.ValueOf(activity)
	switch {
	case v.Kind() == reflect.String && v.String() != "":
		return v.String(), nil
	case v.Kind() == reflect.Func && !v.IsNil():
		full := runtime.FuncForPC(v.Pointer()).Name()
		return strings.TrimSuffix(full[strings.LastIndexByte(full, '.')+1:], "-fm"), nil
	default:
		return "", fmt.Errorf("activity %v (%T): give its function or its name", activity, activity)
	}
}
