package wire

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// A Note is what workflow code logs or counts: one of its fields is set.
type Note struct {
	Log    *Log
	Metric *metrics.Report
}

// A Log is a line of a log.
type Log struct {
	// Level is one of package slog's.
	Level   int
	Message string
	// Attrs are plain, as those of a [log.Record].
	Attrs []slog.Attr
}

func note(c *codec, n *Note) {
	optional(c, &n.Log, func(c *codec, l *Log) {
		integer(c, &l.Level)
		c.text(&l.Message)
		attrs(c, &l.Attrs, log.DeepestGroup)
	})
	optional(c, &n.Metric, func(c *codec, m *metrics.Report) {
		integer(c, &m.Kind)
		c.text(&m.Name)
		tags(c, &m.Tags)
		integer(c, &m.N)
		c.float(&m.Value)
	})
}

// tags are a list of keys and values, sorted.
func tags(c *codec, all *map[string]string) {
	var pairs [][2]string
	for _, key := range slices.Sorted(maps.Keys(*all)) {
		pairs = append(pairs, [2]string{key, (*all)[key]})
	}
	list(c, &pairs, func(c *codec, p *[2]string) {
		c.text(&p[0])
		c.text(&p[1])
	})
	if !c.reading || len(pairs) == 0 {
		return
	}
	*all = make(map[string]string, len(pairs))
	for _, p := range pairs {
		(*all)[p[0]] = p[1]
	}
}

func attrs(c *codec, all *[]slog.Attr, depth int) {
	list(c, all, func(c *codec, a *slog.Attr) {
		c.text(&a.Key)
		value(c, &a.Value, depth)
	})
}

func value(c *codec, v *slog.Value, depth int) {
	var w slog.Value // as it crosses
	if !c.reading {
		w = *v
	}
	kind := int(w.Kind())
	integer(c, &kind)
	switch slog.Kind(kind) {
	case slog.KindBool:
		field(c, v, w, slog.Value.Bool, slog.BoolValue, (*codec).boolean)
	case slog.KindInt64:
		field(c, v, w, slog.Value.Int64, slog.Int64Value, integer)
	case slog.KindUint64:
		field(c, v, w, slog.Value.Uint64, slog.Uint64Value, func(c *codec, u *uint64) { *u = c.uvarint(*u) })
	case slog.KindFloat64:
		field(c, v, w, slog.Value.Float64, slog.Float64Value, (*codec).float)
	case slog.KindDuration:
		field(c, v, w, slog.Value.Duration, slog.DurationValue, integer)
	case slog.KindTime:
		field(c, v, w, slog.Value.Time, slog.TimeValue, (*codec).instant)
	case slog.KindString:
		field(c, v, w, slog.Value.String, slog.StringValue, text)
	case slog.KindGroup:
		if depth == 0 {
			c.malformed("groups lie too deep in each other")
			return
		}
		field(c, v, w, slog.Value.Group, func(all []slog.Attr) slog.Value { return slog.GroupValue(all...) },
			func(c *codec, all *[]slog.Attr) { attrs(c, all, depth-1) })
	case slog.KindAny:
		field(c, v, w, func(w slog.Value) log.Foreign {
			f, _ := w.Any().(log.Foreign) // there is nothing else in a record
			return f
		}, func(f log.Foreign) slog.Value { return slog.AnyValue(f) }, func(c *codec, f *log.Foreign) {
			c.text(&f.Text)
			c.text(&f.JSON)
		})
	default:
		c.malformed("an attribute of an unknown kind")
	}
}

// field writes what get finds in w, or reads it and makes v of it.
func field[T any](
	c *codec, v *slog.Value, w slog.Value, get func(slog.Value) T, mk func(T) slog.Value, cross func(*codec, *T),
) {
	var t T
	if !c.reading {
		t = get(w)
	}
	if cross(c, &t); c.reading && c.err == nil {
		*v = mk(t)
	}
}
