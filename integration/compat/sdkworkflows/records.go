// Code generated from ../workflows/records.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Versions asks for versions in every place where an id depends on it.
func Versions(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = brief(ctx)
	version := func(id string, newest workflow.Version) {
		d.note("%s %d", id, workflow.GetVersion(ctx, id, workflow.DefaultVersion, newest))
	}
	echo := func(s string) workflow.Future { return workflow.ExecuteActivity(ctx, a.Echo, s) }
	workflow.NewTimer(ctx, time.Hour) // left running
	version("one", 3)
	second := echo("after")
	version("one", 4)
	d.failure("after", second.Get(ctx, nil))
	d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))

	wait(ctx)
	child, cancel := workflow.WithCancel(ctx)
	timer := workflow.NewTimer(child, time.Hour)
	version("two", 0)
	cancel()
	d.failure("timer", timer.Get(ctx, nil))
	version("one", 5)
	d.failure("again", echo("again").Get(ctx, nil))
	wait(ctx)
	list, ok := workflow.GetTypedSearchAttributes(ctx).
		GetKeywordList(temporal.NewSearchAttributeKeyKeywordList("TemporalChangeVersion"))
	d.note("versions to be searched for: %v %t", list, ok)
	version("two", 9)
	return d.lines, nil
}

// VersionsTooMany has more versions than can be searched for.
func VersionsTooMany(ctx workflow.Context) (int, error) {
	if _, err := open(ctx); err != nil {
		return 0, err
	}
	sum := 0
	for i := range 3 {
		id := fmt.Sprint(strings.Repeat("x", 900), i)
		sum += int(workflow.GetVersion(ctx, id, workflow.DefaultVersion, workflow.Version(i)))
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
		wait(ctx)
		sum += int(workflow.GetVersion(ctx, id, workflow.DefaultVersion, 7))
	}
	return sum, nil
}

// SideEffects records values of every kind.
func SideEffects(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	effect := func(value, into any) {
		e := workflow.SideEffect(ctx, func(workflow.Context) any { return value })
		d.note("has a value %t", e.HasValue())
		d.failure("get", e.Get(into))
	}
	var n int
	effect(1, &n)
	d.note("%d", n)
	var s string
	err = workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: "some words"},
		func(workflow.Context) any { return "words" }).Get(&s)
	d.failure(s, err)
	d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))
	var p *Point
	effect(&Point{X: 1, Name: "p"}, &p)
	d.note("%+v", *p)
	var none *Point
	effect(nil, &none)
	d.note("none %t", none == nil)
	wait(ctx)
	wg := workflow.NewWaitGroup(ctx)
	for i := range 2 {
		wg.Go(ctx, func(ctx workflow.Context) {
			var b []byte
			effect([]byte{byte(i)}, &b)
			d.note("%v", b)
			d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))
			effect(i, &n)
		})
	}
	wg.Wait(ctx)
	wait(ctx)
	d.failure("of the wrong type", workflow.SideEffect(ctx, func(workflow.Context) any { return 1 }).Get(&n))
	return d.lines, nil
}

// MutableSideEffects records values when they change.
func MutableSideEffects(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	read := func(id string, value int) {
		var n int
		err := workflow.MutableSideEffect(ctx, id, func(workflow.Context) any { return value },
			func(a, b any) bool { return a == b }).Get(&n)
		d.failure(fmt.Sprint(id, " ", n), err)
	}
	for round := range 4 {
		read("a", round/2)
		read("b", round)
		for call := range 3 {
			read("c", round+call/2)
		}
		d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))
		read("a", 7)
		var v *Point
		err := workflow.MutableSideEffectWithOptions(ctx, "none", workflow.MutableSideEffectOptions{Summary: "a point"},
			func(workflow.Context) any {
				if round == 2 {
					return &Point{X: round}
				}
				return nil
			}, func(a, b any) bool { return false }).Get(&v)
		d.failure(fmt.Sprintf("%v", v), err)
		wait(ctx)
	}
	return d.lines, nil
}

// Upserts changes search attributes and memo.
func Upserts(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	color := temporal.NewSearchAttributeKeyKeyword("Color")
	tags := temporal.NewSearchAttributeKeyKeywordList("Tags")
	size := temporal.NewSearchAttributeKeyInt64("Size")
	weight := temporal.NewSearchAttributeKeyFloat64("Weight")
	ready := temporal.NewSearchAttributeKeyBool("Ready")
	due := temporal.NewSearchAttributeKeyTime("Due")
	words := temporal.NewSearchAttributeKeyString("Words")
	tell := func() {
		sa := workflow.GetTypedSearchAttributes(ctx)
		c, _ := sa.GetKeyword(color)
		t, _ := sa.GetKeywordList(tags)
		s, _ := sa.GetInt64(size)
		w, _ := sa.GetFloat64(weight)
		r, _ := sa.GetBool(ready)
		u, _ := sa.GetTime(due)
		x, hasWords := sa.GetString(words)
		d.note("%s %v %d %v %t %v %s %t", c, t, s, w, r, u.UTC(), x, hasWords)
		memo := workflow.GetInfo(ctx).Memo.GetFields()
		for _, key := range workflow.DeterministicKeys(memo) {
			d.note("%s: %s", key, memo[key].GetData())
		}
	}
	tell()
	d.failure("all", workflow.UpsertTypedSearchAttributes(ctx,
		color.ValueSet("green"), tags.ValueSet([]string{"a", "b"}), size.ValueSet(7), weight.ValueSet(1.5),
		ready.ValueSet(true), due.ValueSet(time.Date(2026, 1, 2, 3, 4, 5, 6000000, time.UTC)), words.ValueSet("some words")))
	tell()
	d.failure("memo", workflow.UpsertMemo(ctx, map[string]any{"color": nil, "number": 5, "point": &Point{X: 2}}))
	tell()
	d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))
	d.failure("unset", workflow.UpsertTypedSearchAttributes(ctx, words.ValueUnset(), size.ValueSet(8)))
	d.failure("memo again", workflow.UpsertMemo(ctx, map[string]any{"number": 6}))
	tell()
	wait(ctx)
	tell()
	d.failure("no attributes", workflow.UpsertTypedSearchAttributes(ctx))
	d.failure("no memo", workflow.UpsertMemo(ctx, map[string]any{}))
	d.failure("reserved", workflow.UpsertTypedSearchAttributes(ctx,
		temporal.NewSearchAttributeKeyKeywordList("TemporalChangeVersion").ValueUnset()))
	return d.lines, nil
}

// Rounds records something of everything in each round.
func Rounds(ctx workflow.Context, rounds int) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rounds {
		v := workflow.GetVersion(ctx, fmt.Sprint("round-", i%2), workflow.DefaultVersion, workflow.Version(i))
		var once, changing int
		d.failure("once", workflow.SideEffect(ctx, func(workflow.Context) any { return i }).Get(&once))
		d.failure("changing", workflow.MutableSideEffect(ctx, "changing", func(workflow.Context) any { return i / 2 },
			func(a, b any) bool { return a == b }).Get(&changing))
		d.failure("memo", workflow.UpsertMemo(ctx, map[string]any{"round": i}))
		d.note("version %d, %d, %d, %s", v, once, changing, workflow.GetInfo(ctx).Memo.GetFields()["round"].GetData())
		d.failure("a moment", workflow.Sleep(ctx, time.Millisecond))
		wait(ctx)
	}
	return d.lines, nil
}
