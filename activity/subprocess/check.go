package subprocess

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
)

// Check refuses an activity whose parameters or result cannot be sent to another process, such as
// channels and functions, also inside of other values. It names the activity, the parameter and
// what to do.
func (e *Executor) Check(d *activity.Definition) error {
	if d.IsDynamic() {
		return nil // it decodes its input itself
	}
	for i, t := range d.Params() {
		if why := e.uncrossable(t, t.String(), nil); why != "" {
			return fmt.Errorf("activity %s cannot run in another process: parameter %d, a %s, has %s: "+
				"pass plain data from which it can be made", d.FunctionName(), i+1, t, why)
		}
	}
	if t := d.Result(); t != nil {
		if why := e.uncrossable(t, t.String(), nil); why != "" {
			return fmt.Errorf("activity %s cannot run in another process: its result, a %s, has %s: "+
				"return plain data", d.FunctionName(), t, why)
		}
	}
	return nil
}

// uncrossable says what of a type cannot cross, and where; empty if all can.
func (e *Executor) uncrossable(t reflect.Type, path string, within []reflect.Type) string {
	if e.options.Encodes != nil && e.options.Encodes(t) || encodesItself(t) {
		return ""
	}
	if slices.Contains(within, t) {
		return "" // a list or a tree
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Chan:
		return "a channel (" + path + ")"
	case reflect.Func:
		return "a function (" + path + ")"
	case reflect.UnsafePointer:
		return "an unsafe pointer (" + path + ")"
	case reflect.Interface:
		if t == reflect.TypeFor[context.Context]() {
			return "a context (" + path + ")"
		}
		return ""
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return e.uncrossable(t.Elem(), path, within)
	case reflect.Map:
		if why := e.uncrossable(t.Key(), path, within); why != "" {
			return why
		}
		return e.uncrossable(t.Elem(), path, within)
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() || f.Tag.Get("json") == "-" {
				continue
			}
			if why := e.uncrossable(f.Type, path+"."+f.Name, within); why != "" {
				return why
			}
		}
		return ""
	default:
		return ""
	}
}

// encodesItself says whether values of the type know how.
func encodesItself(t reflect.Type) bool {
	for _, known := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[proto.Message](),
		reflect.TypeFor[encoding.BinaryMarshaler](),
	} {
		if t.Implements(known) || (t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(known)) {
			return true
		}
	}
	return false
}
