package log

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

// DeepestGroup is how many groups may lie in each other in a [Record]; what is below is text.
const DeepestGroup = 16

// Foreign stands in a [Record] for a value that has none of slog's simple kinds. Handlers find
// in it what they would have made of the value.
type Foreign struct {
	// Text is what handlers of text write.
	Text string
	// JSON is what handlers of JSON write; the text as a string if it is none.
	JSON string
}

// String returns the text.
func (f Foreign) String() string { return f.Text }

// MarshalText implements [encoding.TextMarshaler].
func (f Foreign) MarshalText() ([]byte, error) { return []byte(f.Text), nil }

// MarshalJSON implements [json.Marshaler].
func (f Foreign) MarshalJSON() ([]byte, error) {
	if encoded := []byte(f.JSON); json.Valid(encoded) {
		return encoded, nil
	}
	return json.Marshal(f.Text)
}

// plain are attributes within so many groups, as plain data.
func plain(attrs []slog.Attr, groups int) []slog.Attr {
	all := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		v := a.Value.Resolve()
		switch v.Kind() {
		case slog.KindGroup:
			members := v.Group()
			if groups < DeepestGroup {
				members = plain(members, groups+1)
			}
			v = group(members, groups+1)
		case slog.KindAny:
			if a.Key == "" && v.Any() == nil {
				continue // handlers ignore it
			}
			v = foreign(v.Any())
		default: // it is plain
		}
		all = append(all, slog.Attr{Key: a.Key, Value: v})
	}
	return all
}

// group is the value of a group that lies so deep; those that lie in none are at one.
func group(members []slog.Attr, depth int) slog.Value {
	v := slog.GroupValue(members...)
	if depth > DeepestGroup {
		return slog.StringValue(v.String())
	}
	return v
}

// foreign is a value in the forms that handlers write.
func foreign(v any) slog.Value {
	if f, ok := v.(Foreign); ok {
		return slog.AnyValue(f)
	}
	var f Foreign
	f.Text, _ = spelled(v, inText)
	var ok bool
	if f.JSON, ok = spelled(v, inJSON); !ok {
		f.JSON, _ = inJSON(f.JSON) // text always has a form there
	}
	if asText, _ := inJSON(f.Text); f.JSON == asText {
		return slog.StringValue(f.Text)
	}
	return slog.AnyValue(f)
}

// spelled is what f makes of a value, or in the words of slog's handlers why it cannot.
func spelled(v any, f func(any) (string, error)) (text string, ok bool) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		text = fmt.Sprint("!PANIC: ", p)
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			text = "<nil>"
		}
	}()
	text, err := f(v)
	if err != nil {
		return "!ERROR:" + err.Error(), false
	}
	return text, true
}

func inText(v any) (string, error) {
	switch v := v.(type) {
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		return string(b), err
	case []byte:
		return string(v), nil
	default:
		return fmt.Sprintf("%+v", v), nil
	}
}

func inJSON(v any) (string, error) {
	if _, itself := v.(json.Marshaler); !itself {
		if err, ok := v.(error); ok {
			v = err.Error()
		}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
