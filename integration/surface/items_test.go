package surface_test

import (
	"go/token"
	"go/types"
)

// An item is one thing that a package offers: a name, or a field or method of one.
type item struct {
	name, parent string // workflow.Info.Namespace, workflow.Info
	from         string // the package that has it
	kind         string
	typ          types.Type // of a declared type: what it is underneath
	value        string     // of a constant
	deprecated   bool
}

// surface is what the package with this name offers, in the order of its scope.
func (l library) surface(path string) []item {
	var items []item
	for _, object := range l.exported(path) {
		full := path + "." + object.Name()
		it := item{
			name: full, from: object.Pkg().Path(), typ: object.Type(),
			deprecated: l.deprecated[object.Pos()],
		}
		switch o := object.(type) {
		case *types.Const:
			it.kind, it.value = "constant", o.Val().ExactString()
		case *types.Var:
			it.kind = "variable"
		case *types.Func:
			it.kind = "function"
		case *types.TypeName:
			items = append(items, l.typeItems(full, o, it.deprecated)...)
			continue
		}
		items = append(items, it)
	}
	return items
}

// typeItems are a declared type and its members.
func (l library) typeItems(name string, object *types.TypeName, deprecated bool) []item {
	typ := types.Unalias(object.Type())
	self := item{
		name: name, from: object.Pkg().Path(), kind: "type", typ: typ.Underlying(),
		deprecated: deprecated,
	}
	if named, ok := typ.(*types.Named); ok && l.deprecated[named.Obj().Pos()] {
		self.deprecated = true
	}
	members := l.methods(name, typ)
	switch under := typ.Underlying().(type) {
	case *types.Struct:
		self.kind, self.typ = "struct", nil
		for field := range under.Fields() {
			if field.Exported() {
				members = append(members, l.member(name, fieldKind(field), field))
			}
		}
	case *types.Interface:
		self.kind, self.typ = interfaceKind(under), nil
	}
	return append([]item{self}, members...)
}

func fieldKind(field *types.Var) string {
	if field.Embedded() {
		return "embedded field"
	}
	return "field"
}

// interfaceKind tells interfaces that others can implement from those that they
// cannot.
func interfaceKind(i *types.Interface) string {
	for method := range i.Methods() {
		if !method.Exported() {
			return "sealed interface"
		}
	}
	return "interface"
}

// methods are those that can be called on a variable of the type. Those that can
// be called on any value of it are of another kind.
func (l library) methods(name string, typ types.Type) []item {
	var members []item
	of := typ
	if !types.IsInterface(typ) {
		of = types.NewPointer(typ)
	}
	all, values := types.NewMethodSet(of), types.NewMethodSet(typ)
	for selection := range all.Methods() {
		method := selection.Obj()
		if !method.Exported() {
			continue
		}
		kind := "method"
		if values.Lookup(method.Pkg(), method.Name()) == nil {
			kind = "pointer method"
		}
		members = append(members, l.member(name, kind, method))
	}
	return members
}

func (l library) member(parent, kind string, o types.Object) item {
	return item{
		name: parent + "." + o.Name(), parent: parent, kind: kind, typ: o.Type(),
		deprecated: o.Pos() != token.NoPos && l.deprecated[o.Pos()],
	}
}
