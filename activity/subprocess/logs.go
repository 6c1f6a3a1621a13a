package subprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// logHandler is the handler of an activity's logger in a child: it sends lines to the worker's.
type logHandler struct {
	out    *frameWriter
	id     uint64
	level  slog.Level
	scopes []scope
}

// scope is what With or WithGroup has added: attributes, or a group with that name.
type scope struct {
	group string
	attrs []slog.Attr
}

// Enabled says whether the worker's logger wants lines of the level.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// WithAttrs adds attributes to every line.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(scope{attrs: attrs})
}

// WithGroup puts what follows into a group.
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(scope{group: name})
}

func (h *logHandler) with(s scope) slog.Handler {
	next := *h
	next.scopes = append(slices.Clip(h.scopes), s)
	return &next
}

// Handle sends a line.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, s := range slices.Backward(h.scopes) {
		switch {
		case s.group == "":
			attrs = slices.Concat(s.attrs, attrs)
		case len(attrs) > 0:
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
		}
	}
	m := logMessage{id: h.id, level: r.Level, time: r.Time, text: r.Message, attrs: attrs}
	return h.out.write(kindLog, m.marshal())
}

// logMessage is a line of an activity's log.
type logMessage struct {
	id    uint64
	level slog.Level
	time  time.Time
	text  string
	attrs []slog.Attr
}

func (m *logMessage) marshal() []byte {
	var w writer
	w.num(1, m.id)
	w.signed(2, int64(m.level))
	w.signed(3, nano(m.time))
	w.text(4, m.text)
	for _, a := range m.attrs {
		w.bytes(5, marshalAttr(a, 0))
	}
	return w.b
}

func (m *logMessage) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.level = slog.Level(v.signed())
		case 3:
			m.time = moment(v.signed())
		case 4:
			m.text = v.text()
		case 5:
			a, err := unmarshalAttr(v.b, 0)
			m.attrs = append(m.attrs, a)
			return err
		}
		return nil
	})
}

// maxDepth is how deep groups of attributes go; what is below is text.
const maxDepth = 16

// marshalAttr encodes an attribute: its key, its kind as slog numbers it, and its value.
func marshalAttr(a slog.Attr, depth int) []byte {
	v := a.Value.Resolve()
	w := writer{b: []byte{}}
	w.text(1, a.Key)
	if depth >= maxDepth {
		v = slog.StringValue(v.String())
	}
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
			w.bytes(5, marshalAttr(member, depth+1))
		}
	default:
		text, encoded := spellings(v.Any())
		w.text(3, text)
		w.bytes(6, encoded)
	}
	return w.b
}

// spellings are a value as text and, if it has another form there, in JSON.
func spellings(v any) (text string, encoded []byte) {
	if err, ok := v.(error); ok {
		return err.Error(), nil
	}
	text = fmt.Sprintf("%+v", v)
	encoded, err := json.Marshal(v)
	if err != nil {
		return text, nil
	}
	return text, encoded
}

func unmarshalAttr(body []byte, depth int) (slog.Attr, error) {
	var a slog.Attr
	var k slog.Kind
	var n value
	var text string
	var encoded []byte
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
			if depth >= maxDepth {
				return garbage("groups of attributes are nested too deeply")
			}
			member, err := unmarshalAttr(v.b, depth+1)
			members = append(members, member)
			return err
		case 6:
			encoded = v.b
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
		a.Value = slog.AnyValue(foreign{text, encoded})
		if encoded == nil {
			a.Value = slog.StringValue(text)
		}
	default:
		a.Value = slog.StringValue(text)
	}
	return a, err
}

// foreign is a value of another process: handlers find it in the form that they write.
type foreign struct {
	text string
	json json.RawMessage
}

// String is the value as fmt spells it.
func (f foreign) String() string { return f.text }

// MarshalText is for handlers that write text.
func (f foreign) MarshalText() ([]byte, error) { return []byte(f.text), nil }

// MarshalJSON is for handlers that write JSON.
func (f foreign) MarshalJSON() ([]byte, error) {
	if !json.Valid(f.json) {
		return json.Marshal(f.text)
	}
	return f.json, nil
}

// lowest is the level from which on a logger wants lines.
func lowest(logger log.Logger) slog.Level {
	l, ok := logger.(interface{ Handler() slog.Handler })
	if !ok {
		return math.MinInt32
	}
	ctx := context.Background() // a handler that looks at the context is asked again for each line
	for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if l.Handler().Enabled(ctx, level) {
			return level
		}
	}
	return slog.LevelError
}

// write gives a line to the worker's logger.
func (m *logMessage) write(ctx context.Context, logger log.Logger) {
	if l, ok := logger.(interface{ Handler() slog.Handler }); ok {
		h := l.Handler()
		if h.Enabled(ctx, m.level) {
			r := slog.NewRecord(m.time, m.level, m.text, 0)
			r.AddAttrs(m.attrs...)
			_ = h.Handle(ctx, r) // as slog.Logger does
		}
		return
	}
	pairs := make([]any, 0, 2*len(m.attrs))
	for _, a := range m.attrs {
		pairs = append(pairs, a.Key, a.Value.Any())
	}
	switch {
	case m.level < slog.LevelInfo:
		logger.Debug(m.text, pairs...)
	case m.level < slog.LevelWarn:
		logger.Info(m.text, pairs...)
	case m.level < slog.LevelError:
		logger.Warn(m.text, pairs...)
	default:
		logger.Error(m.text, pairs...)
	}
}
