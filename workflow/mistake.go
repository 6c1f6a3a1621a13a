package workflow

import (
	"errors"
	"fmt"

	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// mistake fails the workflow task: the workflow's code is wrong in a way that
// ordinary Go code would panic for. It does not return. The task is retried, so
// that a release with better code goes on where this one stopped.
func mistake(format string, args ...any) {
	panic(fmt.Sprintf(format, args...)) //nolint:forbidigo // it ends a coroutine, never the process
}

// isMisuse reports whether a panic means that the API was used where it must not.
func isMisuse(p any) bool {
	err, ok := p.(error)
	if !ok {
		return false
	}
	_, misuse := errors.AsType[*env.IllegalAccessError](err)
	return misuse
}
