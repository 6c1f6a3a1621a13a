package temporal

import (
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Errors of package converter that methods of this package return too.
var (
	// ErrNoData is returned when typed data is asked of something that holds none.
	ErrNoData = converter.ErrNoData
	// ErrTooManyArgs is returned when more details are asked for than an error has.
	ErrTooManyArgs = converter.ErrTooManyArgs
)

// details are the values that an error carries: as Go values when this process made the error,
// encoded when it came from a failure.
type details struct {
	values  []any
	encoded converter.EncodedValues
}

func newDetails(values []any) details {
	if len(values) == 1 {
		if encoded, ok := values[0].(converter.EncodedValues); ok {
			return details{encoded: encoded}
		}
	}
	return details{values: values}
}

func decodedDetails(payloads *commonpb.Payloads, dc converter.DataConverter) details {
	return details{encoded: converter.NewEncodedValues(payloads, dc)}
}

func (d details) has() bool {
	if d.encoded != nil {
		return d.encoded.HasValues()
	}
	return len(d.values) > 0
}

func (d details) get(valuePtrs []any) error {
	if !d.has() {
		return ErrNoData
	}
	if d.encoded != nil {
		return d.encoded.Get(valuePtrs...)
	}
	if len(valuePtrs) > len(d.values) {
		return fmt.Errorf("%d details wanted, %d there: %w",
			len(valuePtrs), len(d.values), ErrTooManyArgs)
	}
	for i, valuePtr := range valuePtrs {
		if err := assign(valuePtr, d.values[i]); err != nil {
			return fmt.Errorf("detail %d: %w", i, err)
		}
	}
	return nil
}

// payloads encodes the details, or passes on those that are encoded already.
func (d details) payloads(dc converter.DataConverter) (*commonpb.Payloads, error) {
	if d.encoded != nil {
		return converter.GetPayloads(d.encoded), nil
	}
	return dc.ToPayloads(d.values...)
}

// assign sets *valuePtr to value, as a decode of the encoded value would.
func assign(valuePtr, value any) error {
	target := reflect.ValueOf(valuePtr)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("type: %T: %w", valuePtr, converter.ErrValuePtrIsNotPointer)
	}
	elem := target.Elem()
	v := reflect.ValueOf(value)
	switch {
	case !v.IsValid():
		elem.SetZero()
	case v.Type().AssignableTo(elem.Type()):
		elem.Set(v)
	default:
		return fmt.Errorf("type %T into %T: %w", value, valuePtr, converter.ErrUnableToSetValue)
	}
	return nil
}
