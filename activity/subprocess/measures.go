package subprocess

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// instrument says what a number was given to.
type instrument uint64

const (
	counter instrument = iota + 1
	gauge
	timer
)

// metricsHandler is the metrics handler of an activity in a child: it sends numbers to the worker's.
type metricsHandler struct {
	out  *frameWriter
	id   uint64
	tags map[string]string
}

// WithTags adds tags.
func (h *metricsHandler) WithTags(tags map[string]string) metrics.Handler {
	next := *h
	next.tags = make(map[string]string, len(h.tags)+len(tags))
	maps.Copy(next.tags, h.tags)
	maps.Copy(next.tags, tags)
	return &next
}

// Counter returns one that the worker counts.
func (h *metricsHandler) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { h.send(counter, name, uint64(n)) }) //nolint:gosec // the bits
}

// Gauge returns one that the worker sets.
func (h *metricsHandler) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { h.send(gauge, name, math.Float64bits(v)) })
}

// Timer returns one that the worker records in.
func (h *metricsHandler) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { h.send(timer, name, uint64(d)) }) //nolint:gosec // the bits
}

// send sends a number. If it cannot be sent the worker is gone.
func (h *metricsHandler) send(i instrument, name string, bits uint64) {
	m := metricMessage{id: h.id, instrument: i, name: name, tags: h.tags, bits: bits}
	_ = h.out.write(kindMetric, m.marshal())
}

// metricMessage is something that an activity has measured.
type metricMessage struct {
	id         uint64
	instrument instrument
	name       string
	tags       map[string]string
	bits       uint64 // of an int64, or of the gauge's float64
}

func (m *metricMessage) marshal() []byte {
	var w writer
	w.num(1, m.id)
	w.num(2, uint64(m.instrument))
	w.text(3, m.name)
	for _, key := range slices.Sorted(maps.Keys(m.tags)) {
		w.list(4, key)
		w.list(5, m.tags[key])
	}
	w.num(6, m.bits)
	return w.b
}

func (m *metricMessage) unmarshal(body []byte) error {
	var keys, values []string
	err := scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.instrument = instrument(v.n)
		case 3:
			m.name = v.text()
		case 4:
			keys = append(keys, v.text())
		case 5:
			values = append(values, v.text())
		case 6:
			m.bits = v.n
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(keys) != len(values):
		return garbage("a metric has %d tags and %d values of tags", len(keys), len(values))
	case m.instrument < counter || m.instrument > timer:
		return garbage("a metric is of kind %d", m.instrument)
	}
	if len(keys) > 0 {
		m.tags = make(map[string]string, len(keys))
	}
	for i, key := range keys {
		m.tags[key] = values[i]
	}
	return nil
}

// record gives the number to the worker's handler.
func (m *metricMessage) record(h metrics.Handler) {
	if len(m.tags) > 0 {
		h = h.WithTags(m.tags)
	}
	switch m.instrument {
	case counter:
		h.Counter(m.name).Inc(int64(m.bits)) //nolint:gosec // the bits
	case gauge:
		h.Gauge(m.name).Update(math.Float64frombits(m.bits))
	case timer:
		h.Timer(m.name).Record(time.Duration(m.bits)) //nolint:gosec // the bits
	}
}
