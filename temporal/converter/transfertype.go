package converter

import (
	"context"
	"fmt"
	"reflect"
)

// ValueWithTransferTypeConverter is implemented by types that travel as another type: a value is
// turned into its transfer value before it is encoded, and back after it was decoded. Data
// converters made by [MakeTransferAware] do so, the default one among them.
//
// Only whole arguments, results and so on are turned, not what is inside of them. Implement the
// method on the value, not the pointer, and encode T or *T, but always decode into *T. A nil
// pointer is encoded as it is.
type ValueWithTransferTypeConverter interface {
	// TransferTypeConverter returns the converter of the type. It is asked once for a type, not
	// for every value, from several goroutines, and must not look at the value.
	TransferTypeConverter() (TransferTypeConverter, error)
}

// TransferTypeConverter turns values of one type into their transfer values and back. Only
// NewTransferTypeConverter and NewContextualTransferTypeConverter make one.
type TransferTypeConverter interface {
	// newTransfer returns a pointer to a zero transfer value.
	newTransfer() any
	// encode turns a value, or a pointer to one, into a pointer to its transfer value.
	encode(about transferContext, value any) (any, error)
	// decode sets the value that valuePtr points to from the transfer value behind transferPtr.
	decode(about transferContext, transferPtr, valuePtr any) error
}

// transferContext is what a data converter was bound to: one of the two, or neither.
type transferContext struct {
	ctx      context.Context //nolint:containedctx // a bound converter is made of its context
	workflow WorkflowContext
}

// NewTransferTypeConverter returns a converter made of two functions, which are given pointers
// that are not nil. They are called from several goroutines, and in workflows: they must not
// depend on anything else, nor return a nil pointer. The types must not be pointers.
func NewTransferTypeConverter[Model ValueWithTransferTypeConverter, Transfer any](
	toTransferType func(*Model) (*Transfer, error),
	fromTransferType func(*Transfer, *Model) error,
) (TransferTypeConverter, error) {
	return NewContextualTransferTypeConverter(
		func(_ context.Context, m *Model) (*Transfer, error) { return toTransferType(m) },
		func(_ context.Context, t *Transfer, m *Model) error { return fromTransferType(t, m) },
		func(_ WorkflowContext, m *Model) (*Transfer, error) { return toTransferType(m) },
		func(_ WorkflowContext, t *Transfer, m *Model) error { return fromTransferType(t, m) },
	)
}

// NewContextualTransferTypeConverter is NewTransferTypeConverter with functions that are given the
// context of the activity or call, or that of the workflow. Without any, the first two get
// context.Background.
func NewContextualTransferTypeConverter[Model ValueWithTransferTypeConverter, Transfer any](
	toTransferType func(context.Context, *Model) (*Transfer, error),
	fromTransferType func(context.Context, *Transfer, *Model) error,
	toTransferTypeWithWorkflowContext func(WorkflowContext, *Model) (*Transfer, error),
	fromTransferTypeWithWorkflowContext func(WorkflowContext, *Transfer, *Model) error,
) (TransferTypeConverter, error) {
	for name, t := range map[string]reflect.Type{
		"model": reflect.TypeFor[Model](), "transfer": reflect.TypeFor[Transfer](),
	} {
		if t.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("transfer type converter: %s type must not be a pointer, got %v",
				name, t)
		}
	}
	return transferTypeConverter[Model, Transfer]{
		to:           toTransferType,
		from:         fromTransferType,
		toWorkflow:   toTransferTypeWithWorkflowContext,
		fromWorkflow: fromTransferTypeWithWorkflowContext,
	}, nil
}

type transferTypeConverter[Model, Transfer any] struct {
	to           func(context.Context, *Model) (*Transfer, error)
	from         func(context.Context, *Transfer, *Model) error
	toWorkflow   func(WorkflowContext, *Model) (*Transfer, error)
	fromWorkflow func(WorkflowContext, *Transfer, *Model) error
}

func (transferTypeConverter[Model, Transfer]) newTransfer() any { return new(Transfer) }

func (c transferTypeConverter[Model, Transfer]) encode(
	about transferContext, value any,
) (any, error) {
	model, ok := value.(*Model)
	if !ok {
		v, ok := value.(Model)
		if !ok {
			return nil, fmt.Errorf("transfer type converter: want value of type %v or %v, got %T",
				reflect.TypeFor[Model](), reflect.TypeFor[*Model](), value)
		}
		model = &v
	}
	if about.workflow != nil {
		return c.toWorkflow(about.workflow, model)
	}
	return c.to(about.background(), model)
}

func (c transferTypeConverter[Model, Transfer]) decode(
	about transferContext, transferPtr, valuePtr any,
) error {
	model, ok := valuePtr.(*Model)
	if !ok {
		return fmt.Errorf("transfer type converter: want value of type %v, got %T",
			reflect.TypeFor[*Model](), valuePtr)
	}
	transfer, ok := transferPtr.(*Transfer)
	if !ok {
		return fmt.Errorf("transfer type converter: want transfer value of type %v, got %T",
			reflect.TypeFor[*Transfer](), transferPtr)
	}
	if about.workflow != nil {
		return c.fromWorkflow(about.workflow, transfer, model)
	}
	return c.from(about.background(), transfer, model)
}

func (c transferContext) background() context.Context {
	if c.ctx == nil {
		return context.Background()
	}
	return c.ctx
}
