package surface_test

import (
	"go/types"
	"slices"
)

// matcher says whether a type of the SDK and one of ours are the same to those
// who use them.
type matcher struct {
	sdk, ours map[*types.TypeName][]string
	// known are pairs that were compared. Types may refer to themselves: while a
	// pair is under comparison, it is assumed to be the same.
	known map[[2]types.Type]bool
}

func newMatcher(sdk, ours library) matcher {
	return matcher{sdk.names(), ours.names(), map[[2]types.Type]bool{}}
}

func (m matcher) same(a, b types.Type) bool {
	a, b = types.Unalias(a), types.Unalias(b)
	if a == b || types.Identical(a, b) {
		return true
	}
	na, aNamed := a.(*types.Named)
	nb, bNamed := b.(*types.Named)
	if aNamed && bNamed {
		return m.sameNamed(na, nb)
	}
	if aNamed && len(m.sdk[na.Obj()]) == 0 {
		a = na.Underlying() // a name that users cannot write
	}
	return m.sameUnderneath(a, b)
}

// sameNamed goes by the names that users write. Whether what they stand for is
// the same is compared where they are declared. Types without a name for users
// are the same if they look the same.
func (m matcher) sameNamed(a, b *types.Named) bool {
	public := m.sdk[a.Obj()]
	if len(public) > 0 {
		return slices.ContainsFunc(m.ours[b.Obj()], func(name string) bool {
			return slices.Contains(public, name)
		}) && m.sameTypes(slices.Collect(a.TypeArgs().Types()), slices.Collect(b.TypeArgs().Types()))
	}
	key := [2]types.Type{a, b}
	if same, ok := m.known[key]; ok {
		return same
	}
	m.known[key] = true
	m.known[key] = m.sameUnderneath(a.Underlying(), b.Underlying()) && m.sameMethods(a, b)
	return m.known[key]
}

func (m matcher) sameMethods(a, b *types.Named) bool {
	mine, theirs := library{}.methods("", a), library{}.methods("", b)
	return slices.EqualFunc(mine, theirs, func(x, y item) bool {
		return x.name == y.name && x.kind == y.kind && m.same(x.typ, y.typ)
	})
}

func (m matcher) sameUnderneath(a, b types.Type) bool {
	switch a := a.(type) {
	case *types.Pointer:
		b, ok := b.(*types.Pointer)
		return ok && m.same(a.Elem(), b.Elem())
	case *types.Slice:
		b, ok := b.(*types.Slice)
		return ok && m.same(a.Elem(), b.Elem())
	case *types.Array:
		b, ok := b.(*types.Array)
		return ok && a.Len() == b.Len() && m.same(a.Elem(), b.Elem())
	case *types.Map:
		b, ok := b.(*types.Map)
		return ok && m.same(a.Key(), b.Key()) && m.same(a.Elem(), b.Elem())
	case *types.Chan:
		b, ok := b.(*types.Chan)
		return ok && a.Dir() == b.Dir() && m.same(a.Elem(), b.Elem())
	case *types.Signature:
		b, ok := b.(*types.Signature)
		return ok && m.sameSignature(a, b)
	case *types.Struct:
		b, ok := b.(*types.Struct)
		return ok && slices.EqualFunc(fields(a), fields(b), func(x, y *types.Var) bool {
			return x.Name() == y.Name() && m.same(x.Type(), y.Type())
		})
	case *types.Interface:
		b, ok := b.(*types.Interface)
		return ok && m.sameInterface(a, b)
	case *types.Union:
		b, ok := b.(*types.Union)
		return ok && m.sameUnion(a, b)
	case *types.TypeParam:
		b, ok := b.(*types.TypeParam)
		return ok && a.Index() == b.Index()
	}
	return false
}

// fields are the exported ones: of the others users know nothing.
func fields(s *types.Struct) []*types.Var {
	var all []*types.Var
	for field := range s.Fields() {
		if field.Exported() {
			all = append(all, field)
		}
	}
	return all
}

func (m matcher) sameSignature(a, b *types.Signature) bool {
	return a.Variadic() == b.Variadic() &&
		m.sameTuple(a.Params(), b.Params()) && m.sameTuple(a.Results(), b.Results()) &&
		m.sameTypes(constraints(a), constraints(b))
}

// constraints are what the type parameters of a function must be.
func constraints(s *types.Signature) []types.Type {
	var all []types.Type
	for p := range s.TypeParams().TypeParams() {
		all = append(all, p.Constraint())
	}
	return all
}

func (m matcher) sameTuple(a, b *types.Tuple) bool {
	return slices.EqualFunc(slices.Collect(a.Variables()), slices.Collect(b.Variables()),
		func(x, y *types.Var) bool { return m.same(x.Type(), y.Type()) })
}

func (m matcher) sameTypes(a, b []types.Type) bool {
	return slices.EqualFunc(a, b, m.same)
}

func (m matcher) sameInterface(a, b *types.Interface) bool {
	if a.NumMethods() != b.NumMethods() || a.NumEmbeddeds() != b.NumEmbeddeds() {
		return false
	}
	for i := range a.NumMethods() {
		x, y := a.Method(i), b.Method(i)
		if x.Name() != y.Name() || !m.same(x.Type(), y.Type()) {
			return false
		}
	}
	return m.sameTypes(slices.Collect(a.EmbeddedTypes()), slices.Collect(b.EmbeddedTypes()))
}

func (m matcher) sameUnion(a, b *types.Union) bool {
	return slices.EqualFunc(slices.Collect(a.Terms()), slices.Collect(b.Terms()),
		func(x, y *types.Term) bool { return x.Tilde() == y.Tilde() && m.same(x.Type(), y.Type()) })
}
