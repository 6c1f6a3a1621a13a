package workflow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// LocalActivityOptions say how a local activity is run. StartToCloseTimeout or
// ScheduleToCloseTimeout is required.
type LocalActivityOptions struct {
	// ScheduleToCloseTimeout bounds all attempts and the time between them;
	// default: StartToCloseTimeout.
	ScheduleToCloseTimeout time.Duration
	// StartToCloseTimeout bounds one attempt; default: ScheduleToCloseTimeout.
	StartToCloseTimeout time.Duration
	// RetryPolicy; zero fields, and nil, mean: after a second, then twice as long
	// each time up to 100 times InitialInterval, until ScheduleToCloseTimeout.
	RetryPolicy *temporal.RetryPolicy
	// Summary is one line that people see beside the activity.
	Summary string
}

// WithLocalActivityOptions returns a context whose local activities have these
// options. Every field is replaced.
func WithLocalActivityOptions(ctx Context, options LocalActivityOptions) Context {
	var policy temporal.RetryPolicy
	if options.RetryPolicy != nil {
		policy = *options.RetryPolicy // the caller may use it elsewhere
	}
	if policy.BackoffCoefficient == 0 {
		policy.BackoffCoefficient = 2
	}
	if policy.InitialInterval == 0 {
		policy.InitialInterval = time.Second
	}
	if policy.MaximumInterval == 0 {
		policy.MaximumInterval = 100 * policy.InitialInterval
	}
	options.RetryPolicy = &policy
	return WithValue(ctx, localActivityOptionsKey, options)
}

// GetLocalActivityOptions returns the options that local activities of ctx have.
func GetLocalActivityOptions(ctx Context) LocalActivityOptions {
	o, _ := ctx.Value(localActivityOptionsKey).(LocalActivityOptions)
	return o
}

// errNoLocalTimeout is returned by local activities without a bound.
var errNoLocalTimeout = errors.New("local activity options: set StartToCloseTimeout or " +
	"ScheduleToCloseTimeout with workflow.WithLocalActivityOptions: without either, an activity " +
	"that hangs would never end")

// validate says what is wrong with the options and fills in their defaults.
func (o *LocalActivityOptions) validate() error {
	switch {
	case o.ScheduleToCloseTimeout < 0:
		return fmt.Errorf("local activity options: ScheduleToCloseTimeout is %v: "+
			"use zero for StartToCloseTimeout or a positive duration", o.ScheduleToCloseTimeout)
	case o.StartToCloseTimeout < 0:
		return fmt.Errorf("local activity options: StartToCloseTimeout is %v: "+
			"use zero for ScheduleToCloseTimeout or a positive duration", o.StartToCloseTimeout)
	case o.ScheduleToCloseTimeout == 0 && o.StartToCloseTimeout == 0:
		return errNoLocalTimeout
	case o.ScheduleToCloseTimeout == 0:
		o.ScheduleToCloseTimeout = o.StartToCloseTimeout
	case o.StartToCloseTimeout == 0:
		o.StartToCloseTimeout = o.ScheduleToCloseTimeout
	}
	return nil
}

// ExecuteLocalActivity runs an activity in the worker that runs the workflow,
// without a task queue: for short work, since the workflow task stays open for
// so long. The activity is a function, or the name of one that is registered
// with the worker. It gets the arguments by reference, not encoded.
//
// If the worker is lost, activities whose end is not in history yet run again.
// The future's error is what the activity returned, decoded, without an
// ActivityError around it; a [*temporal.CanceledError] if ctx was canceled
// before it ended.
func ExecuteLocalActivity(ctx Context, activity any, args ...any) Future {
	r := runOf(ctx)
	r.mustMutate()
	name, function, err := r.env.LocalActivity(activity)
	if err != nil {
		f := &future{run: r}
		f.settle(nil, err)
		return f
	}
	ctx = WithValue(ctx, localFunctionKey, localFunction{given: activity, name: name, function: function})
	return r.outbound.ExecuteLocalActivity(r.withHeader(ctx), name, args...)
}

// localFunction is what is to be called, while interceptors see its name.
type localFunction struct {
	given    any
	name     string
	function any
}

