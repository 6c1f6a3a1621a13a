package subprocess

import (
	"maps"
	"slices"

	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// metricMessage is something that an activity has measured.
type metricMessage struct {
	id     uint64
	report metrics.Report
}

func (m *metricMessage) marshal() []byte {
	var w writer
	w.num(1, m.id)
	w.num(2, uint64(m.report.Kind))
	w.text(3, m.report.Name)
	for _, key := range slices.Sorted(maps.Keys(m.report.Tags)) {
		w.list(4, key)
		w.list(5, m.report.Tags[key])
	}
	w.signed(6, m.report.N)
	w.float(7, m.report.Value)
	return w.b
}

func (m *metricMessage) unmarshal(body []byte) error {
	var kind uint64
	var keys, values []string
	err := scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			kind = v.n
		case 3:
			m.report.Name = v.text()
		case 4:
			keys = append(keys, v.text())
		case 5:
			values = append(values, v.text())
		case 6:
			m.report.N = v.signed()
		case 7:
			m.report.Value = v.float()
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(keys) != len(values):
		return garbage("a metric has %d tags and %d values of tags", len(keys), len(values))
	case kind < uint64(metrics.KindCounter) || kind > uint64(metrics.KindTimer):
		return garbage("a metric is of kind %d", kind)
	}
	m.report.Kind = metrics.Kind(kind)
	if len(keys) > 0 {
		m.report.Tags = make(map[string]string, len(keys))
	}
	for i, key := range keys {
		m.report.Tags[key] = values[i]
	}
	return nil
}
