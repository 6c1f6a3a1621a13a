package surface_test

import (
	"fmt"
	"go/types"
	"strings"
)

// A difference is a name of the SDK that we do not have, or not as it is there.
type difference struct {
	name, what string
	deprecated bool
}

// compare says in what our package differs from the SDK's of that name.
func compare(sdk, ours library, path string) []difference {
	m := newMatcher(sdk, ours)
	have := map[string]item{}
	for _, it := range ours.surface(path) {
		have[it.name] = it
	}
	var found []difference
	settled := map[string]bool{} // types whose members need not be looked at
	wanted := map[string]item{}
	for _, want := range sdk.surface(path) {
		wanted[want.name] = want
		if settled[want.parent] {
			continue
		}
		got, ok := have[want.name]
		what := "missing " + want.kind
		if ok {
			what = m.difference(want, got)
		}
		if want.parent == "" && (!ok || got.kind != want.kind) {
			settled[want.name] = true
		}
		if what != "" {
			found = append(found, difference{want.name, what, want.deprecated})
		}
	}
	return append(found, surplus(wanted, ours.surface(path))...)
}

// surplus are methods that our interfaces have and the SDK's do not: what
// implements theirs does not implement ours.
func surplus(wanted map[string]item, have []item) []difference {
	var found []difference
	for _, it := range have {
		parent, ok := wanted[it.parent]
		if !ok || !strings.HasSuffix(parent.kind, "interface") {
			continue
		}
		if _, ok := wanted[it.name]; !ok {
			found = append(found, difference{name: it.name, what: "method that the SDK does not have"})
		}
	}
	return found
}

// difference says in what got is not want; empty if in nothing.
func (m matcher) difference(want, got item) string {
	switch {
	case want.kind == "pointer method" && got.kind == "method":
		got.kind = want.kind // it can be called on more
		return m.difference(want, got)
	case want.kind != got.kind:
		return fmt.Sprintf("%s, is a %s", want.kind, got.kind)
	case want.value != got.value:
		return fmt.Sprintf("value %s, is %s", want.value, got.value)
	case want.typ == nil && got.typ == nil, m.same(want.typ, got.typ):
		return ""
	}
	return fmt.Sprintf("%s, is %s", spell(want.typ), spell(got.typ))
}

// spell writes a type with short names of packages.
func spell(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		path := strings.TrimPrefix(p.Path(), ourRoot)
		return strings.TrimPrefix(strings.TrimPrefix(path, "temporal/"), sdkRoot)
	})
}
