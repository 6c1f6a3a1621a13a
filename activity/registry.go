package activity

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// RegisterOptions say how an activity is registered. The zero value is the usual choice.
type RegisterOptions struct {
	// Name is the type name; empty means the function's own name. For a struct it is put in
	// front of each method's name.
	Name string
	// DisableAlreadyRegisteredCheck makes a second registration of a name replace the first
	// one instead of failing.
	DisableAlreadyRegisteredCheck bool
	// SkipInvalidStructFunctions leaves out a struct's methods that are no activities instead
	// of failing.
	SkipInvalidStructFunctions bool
	// AutoHeartbeat makes the worker heartbeat for the activity whenever nothing was sent for a
	// pause of the throttle, with the details that were recorded last, be it by an earlier
	// attempt. So cancellation, pause and reset reach an activity that records none itself. The
	// price: its heartbeat timeout tells only whether the worker is alive, an activity that
	// hangs goes on until another timeout ends it; and details are sent again and again.
	// Local activities have no heartbeats.
	AutoHeartbeat bool
	// MaxHeartbeatThrottleInterval is the longest pause between two heartbeats of the activity,
	// for one that wants to hear of its cancellation sooner; 0 means the worker's, and a longer
	// one than that counts for nothing.
	MaxHeartbeatThrottleInterval time.Duration
}

// DynamicRegisterOptions say how the dynamic activity is registered. There is nothing to say
// yet.
type DynamicRegisterOptions struct{}

// RegistryOptions change how a [Registry] behaves. The zero value is the usual choice.
type RegistryOptions struct {
	// DisableRegistrationAliasing makes [Registry.Name] answer with a function's own name even
	// if it was registered under another one.
	DisableRegistrationAliasing bool
	// Check is asked for every activity before it is registered; what it returns is why it is
	// not. nil takes all that have the shape of an activity. See [RemoteExecutor].
	Check func(d *Definition) error
}

// Registry knows the activities of a worker by name. The zero value is empty and ready to
// use. All methods may be called from any goroutine, at any time.
type Registry struct {
	options RegistryOptions

	mu          sync.RWMutex
	definitions map[string]*Definition
	dynamic     *Definition
	// byQualified and byShort find the name a function was registered under. The qualified
	// name decides; the short one serves a caller that refers to a method through another
	// type than the registered one (an interface's stub, an embedded struct).
	byQualified map[string]string
	byShort     map[string]string
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return NewRegistryWithOptions(RegistryOptions{})
}

// NewRegistryWithOptions returns an empty registry that behaves as options say.
func NewRegistryWithOptions(options RegistryOptions) *Registry {
	return &Registry{options: options}
}

// candidate is an activity that passed the checks and is about to be added.
type candidate struct {
	definition *Definition
	qualified  string
	renamed    bool
}

// RegisterActivity registers a function under its own name, or each exported method of the
// struct that a points to. A function takes an optional context.Context and any inputs and
// returns error or (T, error). A name that is taken is an error.
func (r *Registry) RegisterActivity(a any) error {
	return r.RegisterActivityWithOptions(a, RegisterOptions{})
}

