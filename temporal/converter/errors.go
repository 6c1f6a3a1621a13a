package converter

import "errors"

// Errors of the converters. They are always wrapped with what was being converted: test for them
// with errors.Is.
var (
	// ErrMetadataIsNotSet says that a payload has no metadata at all.
	ErrMetadataIsNotSet = errors.New("metadata is not set")
	// ErrEncodingIsNotSet says that a payload's metadata has no "encoding" key.
	ErrEncodingIsNotSet = errors.New("payload encoding metadata is not set")
	// ErrEncodingIsNotSupported says that no payload converter knows the payload's encoding.
	ErrEncodingIsNotSupported = errors.New("payload encoding is not supported")
	// ErrUnableToEncode says that a value could not be turned into a payload.
	ErrUnableToEncode = errors.New("unable to encode")
	// ErrUnableToDecode says that a payload's data could not be turned into a value.
	ErrUnableToDecode = errors.New("unable to decode")
	// ErrUnableToSetValue says that the target of a decode cannot be assigned to.
	ErrUnableToSetValue = errors.New("unable to set value")
	// ErrUnableToFindConverter says that no payload converter accepted a value.
	ErrUnableToFindConverter = errors.New("unable to find converter")
	// ErrTypeNotImplementProtoMessage says that a protobuf payload met a target that is no
	// proto.Message.
	ErrTypeNotImplementProtoMessage = errors.New("type doesn't implement proto.Message")
	// ErrValuePtrIsNotPointer says that the target of a decode is not a (non-nil) pointer.
	ErrValuePtrIsNotPointer = errors.New("not a pointer type")
	// ErrValuePtrMustConcreteType says that the target of a protobuf decode is an interface, so
	// that nothing tells which message to make.
	ErrValuePtrMustConcreteType = errors.New("must be a concrete type, not interface")
	// ErrTypeIsNotByteSlice says that a binary payload met a target that is no byte slice.
	ErrTypeIsNotByteSlice = errors.New("type is not *[]byte")
	// ErrNoData says that typed data was asked of something that holds none.
	ErrNoData = errors.New("no data available")
	// ErrTooManyArgs says that more values were asked for than there are.
	ErrTooManyArgs = errors.New("too many arguments")
	// ErrRawValueNotSerializable says that a RawValue was met inside of another value.
	ErrRawValueNotSerializable = errors.New("RawValue is not JSON serializable")
)
