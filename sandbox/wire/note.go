package wire

import (
	"fmt"
	"log/slog"
)

// A Note is what workflow code logs or counts: one of its fields is set.
type Note struct {
	Log    *Log
	Metric *Metric
}

// A Log is a line of a log.
type Log struct {
	// Level is one of package slog's.
	Level   int
	Message string
	// Attrs have values of the simple kinds and groups; what was of any other kind is text.
	Attrs []slog.Attr
}

// An Instrument is what a metric is reported with.
type Instrument uint8

// The instruments of package metrics.
const (
	Counter Instrument = iota + 1
	Gauge
	Timer
)

// A Metric is one report.
type Metric struct {
	Instrument Instrument
	Name       string
	Tags       []Tag
	// N is what a counter grows by, and what a timer measured in nanoseconds.
	N int64
	// Value is what a gauge shows.
	Value float64
}

// A Tag of a metric.
type Tag struct{ Key, Value string }

func note(c *codec, n *Note) {
	optional(c, &n.Log, func(c *codec, l *Log) {
		integer(c, &l.Level)
		c.text(&l.Message)
		attrs(c, &l.Attrs, deepestGroup)
	})
	optional(c, &n.Metric, func(c *codec, m *Metric) {
		integer(c, &m.Instrument)
		c.text(&m.Name)
		list(c, &m.Tags, func(c *codec, t *Tag) {
			c.text(&t.Key)
			c.text(&t.Value)
		})
		integer(c, &m.N)
		c.float(&m.Value)
	})
}

// deepestGroup is how many groups may lie in each other.
const deepestGroup = 16

func attrs(c *codec, all *[]slog.Attr, depth int) {
	list(c, all, func(c *codec, a *slog.Attr) {
		c.text(&a.Key)
		value(c, &a.Value, depth)
	})
}

func value(c *codec, v *slog.Value, depth int) {
	var w slog.Value // as it crosses
	if !c.reading {
		w = crossing(*v, depth)
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

// crossing is v, or its text if it is of no kind that crosses.
func crossing(v slog.Value, depth int) slog.Value {
	v = v.Resolve()
	switch {
	case v.Kind() == slog.KindGroup && depth == 0:
		return slog.StringValue(v.String())
	case v.Kind() != slog.KindAny:
		return v
	}
	return slog.StringValue(fmt.Sprintf("%+v", v.Any())) // it recovers from what panics in a value
}