// RegisterActivityWithOptions is [Registry.RegisterActivity] with options. It registers all of
// a struct or, if anything is wrong with it, nothing.
func (r *Registry) RegisterActivityWithOptions(a any, options RegisterOptions) error {
	candidates, err := r.candidatesOf(a, options)
	if err != nil {
		return fmt.Errorf("register activity: %w", err)
	}
	for _, c := range candidates {
		c.definition.autoHeartbeat = options.AutoHeartbeat
		c.definition.longestPause = options.MaxHeartbeatThrottleInterval
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !options.DisableAlreadyRegisteredCheck {
		for _, c := range candidates {
			if _, taken := r.definitions[c.definition.name]; taken {
				return fmt.Errorf("register activity: type %q is already registered: give %s "+
					"another RegisterOptions.Name", c.definition.name, c.qualified)
			}
		}
	}
	r.add(candidates)
	return nil
}

func (r *Registry) add(candidates []candidate) {
	if r.definitions == nil {
		r.definitions = make(map[string]*Definition)
		r.byQualified = make(map[string]string)
		r.byShort = make(map[string]string)
	}
	for _, c := range candidates {
		name := c.definition.name
		r.definitions[name] = c.definition
		if r.options.DisableRegistrationAliasing {
			continue
		}
		for _, qualified := range spellings(c.qualified) {
			r.byQualified[qualified] = name
		}
		if c.renamed {
			r.byShort[c.definition.functionName] = name
		}
	}
}

// RegisterDynamicActivity registers the function that runs for every type nobody registered.
// It has the form func(context.Context, converter.EncodedValues) (T, error). A second one is
// an error.
func (r *Registry) RegisterDynamicActivity(a any, _ DynamicRegisterOptions) error {
	v, err := functionOf(a)
	if err != nil {
		return fmt.Errorf("register dynamic activity: %w", err)
	}
	d, err := newDynamicDefinition(shortName(qualifiedName(v)), v)
	if err == nil {
		err = r.check(d)
	}
	if err != nil {
		return fmt.Errorf("register dynamic activity: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dynamic != nil {
		return fmt.Errorf("register dynamic activity: %s is registered already: "+
			"there can be one only", r.dynamic.functionName)
	}
	r.dynamic = d
	return nil
}

// Lookup finds what runs for a type: the activity of that name, else the dynamic one, else a
// [*NotRegisteredError].
func (r *Registry) Lookup(name string) (*Definition, error) {
	r.mu.RLock()
	d, found := r.definitions[name]
	if !found {
		d = r.dynamic
	}
	r.mu.RUnlock()
	if d == nil {
		return nil, &NotRegisteredError{Type: name, Supported: r.Types()}
	}
	return d, nil
}

// Name is the type name that a stands for: a string stands for itself, a function for the
// name it was registered under, or for its own if it is not registered here. Anything else is
// an error.
func (r *Registry) Name(a any) (string, error) {
	if name, ok := a.(string); ok {
		if name == "" {
			return "", errors.New("activity name is empty: pass a name or the function")
		}
		return name, nil
	}
	v, err := functionOf(a)
	if err != nil {
		return "", fmt.Errorf("activity name: %w", err)
	}
	qualified := qualifiedName(v)
	short := shortName(qualified)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if name, ok := r.byQualified[qualified]; ok {
		return name, nil
	}
	if name, ok := r.byShort[short]; ok {
		return name, nil
	}
	return short, nil
}

// ResolveLocal finds what code that calls a local activity means: a string is the activity
// registered by that name; a method the registered one, if there is one, since code may
// name it with a nil receiver; any other function stands for itself, registered or not.
func (r *Registry) ResolveLocal(a any) (name string, d *Definition, err error) {
	if name, err = r.Name(a); err != nil {
		return "", nil, fmt.Errorf("local activity: %w", err)
	}
	if _, byName := a.(string); byName {
		if d, err = r.Lookup(name); err != nil {
			return "", nil, fmt.Errorf("local activity %s is not registered by the worker: %w", name, err)
		}
		return name, d, nil
	}
	v := reflect.ValueOf(a)
	if isMethodValue(v) {
		r.mu.RLock()
		d = r.definitions[name]
		r.mu.RUnlock()
		if d != nil {
			return name, d, nil
		}
	}
	if d, err = newDefinition(name, shortName(qualifiedName(v)), v); err != nil {
		return "", nil, fmt.Errorf("local %w", err)
	}
	return name, d, nil
}

// Types lists the registered names, sorted. The dynamic activity has none.
func (r *Registry) Types() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.definitions))
}

// Len is how many activities are registered, the dynamic one included.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.dynamic != nil {
		return len(r.definitions) + 1
	}
	return len(r.definitions)
}

func functionOf(a any) (reflect.Value, error) {
	v := reflect.ValueOf(a)
	switch {
	case !v.IsValid():
		return v, errors.New("nil is no activity: pass a function")
	case v.Kind() != reflect.Func:
		return v, fmt.Errorf("%s is no function", v.Type())
	case v.IsNil():
		return v, fmt.Errorf("%s is nil: pass a function", v.Type())
	default:
		return v, nil
	}
}

// check asks whoever restricts what is registered.
func (r *Registry) check(d *Definition) error {
	if r.options.Check == nil {
		return nil
	}
	return r.options.Check(d)
}

func (r *Registry) candidatesOf(a any, options RegisterOptions) ([]candidate, error) {
	if strings.HasPrefix(options.Name, reservedPrefix) {
		return nil, fmt.Errorf("RegisterOptions.Name %q begins with the reserved prefix %s: "+
			"choose another", options.Name, reservedPrefix)
	}
	if d := options.MaxHeartbeatThrottleInterval; d < 0 {
		return nil, fmt.Errorf("RegisterOptions.MaxHeartbeatThrottleInterval is %v: "+
			"it must not be negative", d)
	}
	if t := reflect.TypeOf(a); t != nil && t.Kind() == reflect.Pointer &&
		t.Elem().Kind() == reflect.Struct {
		return r.methodsOf(reflect.ValueOf(a), options)
	}
	v, err := functionOf(a)
	if err != nil {
		return nil, fmt.Errorf("%w: pass a function or a pointer to a struct", err)
	}
	qualified := qualifiedName(v)
	short := shortName(qualified)
	name := options.Name
	if name == "" {
		name = short
	}
	d, err := newDefinition(name, short, v)
	if err == nil {
		err = r.check(d)
	}
	if err != nil {
		return nil, err
	}
	return []candidate{{definition: d, qualified: qualified, renamed: options.Name != ""}}, nil
}

func (r *Registry) methodsOf(v reflect.Value, options RegisterOptions) ([]candidate, error) {
	t := v.Type()
	var candidates []candidate
	for i := range t.NumMethod() {
		method := t.Method(i)
		d, err := newDefinition(options.Name+method.Name, method.Name, v.Method(i))
		if err == nil {
			err = r.check(d)
		}
		if err != nil {
			if options.SkipInvalidStructFunctions {
				continue
			}
			return nil, fmt.Errorf("%s: %w; or set RegisterOptions.SkipInvalidStructFunctions",
				t, err)
		}
		candidates = append(candidates, candidate{
			definition: d,
			qualified:  qualifiedNameOf(method.Func.Pointer()),
			renamed:    options.Name != "",
		})
	}
	if len(candidates) == 0 {
		return nil, fmt.Errorf("%s has no exported methods that are activities: "+
			"give it some, or pass a function", t)
	}
	return candidates, nil
}
