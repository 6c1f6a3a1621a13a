package activity

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrResultPending is returned by an activity that will be completed later, by someone who
	// has its task token. Nothing is reported to the server when the function returns it, alone
	// or wrapped.
	ErrResultPending = errors.New("activity result is pending: it is completed by task token")

	// ErrActivityPaused is the cause of the context's cancellation when the server paused the
	// activity. An activity that stops for it is retried once it is unpaused.
	ErrActivityPaused = errors.New("activity paused")

	// ErrActivityReset is the cause of the context's cancellation when the server reset the
	// activity. An activity that stops for it is tried again, and its attempts are counted anew.
	// Servers up to 1.32 tell only a first attempt of it. A later one is not known to them any
	// more, which its heartbeats learn, and they try again when its time is over.
	ErrActivityReset = errors.New("activity reset")

	// ErrWorkerShutdown is the cause of the context's cancellation when the worker stops and its
	// grace period is over. An activity that stops for it is retried elsewhere.
	ErrWorkerShutdown = errors.New("worker is shutting down")

	// ErrGoexit is the error of an activity whose function ended its goroutine instead of returning.
	ErrGoexit = errors.New("activity ended its goroutine with runtime.Goexit instead of returning")
)

// NotRegisteredError says that a task asked for an activity type that nobody registered.
type NotRegisteredError struct {
	// Type is what the task asked for.
	Type string
	// Supported is what is registered, sorted.
	Supported []string
}

// Error names the type and those that are there.
func (e *NotRegisteredError) Error() string {
	return fmt.Sprintf("unable to find activityType=%s. Supported types: [%s]",
		e.Type, strings.Join(e.Supported, ", "))
}
