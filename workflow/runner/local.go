package runner

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A LocalRequest asks for a local activity: one that the worker runs itself
// while the workflow task stays open. How it ends comes back in a further
// activation of the same task, as [Activation.Local].
type LocalRequest struct {
	// ID is a number that counts the local activities of a run from 1. A retry
	// after a timer of the server has a number of its own.
	ID string
	// Type is the name that histories carry.
	Type string
	// Attempt counts from 1; the first of this request.
	Attempt int32
	// Scheduled is the workflow's clock when code asked for the activity, the
	// same for all retries.
	Scheduled time.Time
	// ScheduleToClose bounds all attempts and the time between them.
	ScheduleToClose time.Duration
	// StartToClose bounds one attempt.
	StartToClose time.Duration
	// RetryPolicy has no defaults to fill in.
	RetryPolicy *commonpb.RetryPolicy
	// Header accompanies the arguments; may be nil.
	Header *commonpb.Header
	// Args are the encoded arguments. They are nil if the instance is a
	// [LocalCaller].
	Args *commonpb.Payloads
}

// A LocalResult ends the local activity of a request.
type LocalResult struct {
	// ID is that of the request.
	ID string
	// Time is the workflow's clock from now on.
	Time time.Time
	// Attempt is the last one.
	Attempt int32
	// Backoff, if positive, asks the workflow to try once more after a timer of
	// that length: the server keeps long waits, not the worker.
	Backoff time.Duration
	// Result is the result if there is one and Failure is nil.
	Result *commonpb.Payloads
	// Failure is why it failed, as the activity said it.
	Failure *failurepb.Failure
	// Marker is how history tells all of that, in replay; the other fields are
	// zero then. Only the data converter of the workflow can read it.
	Marker *Marker
}

// A LocalCaller is an [Instance] in the process of its worker. Its local
// activities share their arguments with the workflow, as histories of the
// official SDK suppose: they get the very values, which are never encoded, and
// what they change in them the workflow sees. A request is data all the same;
// the instance keeps the call behind it and gives it out by the request's ID.
// Whoever wraps an instance passes this interface on.
type LocalCaller interface {
	// LocalCall returns what a request calls, and false if it is not open. Like
	// the other methods it is for one goroutine at a time; the call is for any.
	LocalCall(id string) (LocalCall, bool)
}

// A LocalCall is a function with its arguments, ready to be called, more than
// once if attempts fail.
type LocalCall struct {
	// Function is what the instance was made to take for the activity. It is for
	// whoever runs local activities to understand.
	Function any
	// Args are the arguments as code gave them.
	Args []any
	// DataConverter is what the workflow will decode the result with, so that it
	// is to be encoded with it; nil for that of whoever runs the activity.
	DataConverter converter.DataConverter
}
