package metrics

import (
	"maps"
	"time"
)

// A Kind says with what a [Report] was made.
type Kind uint8

// The instruments of a [Handler].
const (
	KindCounter Kind = iota + 1
	KindGauge
	KindTimer
)

// A Report is one number that was reported, as plain data: it can be kept, encoded and sent, and
// be reported elsewhere.
type Report struct {
	// Kind says which of the numbers it is.
	Kind Kind
	// Name is that of the instrument.
	Name string
	// Tags are those of the handler; nil for none. They are shared with other reports and must not
	// be changed.
	Tags map[string]string
	// N is what a counter grew by, and what a timer has measured in nanoseconds.
	N int64
	// Value is what a gauge shows.
	Value float64
}

// Forward returns a handler that gives to take what is reported, as plain data. Take may be called by
// several goroutines at a time.
func Forward(take func(Report)) Handler { return forwarder{take: take} }

// forwarder is the handler of Forward.
type forwarder struct {
	take func(Report)
	tags map[string]string
}

// WithTags implements [Handler].
func (f forwarder) WithTags(tags map[string]string) Handler {
	all := make(map[string]string, len(f.tags)+len(tags))
	maps.Copy(all, f.tags)
	maps.Copy(all, tags)
	return forwarder{take: f.take, tags: all}
}

// Counter implements [Handler].
func (f forwarder) Counter(name string) Counter {
	return CounterFunc(func(n int64) { f.take(Report{Kind: KindCounter, Name: name, Tags: f.tags, N: n}) })
}

// Gauge implements [Handler].
func (f forwarder) Gauge(name string) Gauge {
	return GaugeFunc(func(v float64) { f.take(Report{Kind: KindGauge, Name: name, Tags: f.tags, Value: v}) })
}

// Timer implements [Handler].
func (f forwarder) Timer(name string) Timer {
	return TimerFunc(func(d time.Duration) {
		f.take(Report{Kind: KindTimer, Name: name, Tags: f.tags, N: int64(d)})
	})
}

// ReportTo reports it again. One of no known kind is nothing that could be reported.
func (r *Report) ReportTo(h Handler) {
	if len(r.Tags) > 0 {
		h = h.WithTags(r.Tags)
	}
	switch r.Kind {
	case KindCounter:
		h.Counter(r.Name).Inc(r.N)
	case KindGauge:
		h.Gauge(r.Name).Update(r.Value)
	case KindTimer:
		h.Timer(r.Name).Record(time.Duration(r.N))
	}
}
