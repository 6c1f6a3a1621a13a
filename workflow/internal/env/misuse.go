package env

// An IllegalStateError is the value of a panic that means: this code does not
// fit this history.
type IllegalStateError struct{ Message string }

// Error implements error.
func (e *IllegalStateError) Error() string { return e.Message }

// An IllegalAccessError is the value of a panic that means: code used the
// workflow API where it must not.
type IllegalAccessError struct{ Message string }

// Error implements error.
func (e *IllegalAccessError) Error() string { return e.Message }

// Mismatch ends the workflow task: the code does not fit its history. It does
// not return.
func Mismatch(message string) {
	panic(&IllegalStateError{Message: message}) //nolint:forbidigo // the task fails with it, the process does not
}

// Fail ends the workflow task: something went wrong that better code, or a
// better moment, may put right. It does not return.
func Fail(err error) {
	panic(err) //nolint:forbidigo // the task fails with it, the process does not
}

// Misuse ends the workflow task: code used the API where it must not. In a
// query it ends just the query. It does not return.
func Misuse(message string) {
	panic(&IllegalAccessError{Message: message}) //nolint:forbidigo // the task fails with it, the process does not
}
