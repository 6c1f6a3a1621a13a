package subprocess

import (
	"log/slog"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// logMessage is a line of an activity's log.
type logMessage struct {
	id   uint64
	line log.Record
}

func (m *logMessage) marshal() []byte {
	var w writer
	w.num(1, m.id)
	w.signed(2, int64(m.line.Level))
	w.signed(3, nano(m.line.Time))
	w.text(4, m.line.Message)
	for _, a := range m.line.Attrs {
		w.bytes(5, marshalAttr(a))
	}
	if p := placeOf(m.line.PC); p.function != "" {
		w.bytes(6, p.marshal())
	}
	return w.b
}

func (m *logMessage) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.line.Level = slog.Level(v.signed())
		case 3:
			m.line.Time = moment(v.signed())
		case 4:
			m.line.Message = v.text()
		case 5:
			a, err := unmarshalAttr(v.b, 0)
			m.line.Attrs = append(m.line.Attrs, a)
			return err
		case 6:
			var p place
			err := p.unmarshal(v.b)
			m.line.PC = p.pc()
			return err
		}
		return nil
	})
}

// marshalAttr encodes an attribute of a record: its key, its kind as slog numbers it, and its value.
func marshalAttr(a slog.Attr) []byte {
	v := a.Value
	w := writer{b: []byte{}}
	w.text(1, a.Key)
	k := v.Kind()
	w.num(2, uint64(k)) //nolint:gosec // it is a small number
	switch k {
	case slog.KindString:
		w.text(3, v.String())
	case slog.KindInt64:
		w.signed(4, v.Int64())
	case slog.KindUint64:
		w.num(4, v.Uint64())
	case slog.KindFloat64:
		w.float(4, v.Float64())
	case slog.KindBool:
		w.flag(4, v.Bool())
	case slog.KindDuration:
		w.signed(4, int64(v.Duration()))
	case slog.KindTime:
		w.signed(4, nano(v.Time()))
	case slog.KindGroup:
		for _, member := range v.Group() {
			w.bytes(5, marshalAttr(member))
		}
	default:
		if f, ok := v.Any().(log.Foreign); ok {
			w.text(3, f.Text)
			w.text(6, f.JSON)
		}
	}
	return w.b
}

func unmarshalAttr(body []byte, depth int) (slog.Attr, error) {
	var a slog.Attr
	var k slog.Kind
	var n value
	var text, encoded string
	var members []slog.Attr
	err := scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			a.Key = v.text()
		case 2:
			k = slog.Kind(v.n) //nolint:gosec // what is no kind is caught below
		case 3:
			text = v.text()
		case 4:
			n = v
		case 5:
			if depth >= log.DeepestGroup {
				return garbage("groups of attributes are nested too deeply")
			}
			member, err := unmarshalAttr(v.b, depth+1)
			members = append(members, member)
			return err
		case 6:
			encoded = v.text()
		}
		return nil
	})
	switch k {
	case slog.KindInt64:
		a.Value = slog.Int64Value(n.signed())
	case slog.KindUint64:
		a.Value = slog.Uint64Value(n.n)
	case slog.KindFloat64:
		a.Value = slog.Float64Value(n.float())
	case slog.KindBool:
		a.Value = slog.BoolValue(n.flag())
	case slog.KindDuration:
		a.Value = slog.DurationValue(n.long())
	case slog.KindTime:
		a.Value = slog.TimeValue(moment(n.signed()))
	case slog.KindGroup:
		a.Value = slog.GroupValue(members...)
	case slog.KindAny:
		a.Value = slog.AnyValue(log.Foreign{Text: text, JSON: encoded})
	default:
		a.Value = slog.StringValue(text)
	}
	return a, err
}