func (o rootOutbound) ExecuteLocalActivity(ctx Context, activityType string, args ...any) Future {
	r := o.run
	f := &future{run: r}
	l, err := r.newLocal(ctx, activityType, args)
	if err != nil {
		f.settle(nil, err)
		return f
	}
	f.convert = l.convert
	// Ids are given in the order in which these coroutines first run, not in
	// that of the calls: histories depend on it.
	Go(ctx, func(ctx Context) { f.settle(l.attempts(ctx)) })
	return f
}

// A localActivity is one call of ExecuteLocalActivity.
type localActivity struct {
	run      *run
	request  runner.LocalRequest
	call     runner.LocalCall
	meta     *sdkpb.UserMetadata
	convert  converter.DataConverter
	failures converter.FailureConverter
}

func (r *run) newLocal(ctx Context, name string, args []any) (*localActivity, error) {
	header, err := r.header(ctx)
	if err != nil {
		return nil, err
	}
	call, _ := ctx.Value(localFunctionKey).(localFunction)
	if _, byName := call.given.(string); byName && name != call.name { // an interceptor wants another
		if _, call.function, err = r.env.LocalActivity(name); err != nil {
			return nil, err
		}
	}
	if err := checkLocalArgs(name, call.given, args); err != nil {
		return nil, err
	}
	o := GetLocalActivityOptions(ctx)
	if err := o.validate(); err != nil {
		return nil, err
	}
	by := r.convertersOf(ctx, name, "", true)
	return &localActivity{
		run: r,
		request: runner.LocalRequest{
			Type: name, Attempt: 1, Scheduled: Now(ctx),
			ScheduleToClose: o.ScheduleToCloseTimeout, StartToClose: o.StartToCloseTimeout,
			RetryPolicy: temporal.RetryPolicyToProto(o.RetryPolicy), Header: header,
		},
		call:     runner.LocalCall{Function: call.function, Args: args, DataConverter: by.data},
		meta:     r.metadata(o.Summary),
		convert:  by.data,
		failures: by.failures,
	}, nil
}

// attempts runs the activity, and again after a timer for as long as the worker
// says so: it makes the retries with short waits itself.
func (l *localActivity) attempts(ctx Context) (result any, err error) {
	for {
		outcome := l.once(ctx)
		if outcome.Failure == nil {
			return outcome.Result, nil
		}
		err := l.failures.FailureToError(outcome.Failure)
		if outcome.Backoff <= 0 || temporal.IsCanceledError(err) {
			return nil, err
		}
		_ = Sleep(ctx, outcome.Backoff) // if ctx is canceled, the next attempt says so
		l.request.Attempt = outcome.Attempt + 1
	}
}

func (l *localActivity) once(ctx Context) env.LocalOutcome {
	var outcome env.LocalOutcome
	ended := &future{run: l.run}
	forget := func() {}
	cancel := l.run.env.ScheduleLocal(l.request, l.call, l.meta, func(o env.LocalOutcome) {
		forget()
		outcome = o
		ended.settle((*commonpb.Payloads)(nil), nil)
	})
	forget = onCancel(ctx, cancel)
	_ = ended.Get(ctx, nil)
	return outcome
}

// checkLocalArgs reports arguments that a function cannot take. What a name
// stands for is not known here.
func checkLocalArgs(name string, function any, args []any) error {
	t := reflect.TypeOf(function)
	if t == nil || t.Kind() != reflect.Func {
		return nil
	}
	skip := 0
	if t.NumIn() > 0 && t.In(0).Implements(reflect.TypeFor[context.Context]()) {
		skip = 1
	}
	if want := t.NumIn() - skip; want != len(args) {
		return fmt.Errorf("local activity %s: expected %d args for function but found %d", name, want, len(args))
	}
	for i, arg := range args {
		in := t.In(i + skip)
		if have := reflect.TypeOf(arg); have != nil && !have.AssignableTo(in) {
			return fmt.Errorf("local activity %s: cannot assign function argument %d from type %s to type %s",
				name, i+1, have, in)
		}
	}
	return nil
}
