package replay

import (
	"errors"
	"fmt"
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
	// ActivityName resolves what workflow code gives as an activity, as a
	// worker's registry does; default: a string is a name, and a function has
	// its own.
	ActivityName func(activity any) (string, error)
	// Interceptors see what arrives and what workflows do, the first one outermost.
	Interceptors []workflow.Interceptor
	// ContextPropagators carry values of contexts through headers.
	ContextPropagators []workflow.ContextPropagator
	// Runner runs workflow code; default: native Go functions, with the options
	// above, which a runner that is given must have been made with. It is told of
	// what is registered.
	Runner runner.Runner
}

func (o *WorkflowReplayerOptions) complete() error {
	if o.Runner != nil && (o.ActivityName != nil || o.Interceptors != nil || o.ContextPropagators != nil) {
		return errors.New("replay options: ActivityName, Interceptors and ContextPropagators are for the runner " +
			"that is made by default: leave them out and give them to the one in Runner")
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
	if o.Runner == nil {
		o.Runner = native.New(native.Options{
			DataConverter:      o.DataConverter,
			FailureConverter:   o.FailureConverter,
			ActivityName:       o.ActivityName,
			Interceptors:       o.Interceptors,
			ContextPropagators: o.ContextPropagators,
		})
	}
	return nil
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
