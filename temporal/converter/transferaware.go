package converter

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
)

// MakeTransferAware returns a data converter that turns values whose type is a
// [ValueWithTransferTypeConverter] into their transfer values for dc, and back. For nil it returns
// the default data converter, and one that it made it returns as it is.
func MakeTransferAware(dc DataConverter) DataConverter {
	switch dc := dc.(type) {
	case nil:
		return GetDefaultDataConverter()
	case *transferAware, *bindableTransferAware:
		return dc
	default:
		return (&transferAware{converters: &sync.Map{}}).around(dc, transferContext{})
	}
}

// transferAware is a data converter around another. It is never changed; what is bound to a
// context is a copy.
type transferAware struct {
	parent DataConverter
	about  transferContext
	// converters has the converter of each type that was seen. Copies share it.
	converters *sync.Map
}

// bindableTransferAware is a transferAware around a converter that can be bound to a serialization
// context. It is a type of its own so that nobody makes a context for one to whom it is nothing.
type bindableTransferAware struct{ transferAware }

// around returns a copy of dc around another parent.
func (dc *transferAware) around(parent DataConverter, about transferContext) DataConverter {
	made := transferAware{parent: parent, about: about, converters: dc.converters}
	if _, bindable := parent.(DataConverterWithSerializationContext); bindable {
		return &bindableTransferAware{made}
	}
	return &made
}

// converterFor returns the transfer type converter of a value, or of what a pointer points to. It
// is nil for values that travel as they are.
func (dc *transferAware) converterFor(value any) (TransferTypeConverter, error) {
	convertible, ok := value.(ValueWithTransferTypeConverter)
	if !ok {
		return nil, nil // most values: that is no error
	}
	v := reflect.ValueOf(value)
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil // the parent knows what to make of a nil pointer
		}
		t = t.Elem()
	}
	if known, ok := dc.converters.Load(t); ok {
		c, _ := known.(TransferTypeConverter)
		return c, nil
	}
	c, err := convertible.TransferTypeConverter()
	if err != nil {
		return nil, fmt.Errorf("transfer type converter for %v: %w", t, err)
	}
	if c == nil {
		return nil, fmt.Errorf("transfer type converter for %v is nil", t)
	}
	dc.converters.Store(t, c)
	return c, nil
}

func (dc *transferAware) ToPayload(value any) (*commonpb.Payload, error) {
	c, err := dc.converterFor(value)
	if err != nil {
		return nil, err
	}
	if c != nil {
		if value, err = c.encode(dc.about, value); err != nil {
			return nil, err
		}
	}
	return dc.parent.ToPayload(value)
}

func (dc *transferAware) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	transfers, cloned := values, false
	for i, value := range values {
		c, err := dc.converterFor(value)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if !cloned {
			transfers, cloned = slices.Clone(values), true // values are the caller's
		}
		if transfers[i], err = c.encode(dc.about, value); err != nil {
			return nil, err
		}
	}
	return dc.parent.ToPayloads(transfers...)
}

func (dc *transferAware) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	if payload == nil {
		return dc.parent.FromPayload(payload, valuePtr)
	}
	c, err := dc.converterFor(valuePtr)
	if err != nil {
		return err
	}
	if c == nil {
		return dc.parent.FromPayload(payload, valuePtr)
	}
	transferPtr := c.newTransfer()
	if err := dc.parent.FromPayload(payload, transferPtr); err != nil {
		return err
	}
	return c.decode(dc.about, transferPtr, valuePtr)
}

func (dc *transferAware) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	type conversion struct {
		at int
		by TransferTypeConverter
	}
	var conversions []conversion
	targets := valuePtrs
	for i, payload := range payloads.GetPayloads() {
		if i >= len(valuePtrs) {
			break
		}
		if payload == nil {
			continue
		}
		c, err := dc.converterFor(valuePtrs[i])
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		if conversions == nil {
			targets = slices.Clone(valuePtrs)
		}
		conversions = append(conversions, conversion{i, c})
		targets[i] = c.newTransfer()
	}
	if err := dc.parent.FromPayloads(payloads, targets...); err != nil {
		return err
	}
	for _, c := range conversions {
		if err := c.by.decode(dc.about, targets[c.at], valuePtrs[c.at]); err != nil {
			return err
		}
	}
	return nil
}

func (dc *transferAware) ToString(input *commonpb.Payload) string { return dc.parent.ToString(input) }

func (dc *transferAware) ToStrings(input *commonpb.Payloads) []string {
	return dc.parent.ToStrings(input)
}

// WithSerializationContext binds the parent, if that makes a difference.
func (dc *bindableTransferAware) WithSerializationContext(ctx SerializationContext) DataConverter {
	parent := WithDataConverterSerializationContext(dc.parent, ctx)
	if identical(parent, dc.parent) {
		return dc
	}
	return dc.around(parent, dc.about)
}

func (dc *transferAware) WithWorkflowContext(ctx WorkflowContext) DataConverter {
	return dc.around(WithWorkflowContext(ctx, dc.parent), transferContext{workflow: ctx})
}

func (dc *transferAware) WithContext(ctx context.Context) DataConverter {
	return dc.around(WithContext(ctx, dc.parent), transferContext{ctx: ctx})
}
