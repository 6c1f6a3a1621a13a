package converter

import (
	"fmt"

	failurepb "go.temporal.io/api/failure/v1"
)

// FailureConverter turns errors into failures, the form in which they cross process boundaries,
// and back. The default one is temporal.NewDefaultFailureConverter. Implementations must be safe
// for concurrent use and must not keep or change what they are given.
type FailureConverter interface {
	// ErrorToFailure turns an error into a failure; nil yields nil.
	ErrorToFailure(err error) *failurepb.Failure
	// FailureToError turns a failure into an error; nil yields nil.
	FailureToError(failure *failurepb.Failure) error
}

// encodedMessage stands in place of a message that moved into the encoded attributes.
const encodedMessage = "Encoded failure"

// commonAttributes are the parts of a failure that may be sensitive whatever its kind.
type commonAttributes struct {
	Message    string `json:"message"`
	StackTrace string `json:"stack_trace"`
}

// EncodeCommonFailureAttributes moves the message and stack trace of a failure, though not of its
// causes, into its encoded attributes, so that dc's codecs protect them. When dc fails the
// failure is unchanged and must not be sent by whoever wants the attributes protected.
func EncodeCommonFailureAttributes(dc DataConverter, failure *failurepb.Failure) error {
	if failure == nil {
		return nil
	}
	payload, err := dc.ToPayload(commonAttributes{
		Message:    failure.GetMessage(),
		StackTrace: failure.GetStackTrace(),
	})
	if err != nil {
		return fmt.Errorf("failure attributes: %w", err)
	}
	failure.EncodedAttributes = payload
	failure.Message = encodedMessage
	failure.StackTrace = ""
	return nil
}

// DecodeCommonFailureAttributes restores the message and stack trace of a failure, though not of
// its causes, from its encoded attributes. The failure is unchanged when it has none, or none
// that dc can decode.
func DecodeCommonFailureAttributes(dc DataConverter, failure *failurepb.Failure) {
	if failure.GetEncodedAttributes() == nil {
		return
	}
	var attributes commonAttributes
	if err := dc.FromPayload(failure.GetEncodedAttributes(), &attributes); err != nil {
		return
	}
	failure.Message = attributes.Message
	failure.StackTrace = attributes.StackTrace
}
