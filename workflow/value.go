package workflow

import "reflect"

// setPointer stores v where ptr points to. A ptr that is no pointer, or points
// to something that cannot hold v, is a mistake in the workflow and panics, as
// an assignment that does not compile would.
func setPointer(ptr, v any) {
	to := reflect.ValueOf(ptr)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		mistake("valuePtr parameter is not a pointer: got %T", ptr)
	}
	to = to.Elem()
	if v == nil {
		to.SetZero()
		return
	}
	from := reflect.ValueOf(v)
	switch {
	case from.Type().AssignableTo(to.Type()):
		to.Set(from)
	case from.Kind() == reflect.Pointer && from.Type().Elem().AssignableTo(to.Type()) && !from.IsNil():
		to.Set(from.Elem())
	default:
		mistake("cannot assign a value of type %T through valuePtr of type %T", v, ptr)
	}
}
