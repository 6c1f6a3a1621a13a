package native_test

import (
	"strconv"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// record does what leaves something in history that replay has to find there:
// what the workflow does next depends on it.
func (in *interpreter) record(ctx workflow.Context, a action) {
	n := 0
	switch a.kind {
	case effect:
		must(workflow.SideEffect(ctx, impure(func(length int) int { return length + a.n })).Get(&n))
	case mutable:
		for range 2 { // it may change within a task
			var v int
			in.records++
			must(workflow.MutableSideEffect(ctx, strconv.Itoa(a.n),
				impure(func(length int) int { return length/20 + in.records/2 }),
				func(a, b any) bool { return a == b }).Get(&v))
			n = 2*n + v
		}
	case version:
		// In a loop of its own each time: ids of markers that were recorded come
		// between those of other commands.
		id := strconv.Itoa(a.n)
		if a.wait {
			id += "-" + strconv.Itoa(workflow.GetInfo(ctx).GetCurrentHistoryLength())
		}
		n = int(workflow.GetVersion(ctx, id, workflow.DefaultVersion, 2))
		n += workflow.GetTypedSearchAttributes(ctx).Size()
	case memo:
		n = len(workflow.GetInfo(ctx).Memo.GetFields())
		must(workflow.UpsertMemo(ctx, map[string]any{strconv.Itoa(a.n): n, "gone": nil}))
	case attribute:
		n = workflow.GetTypedSearchAttributes(ctx).Size()
		key := temporal.NewSearchAttributeKeyInt64(strconv.Itoa(a.n))
		if a.wait {
			must(workflow.UpsertTypedSearchAttributes(ctx, key.ValueSet(int64(n))))
		} else {
			must(workflow.UpsertTypedSearchAttributes(ctx, key.ValueUnset()))
		}
	default:
	}
	in.sum = 31*in.sum + n
	if a.wait && n%3 > 0 {
		_ = workflow.Sleep(ctx, time.Minute)
	}
}

// impure is a function that must not be called in replay. It returns something
// else in each task.
func impure(f func(length int) int) func(workflow.Context) any {
	return func(ctx workflow.Context) any {
		if workflow.IsReplaying(ctx) {
			panic("called in replay")
		}
		return f(workflow.GetInfo(ctx).GetCurrentHistoryLength())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
