package temporal

import (
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// FailureSource is what failures made by this package name as their source.
const FailureSource = "MainspringGo"

// DefaultFailureConverterOptions are the options of NewDefaultFailureConverter. All are optional.
type DefaultFailureConverterOptions struct {
	// DataConverter encodes details and, if wanted, attributes. Nil means the default one.
	DataConverter converter.DataConverter
	// EncodeCommonAttributes moves the message and the stack trace of every failure into a payload
	// that DataConverter makes, so that its codecs protect them.
	EncodeCommonAttributes bool
}

// DefaultFailureConverter turns errors into failures and back. It is safe for concurrent use. Make
// it with NewDefaultFailureConverter; the zero value uses the default options.
type DefaultFailureConverter struct {
	dataConverter          converter.DataConverter
	encodeCommonAttributes bool
}

// NewDefaultFailureConverter returns a DefaultFailureConverter.
func NewDefaultFailureConverter(opt DefaultFailureConverterOptions) *DefaultFailureConverter {
	return &DefaultFailureConverter{
		dataConverter:          opt.DataConverter,
		encodeCommonAttributes: opt.EncodeCommonAttributes,
	}
}

// GetDefaultFailureConverter returns a DefaultFailureConverter with the default options.
func GetDefaultFailureConverter() converter.FailureConverter {
	return NewDefaultFailureConverter(DefaultFailureConverterOptions{})
}

// ErrorToFailure turns an error and its causes into a failure; nil yields nil. An error that was
// made from a failure yields a copy of that failure, unchanged. An error whose details cannot be
// encoded is sent without them, and its message says so.
func (c *DefaultFailureConverter) ErrorToFailure(err error) *failurepb.Failure {
	if err == nil {
		return nil
	}
	return encoder{dc: c.converter(), hide: c.encodeCommonAttributes}.encode(err)
}

// FailureToError turns a failure and its causes into an error; nil yields nil. It does not change
// the failure.
func (c *DefaultFailureConverter) FailureToError(failure *failurepb.Failure) error {
	if failure == nil {
		return nil
	}
	// One copy for the whole chain: errors outlive what the caller does with its message.
	own := proto.CloneOf(failure)
	return decoder{dc: c.converter()}.decode(own)
}

func (c *DefaultFailureConverter) converter() converter.DataConverter {
	if c.dataConverter == nil {
		return converter.GetDefaultDataConverter()
	}
	return c.dataConverter
}
