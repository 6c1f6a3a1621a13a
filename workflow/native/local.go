package native

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

var _ runner.LocalCaller = (*instance)(nil)

// LocalCall implements [runner.LocalCaller].
func (i *instance) LocalCall(id string) (runner.LocalCall, bool) {
	if i.env == nil {
		return runner.LocalCall{}, false
	}
	return i.env.LocalCall(id)
}

// endLocal applies the further step of a workflow task; it reports whether
// code is to run.
func (i *instance) endLocal(a *runner.Activation) (bool, error) {
	if i.env == nil {
		return false, errNoRun
	}
	i.env.Replaying, i.env.SDK = a.Replaying, a.SDK
	var run bool
	err := i.aside(func() (err error) {
		run, err = i.env.EndLocal(a.Local)
		return err
	})
	if err != nil {
		return false, err
	}
	return run, nil
}

// anyFunction resolves local activities without a registry: a function stands
// for itself, and a name for nothing but itself, which is enough for a replay.
func anyFunction(activity any) (name string, function any, err error) {
	if s, ok := activity.(string); ok {
		return s, nil, nil
	}
	v := reflect.ValueOf(activity)
	if v.Kind() != reflect.Func || v.IsNil() {
		return "", nil, fmt.Errorf("local activity %v (%T) is no function", activity, activity)
	}
	full := runtime.FuncForPC(v.Pointer()).Name()
	return strings.TrimSuffix(full[strings.LastIndexByte(full, '.')+1:], "-fm"), activity, nil
}
