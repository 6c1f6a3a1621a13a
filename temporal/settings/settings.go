package settings

import (
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
)

// Clone returns a copy of a struct of options with slices, pointed-to numbers and booleans of its
// own.
// What other pointers, maps and interfaces lead to is shared. Panics unless T is a struct whose
// slices and pointers to numbers and booleans are in exported fields.
func Clone[T any](options T) T {
	v := reflect.ValueOf(&options).Elem()
	for _, f := range v.Fields() {
		switch {
		case f.Kind() == reflect.Slice && !f.IsNil():
			f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
		case isNumber(f):
			number := reflect.New(f.Type().Elem())
			number.Elem().Set(f.Elem())
			f.Set(number)
		}
	}
	return options
}

// isNumber reports whether v points to a number or a boolean.
func isNumber(v reflect.Value) bool {
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	e := v.Elem()
	return e.CanInt() || e.CanUint() || e.CanFloat() || e.Kind() == reflect.Bool
}

// Compare lists the exported fields of a struct of options in their order, those of structs
// inside as "Outer.Inner". Each has the value that holds and, in brackets, that none was given, or
// which one if it is another. What is less than zero is shown as "off", and no rate, a number
// whose name ends in PerSecond, as "no limit".
func Compare[T any](given, inForce T) []slog.Attr {
	return compare("", reflect.ValueOf(given), reflect.ValueOf(inForce))
}

func compare(prefix string, given, inForce reflect.Value) (all []slog.Attr) {
	for i := range given.NumField() {
		if !given.Type().Field(i).IsExported() {
			continue
		}
		name := prefix + given.Type().Field(i).Name
		g, f := given.Field(i), inForce.Field(i)
		if g.Kind() == reflect.Struct {
			all = append(all, compare(name+".", g, f)...)
			continue
		}
		was, is := show(name, g), show(name, f)
		switch {
		case g.IsZero():
			is += " (not given)"
		case was != is:
			is += " (given " + was + ")"
		}
		all = append(all, slog.String(name, is))
	}
	return all
}

// show is the value of a field as people read it.
func show(name string, v reflect.Value) string {
	switch kind := v.Kind(); {
	case v.CanInt() && v.Int() < 0:
		return "off"
	case kind == reflect.Float64 && v.IsZero() && strings.HasSuffix(name, "PerSecond"):
		return "no limit"
	case kind == reflect.String:
		return fmt.Sprintf("%q", v)
	case kind == reflect.Slice:
		all := make([]string, v.Len())
		for i := range all {
			all[i] = show(name, v.Index(i))
		}
		return "[" + strings.Join(all, " ") + "]"
	case v.CanInt(), v.CanUint(), v.CanFloat(), kind == reflect.Bool:
		return fmt.Sprint(v)
	case isNumber(v):
		return fmt.Sprint(v.Elem())
	case (kind == reflect.Interface || kind == reflect.Pointer || kind == reflect.Func || kind == reflect.Map) &&
		v.IsNil():
		return "-"
	case kind == reflect.Interface && v.Elem().Kind() == reflect.Func:
		return show(name, v.Elem())
	case kind == reflect.Func:
		return runtime.FuncForPC(v.Pointer()).Name()
	}
	return fmt.Sprintf("%T", v.Interface())
}
