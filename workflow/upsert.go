package workflow

import (
	"errors"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

var (
	errNoSearchAttributes = errors.New("search attributes is empty")
	errReservedAttribute  = errors.New(env.ChangeVersion +
		" is a reserved key that cannot be set, please use other key")
	errNoMemo = errors.New("memo is empty")
)

// GetTypedSearchAttributes returns the search attributes that the run has: those
// it was started with and what was upserted since. Those of an unknown type are
// left out, and logged.
func GetTypedSearchAttributes(ctx Context) temporal.SearchAttributes {
	return runOf(ctx).outbound.GetTypedSearchAttributes(ctx)
}

func (o rootOutbound) GetTypedSearchAttributes(Context) temporal.SearchAttributes {
	sa, err := temporal.DecodeSearchAttributes(o.run.env.Info.SearchAttributes)
	if err != nil {
		o.run.log().Warn("Search attributes left out: they cannot be decoded", "Error", err)
	}
	return sa
}

// UpsertTypedSearchAttributes sets and unsets search attributes of the run, by
// which people find it; others stay as they are.
//
//	attempts := temporal.NewSearchAttributeKeyInt64("Attempts")
//	owner := temporal.NewSearchAttributeKeyKeyword("Owner")
//	err := workflow.UpsertTypedSearchAttributes(ctx, attempts.ValueSet(2), owner.ValueUnset())
//
// The namespace must know the attributes by their names and types: if it does not,
// the server fails the workflow task. The data converter plays no part, and
// nothing secret belongs here: the server must be able to read attributes.
func UpsertTypedSearchAttributes(ctx Context, attributes ...temporal.SearchAttributeUpdate) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.UpsertTypedSearchAttributes(ctx, attributes...)
}

func (o rootOutbound) UpsertTypedSearchAttributes(
	_ Context, attributes ...temporal.SearchAttributeUpdate,
) error {
	upsert, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(attributes...))
	if err != nil {
		return err
	}
	if _, reserved := upsert.GetIndexedFields()[env.ChangeVersion]; reserved {
		return errReservedAttribute
	}
	if len(upsert.GetIndexedFields()) == 0 {
		return errNoSearchAttributes
	}
	o.run.env.UpsertSearchAttributes(upsert)
	return nil
}

// UpsertMemo sets fields of the run's memo, which people see beside it and cannot
// search for; others stay as they are, and a nil value removes a field.
func UpsertMemo(ctx Context, memo map[string]any) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.UpsertMemo(ctx, memo)
}

func (o rootOutbound) UpsertMemo(_ Context, memo map[string]any) error {
	upsert, err := o.run.encodeMemo(memo) // it tries the flag even for no memo: histories show it
	if err != nil {
		return err
	}
	if len(upsert.GetFields()) == 0 {
		return errNoMemo
	}
	o.run.env.UpsertMemo(upsert)
	return nil
}
