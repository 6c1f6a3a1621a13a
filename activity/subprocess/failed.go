package subprocess

import (
	"context"
	"errors"

	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// failed is an error on its way to another process: a failure, as it would go to the server, and
// which of the errors that mean something to a worker it is.
type failed struct {
	failure *failurepb.Failure
	text    string
	marks   marks
	exactly bool // it is the one error of marks, not one that wraps it
}

// marks are a set of marked errors.
type marks uint64

// markCause is the mark of the cause of the call's context, beside those of marked.
const markCause marks = 1 << 32

// marked are the errors whose identity crosses.
func marked() []error {
	return []error{
		activity.ErrResultPending, activity.ErrActivityPaused, activity.ErrActivityReset,
		activity.ErrWorkerShutdown, context.Canceled, context.DeadlineExceeded,
	}
}

// send prepares an error for the way. cause is that of the call's context, nil if it has none.
func send(err, cause error, fc converter.FailureConverter) *failed {
	f := &failed{text: err.Error()}
	for i, e := range marked() {
		if errors.Is(err, e) {
			f.marks |= 1 << i
			f.exactly = f.exactly || err == e //nolint:errorlint // that is what it says
		}
	}
	if cause != nil && errors.Is(err, cause) {
		f.marks |= markCause
		f.exactly = f.exactly || err == cause //nolint:errorlint // that is what it says
	}
	f.failure = fc.ErrorToFailure(err)
	return f
}

// receive makes an error of what came. cause is that of the call's context, nil if it has none.
func (f *failed) receive(cause error, fc converter.FailureConverter) error {
	var are []error
	if f.marks&markCause != 0 && cause != nil {
		are = append(are, cause)
	}
	for i, e := range marked() {
		if f.marks&(1<<i) != 0 {
			are = append(are, e)
		}
	}
	if f.exactly && len(are) > 0 {
		return are[0]
	}
	err := fc.FailureToError(f.failure)
	switch {
	case err == nil:
		return errors.New("the activity failed, and its process did not say why")
	case len(are) == 0 && err.Error() == f.text:
		return err
	default:
		return &crossedError{err, f, are}
	}
}

// crossedError is an error of another process that is, or wraps, errors that are known here, or
// that was of a type which only decodes to a similar one.
type crossedError struct {
	err error
	was *failed
	are []error
}

func (e *crossedError) Error() string { return e.was.text }
func (e *crossedError) Unwrap() error { return e.err }

// Is finds the errors that are known here.
func (e *crossedError) Is(target error) bool {
	for _, known := range e.are {
		if errors.Is(known, target) {
			return true
		}
	}
	return false
}

// Failure is what the error is sent as.
func (e *crossedError) Failure() *failurepb.Failure { return e.was.failure }

func (f *failed) marshal() ([]byte, error) {
	var w writer
	if err := w.message(1, f.failure); err != nil {
		return nil, err
	}
	w.num(2, uint64(f.marks))
	w.flag(3, f.exactly)
	w.text(4, f.text)
	return w.b, nil
}

func (f *failed) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			f.failure = new(failurepb.Failure)
			return v.into(f.failure)
		case 2:
			f.marks = marks(v.n)
		case 3:
			f.exactly = v.flag()
		case 4:
			f.text = v.text()
		}
		return nil
	})
}

// failures converts errors, with details in the encoding of dc.
func failures(dc converter.DataConverter) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: dc})
}
