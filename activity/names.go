package activity

import (
	"reflect"
	"runtime"
	"strings"
)

// reservedPrefix starts the names that the server and its workers keep for themselves.
const reservedPrefix = "__temporal_"

// qualifiedName is the runtime's name of a function: import path, receiver and all. A method
// value and its method have the same one. f must be a func that is not nil.
func qualifiedName(f reflect.Value) string {
	return qualifiedNameOf(f.Pointer())
}

func qualifiedNameOf(pc uintptr) string {
	fn := runtime.FuncForPC(pc)
	if fn == nil {
		return ""
	}
	return strings.TrimSuffix(fn.Name(), "-fm")
}

// isMethodValue says whether f is a method bound to its receiver. f must be a func that is
// not nil.
func isMethodValue(f reflect.Value) bool {
	fn := runtime.FuncForPC(f.Pointer())
	return fn != nil && strings.HasSuffix(fn.Name(), "-fm")
}

// shortName is the part of a qualified name that tasks are called by: what follows the last
// dot. Other SDKs in the same fleet cut names here too, so a closure is "func1" and an
// instance of a generic function is "]": both want a name of their own.
func shortName(qualified string) string {
	return qualified[strings.LastIndexByte(qualified, '.')+1:]
}

// spellings are the qualified names that one function goes by: reflection calls a method
// "pkg.(*T).Do" where a method value of a value receiver is "pkg.T.Do".
func spellings(qualified string) []string {
	before, rest, ok := strings.Cut(qualified, "(*")
	if !ok {
		return []string{qualified}
	}
	return []string{qualified, before + strings.Replace(rest, ")", "", 1)}
}
