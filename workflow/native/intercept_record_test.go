package native_test

import (
	"errors"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

func (o *countingOut) GetTypedSearchAttributes(ctx workflow.Context) temporal.SearchAttributes {
	o.saw("GetTypedSearchAttributes")
	return o.Next.GetTypedSearchAttributes(ctx)
}

func (o *countingOut) UpsertTypedSearchAttributes(
	ctx workflow.Context, attributes ...temporal.SearchAttributeUpdate,
) error {
	o.saw("UpsertTypedSearchAttributes")
	return o.Next.UpsertTypedSearchAttributes(ctx, attributes...)
}

func (o *countingOut) UpsertMemo(ctx workflow.Context, memo map[string]any) error {
	o.saw("UpsertMemo")
	return o.Next.UpsertMemo(ctx, memo)
}

func (o *countingOut) SideEffect(
	ctx workflow.Context, f func(workflow.Context) any,
) converter.EncodedValue {
	o.saw("SideEffect")
	return o.Next.SideEffect(ctx, f)
}

func (o *countingOut) SideEffectWithOptions(
	ctx workflow.Context, options workflow.SideEffectOptions, f func(workflow.Context) any,
) converter.EncodedValue {
	o.saw("SideEffectWithOptions")
	return o.Next.SideEffectWithOptions(ctx, options, f)
}

func (o *countingOut) MutableSideEffect(
	ctx workflow.Context, id string, f func(workflow.Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	o.saw("MutableSideEffect")
	return o.Next.MutableSideEffect(ctx, id, f, equals)
}

func (o *countingOut) MutableSideEffectWithOptions(
	ctx workflow.Context, id string, options workflow.MutableSideEffectOptions,
	f func(workflow.Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	o.saw("MutableSideEffectWithOptions")
	return o.Next.MutableSideEffectWithOptions(ctx, id, options, f, equals)
}

func (o *countingOut) GetVersion(
	ctx workflow.Context, changeID string, minSupported, maxSupported workflow.Version,
) workflow.Version {
	o.saw("GetVersion")
	return o.Next.GetVersion(ctx, changeID, minSupported, maxSupported)
}

// remember calls the functions that write into history.
func remember(ctx workflow.Context) error {
	one := func(workflow.Context) any { return 1 }
	same := func(a, b any) bool { return a == b }
	workflow.SideEffect(ctx, one)
	workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{}, one)
	workflow.MutableSideEffect(ctx, "m", one, same)
	workflow.MutableSideEffectWithOptions(ctx, "m", workflow.MutableSideEffectOptions{}, one, same)
	workflow.GetVersion(ctx, "v", workflow.DefaultVersion, 1)
	if n := workflow.GetTypedSearchAttributes(ctx).Size(); n > 1 {
		return errors.New("search attributes of nobody")
	}
	return errors.Join(
		workflow.UpsertMemo(ctx, map[string]any{"k": 1}),
		workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyInt64("k").ValueSet(1)),
	)
}
