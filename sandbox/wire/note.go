package wire

import (
	"log/slog"

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

func attrs(c *codec, all *[]slog.Attr, depth int) {
	list(c, all, func(c *codec, a *slog.Attr) { attr(c, a, depth) })
}

func attr(c *codec, a *slog.Attr, depth int) {
	c.text(&a.Key)
	attrValue(c, &a.Value, depth)
}

func attrValue(c *codec, v *slog.Value, depth int) {
	var w slog.Value // as it crosses
	if !c.reading {
		w = *v
	}
	kind := int(w.Kind())
	integer(c, &kind)
	switch slog.Kind(kind) {
	case slog.KindBool:
		part(c, v, w, slog.Value.Bool, slog.BoolValue, (*codec).boolean)
	case slog.KindInt64:
		part(c, v, w, slog.Value.Int64, slog.Int64Value, integer)
	case slog.KindUint64:
		part(c, v, w, slog.Value.Uint64, slog.Uint64Value, func(c *codec, u *uint64) { *u = c.uvarint(*u) })
	case slog.KindFloat64:
		part(c, v, w, slog.Value.Float64, slog.Float64Value, (*codec).float)
	case slog.KindDuration:
		part(c, v, w, slog.Value.Duration, slog.DurationValue, integer)
	case slog.KindTime:
		part(c, v, w, slog.Value.Time, slog.TimeValue, (*codec).instant)
	case slog.KindString:
		part(c, v, w, slog.Value.String, slog.StringValue, (*codec).text)
	case slog.KindGroup:
		if depth == 0 {
			c.malformed("groups lie too deep in each other")
			return
		}
		part(c, v, w, slog.Value.Group, func(all []slog.Attr) slog.Value { return slog.GroupValue(all...) },
			func(c *codec, all *[]slog.Attr) { attrs(c, all, depth-1) })
	case slog.KindAny:
		part(c, v, w, func(w slog.Value) log.Foreign {
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

// part writes what get finds in w, or reads it and makes v of it.
func part[T any](
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
