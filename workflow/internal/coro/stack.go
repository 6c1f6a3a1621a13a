package coro

import (
	"fmt"
	"runtime"
	"strings"
)

// Stack returns the stack of its caller as the author of a workflow would like
// to see it: the calls of their code and what it called of the workflow API.
// If there is no such call it returns everything.
func Stack() string {
	pcs := make([]uintptr, 64)
	for {
		n := runtime.Callers(2, pcs)
		if n < len(pcs) {
			pcs = pcs[:n]
			break
		}
		pcs = make([]uintptr, 2*len(pcs))
	}
	if s := format(pcs, hidden); s != "" {
		return s
	}
	return format(pcs, func(string) bool { return false })
}

// format writes the calls in the form that Go has for stacks.
func format(pcs []uintptr, skip func(function string) bool) string {
	var b strings.Builder
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if f.Function != "" && !skip(f.Function) {
			fmt.Fprintf(&b, "%s(...)\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}

const module = "github.com/mainspring-go/mainspring/workflow"

// hidden reports whether a function is one of the machinery that runs workflows.
func hidden(function string) bool {
	for _, prefix := range []string{
		"runtime.", "reflect.", "iter.", "runtime/debug.",
		module + "/native.", module + "/internal/env.", module + "/internal/coro.", module + "/internal/direct.",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	name, api := strings.CutPrefix(function, module+".")
	if !api {
		return false
	}
	if strings.HasPrefix(name, "(") { // a method: its type does not matter
		_, name, _ = strings.Cut(name, ").")
	}
	return name == "" || name[0] < 'A' || name[0] > 'Z'
}
