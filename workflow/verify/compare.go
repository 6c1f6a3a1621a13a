package verify

import (
	"fmt"
	"slices"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// compare returns the first difference between what code did in a task and what
// it did again.
func (i *instance) compare(t *task, again *did) *DifferenceError {
	if d := i.compareCommands(t, again); d != nil {
		return d
	}
	messages := slices.DeleteFunc(slices.Clone(t.messages), isRejection)
	for n := range max(len(messages), len(again.messages)) {
		first, second := at(messages, n), at(again.messages, n)
		if path := i.field(first, second); path != "" || (first == nil) != (second == nil) {
			d := t.difference(i, describeMessage(first), describeMessage(second))
			if first.GetId() == second.GetId() {
				d.Field = path
			}
			return d
		}
	}
	for n := range max(len(t.locals), len(again.locals)) {
		first, second := describeLocal(at(t.locals, n)), describeLocal(at(again.locals, n))
		if first != second {
			return t.difference(i, first, second)
		}
	}
	switch {
	case !slices.Equal(t.canceled, again.canceled):
		return t.difference(i, fmt.Sprintf("cancels local activities %q", t.canceled),
			fmt.Sprintf("cancels local activities %q", again.canceled))
	case t.closed != again.closed:
		return t.difference(i, fmt.Sprintf("has ended: %t", t.closed), fmt.Sprintf("has ended: %t", again.closed))
	case len(again.flags) > 0:
		return t.difference(i, "", fmt.Sprintf("uses the SDK flags %d", again.flags))
	}
	return nil
}

func (i *instance) compareCommands(t *task, again *did) *DifferenceError {
	before, _ := replayed(t.commands, nil)
	after, origins := replayed(again.commands, again.origins)
	for n := range max(len(before), len(after)) {
		x, y := at(before, n), at(after, n)
		path := i.field(x, y)
		if path == "" && (x == nil) == (y == nil) {
			continue
		}
		d := t.difference(i, describe(&t.did, x), describe(again, y))
		if x.GetCommandType() == y.GetCommandType() {
			d.Field = path
		}
		d.Stack = again.blocked
		if y != nil && n < len(origins) {
			d.Stack = origins[n]
		}
		d.Stack = strings.TrimSpace(d.Stack)
		return d
	}
	return nil
}

// replayed leaves out the commands that a replay does not make again: those of
// versions, with the search attribute that lists them, and of mutable side
// effects.
func replayed(commands []*commandpb.Command, stacks []string) ([]*commandpb.Command, []string) {
	var kept []*commandpb.Command
	var origins []string
	version := false
	for n, c := range commands {
		listed := version && listsVersions(c)
		name := c.GetRecordMarkerCommandAttributes().GetMarkerName()
		version = name == versionMarker
		if version || listed || name == mutableSideEffectMarker {
			continue
		}
		kept = append(kept, c)
		if n < len(stacks) {
			origins = append(origins, stacks[n])
		}
	}
	return kept, origins
}

// at returns the n-th element, or the zero value if there is none.
func at[T any](all []T, n int) (zero T) {
	if n < len(all) {
		return all[n]
	}
	return zero
}

func describe(d *did, c *commandpb.Command) string {
	if c == nil {
		return ""
	}
	return machine.Steps(&runner.Completion{Commands: []*commandpb.Command{c}, Messages: d.messages})[0].String()
}

func describeMessage(m *protocolpb.Message) string {
	if m == nil {
		return ""
	}
	return "message " + m.GetId()
}

func describeLocal(r *runner.LocalRequest) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("local activity %s of type %s", r.ID, r.Type)
}

// field returns where two messages differ first, with the values there; empty
// if they do not.
func (i *instance) field(x, y proto.Message) string {
	if proto.Equal(x, y) {
		return ""
	}
	return i.differ(x.ProtoReflect(), y.ProtoReflect(), "")
}

// payload is the message that IgnorePayloads is about.
const payload = "temporal.api.common.v1.Payload"

// eager is a wish of the code. The worker may have denied it by now; history does not tell.
const eager = "temporal.api.command.v1.ScheduleActivityTaskCommandAttributes.request_eager_execution"

func (i *instance) differ(x, y protoreflect.Message, path string) string {
	if i.runner.options.IgnorePayloads && x.Descriptor().FullName() == payload {
		return ""
	}
	if inX, inY, ok := opened(x, y); ok {
		return i.differ(inX, inY, path)
	}
	fields := x.Descriptor().Fields()
	for n := range fields.Len() {
		f := fields.Get(n)
		at := strings.TrimPrefix(path+"."+string(f.Name()), ".")
		if d := i.differIn(f, x, y, at); d != "" {
			return d
		}
	}
	return ""
}

// opened returns what two messages of type Any hold, if it is of one type.
func opened(x, y protoreflect.Message) (inX, inY protoreflect.Message, ok bool) {
	anyX, isX := x.Interface().(*anypb.Any)
	anyY, isY := y.Interface().(*anypb.Any)
	if !isX || !isY || anyX.GetTypeUrl() != anyY.GetTypeUrl() {
		return nil, nil, false
	}
	first, err1 := anyX.UnmarshalNew()
	second, err2 := anyY.UnmarshalNew()
	if err1 != nil || err2 != nil {
		return nil, nil, false
	}
	return first.ProtoReflect(), second.ProtoReflect(), true
}

func (i *instance) differIn(f protoreflect.FieldDescriptor, x, y protoreflect.Message, path string) string {
	switch {
	case !x.Has(f) && !y.Has(f), x.Get(f).Equal(y.Get(f)), f.FullName() == eager:
		return ""
	case f.IsList() && x.Get(f).List().Len() == y.Get(f).List().Len() && f.Message() != nil:
		for n := range x.Get(f).List().Len() {
			at := fmt.Sprintf("%s[%d]", path, n)
			if d := i.differ(x.Get(f).List().Get(n).Message(), y.Get(f).List().Get(n).Message(), at); d != "" {
				return d
			}
		}
		return ""
	case f.Message() != nil && !f.IsList() && !f.IsMap() && x.Has(f) && y.Has(f):
		return i.differ(x.Get(f).Message(), y.Get(f).Message(), path)
	case f.IsMap() && f.MapValue().Message() != nil:
		return i.differInMap(x.Get(f).Map(), y.Get(f).Map(), path)
	default:
		return fmt.Sprintf("%s: %s and %s", path, shown(f, x.Get(f)), shown(f, y.Get(f)))
	}
}

func (i *instance) differInMap(x, y protoreflect.Map, path string) (found string) {
	if x.Len() != y.Len() {
		return fmt.Sprintf("%s: %d and %d entries", path, x.Len(), y.Len())
	}
	x.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		at := fmt.Sprintf("%s[%v]", path, k)
		switch {
		case !y.Has(k):
			found = at + ": there and not there"
		default:
			found = i.differ(v.Message(), y.Get(k).Message(), at)
		}
		return found == ""
	})
	return found
}

func shown(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	const most = 60
	text := v.String()
	if f.Kind() == protoreflect.BytesKind {
		text = fmt.Sprintf("%q", v.Bytes())
	}
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
