package workflow

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// RegisterOptions are the options of [Registry.RegisterWorkflowWithOptions].
type RegisterOptions struct {
	// Name of the workflow type; default: the name of the function.
	Name string
	// DisableAlreadyRegisteredCheck lets a registration replace one of the
	// same name.
	DisableAlreadyRegisteredCheck bool
	// VersioningBehavior of workflows of this type, for workers that run as a
	// version of a deployment; default: that of the worker.
	VersioningBehavior VersioningBehavior
	// Unsandboxed has the worker's UnsandboxedWorkflowRunner run workflows of this type, not
	// its WorkflowRunner: an escape for code that a sandbox cannot run.
	Unsandboxed bool
}

// A Registry knows workflow functions by name. The zero value is empty. It is
// filled before the worker starts and only read afterwards: it is not safe for
// registering concurrently.
type Registry struct {
	byType  map[string]runner.Definition
	aliases map[string]string // function name -> workflow type
	dynamic *runner.Definition
	names   bool // strings are workflows too
}

// AcceptNames lets strings be registered: types of workflows whose code is not in this program,
// since the runner has it itself, as a sandbox does.
func (r *Registry) AcceptNames() { r.names = true }

// A RegistrationError says why something could not be registered.
type RegistrationError struct {
	// Value is what was given, described.
	Value string
	// Problem is what is wrong with it.
	Problem string
	// Fix is what to do about it.
	Fix string
}

// Error implements error.
func (e *RegistrationError) Error() string {
	return fmt.Sprintf("workflow %s: %s: %s", e.Value, e.Problem, e.Fix)
}

// RegisterWorkflow registers a workflow function under its own name. The
// function takes a Context and any serializable parameters, and returns an
// error, alone or after a result. A string will do after [Registry.AcceptNames].
func (r *Registry) RegisterWorkflow(w any) error {
	return r.RegisterWorkflowWithOptions(w, RegisterOptions{})
}

// RegisterWorkflowWithOptions is [Registry.RegisterWorkflow] with options.
func (r *Registry) RegisterWorkflowWithOptions(w any, options RegisterOptions) error {
	given := w
	w, _ = functionOf(w)
	own, err := r.ownName(w)
	if err != nil {
		return err
	}
	if b := options.VersioningBehavior; b < VersioningBehaviorUnspecified || b > VersioningBehaviorAutoUpgrade {
		return &RegistrationError{
			Value:   fmt.Sprintf("%q (%T)", own, w),
			Problem: fmt.Sprintf("has the VersioningBehavior %d", b),
			Fix:     "use one of the VersioningBehavior constants",
		}
	}
	name := options.Name
	if name == "" {
		name = own
	}
	definition := runner.Definition{
		Type: name, VersioningBehavior: options.VersioningBehavior.toProto(), Unsandboxed: options.Unsandboxed,
	}
	if _, byName := w.(string); !byName {
		definition.Func = given
		if _, err := newCallable(w, shape{what: "it", context: true}); err != nil {
			return &RegistrationError{
				Value:   fmt.Sprintf("%q (%s)", name, spelled(w)),
				Problem: err.Error(),
				Fix:     "change it to func(workflow.Context, ...) error or (T, error)",
			}
		}
	}
	if _, ok := r.byType[name]; ok && !options.DisableAlreadyRegisteredCheck {
		return &RegistrationError{
			Value:   fmt.Sprintf("%q (%s)", name, spelled(w)),
			Problem: "is already registered",
			Fix:     "give one of the two another RegisterOptions.Name",
		}
	}
	if strings.HasPrefix(name, temporalPrefix) {
		return &RegistrationError{
			Value: fmt.Sprintf("%q (%s)", name, spelled(w)), Problem: "__temporal_ is a reserved prefix",
			Fix: "choose another name",
		}
	}
	if r.byType == nil {
		r.byType = make(map[string]runner.Definition)
		r.aliases = make(map[string]string)
	}
	r.byType[name] = definition
	if definition.Func != nil {
		r.aliases[own] = name
	}
	return nil
}

// ownName is the name of a function, or the type that a string is.
func (r *Registry) ownName(w any) (string, error) {
	if s, ok := w.(string); ok && r.names && s != "" {
		return s, nil
	}
	if v := reflect.ValueOf(w); v.Kind() != reflect.Func || v.IsNil() {
		return "", &RegistrationError{
			Value:   fmt.Sprintf("%v (%s)", w, spelled(w)),
			Problem: "is no function",
			Fix:     "register a func(workflow.Context, ...) error or (T, error)",
		}
	}
	return functionName(w), nil
}

// Definitions returns what is registered, sorted by type, the dynamic workflow last.
func (r *Registry) Definitions() []runner.Definition {
	out := make([]runner.Definition, 0, len(r.byType))
	for _, name := range slices.Sorted(maps.Keys(r.byType)) {
		out = append(out, r.byType[name])
	}
	if r.dynamic != nil {
		out = append(out, *r.dynamic)
	}
	return out
}

// Has reports whether a workflow of the type can run.
func (r *Registry) Has(workflowType string) bool {
	_, ok := r.byType[workflowType]
	return ok || r.dynamic != nil
}

// Name returns the workflow type of what workflow code names a workflow with:
// a string is the type itself, a function is looked up.
func (r *Registry) Name(w any) (string, error) {
	if s, ok := w.(string); ok {
		return s, nil
	}
	w, _ = functionOf(w)
	if v := reflect.ValueOf(w); v.Kind() != reflect.Func || v.IsNil() {
		return "", fmt.Errorf("workflow %v (%T) is neither a function nor a name", w, w)
	}
	own := functionName(w)
	if name, ok := r.aliases[own]; ok {
		return name, nil
	}
	return own, nil
}

// spelled is the type of w as workflow code writes it: its Context comes from
// here.
func spelled(w any) string {
	return strings.ReplaceAll(fmt.Sprintf("%T", w), "workflowcontext.Context", "workflow.Context")
}

// functionName is the last part of a function's name, as histories have it.
func functionName(f any) string {
	full := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		full = full[i+1:]
	}
	return strings.TrimSuffix(full, "-fm")
}
