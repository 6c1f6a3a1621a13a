package metrics

import "time"

// Handler makes the instruments. Implementations are safe for use by several goroutines, and are
// best made cheap to ask: an instrument may be asked for whenever it is used.
type Handler interface {
	// WithTags returns a handler whose instruments carry these tags beside those that the handler
	// has; a tag of the same key replaces the one before.
	WithTags(tags map[string]string) Handler
	// Counter returns the counter of a name.
	Counter(name string) Counter
	// Gauge returns the gauge of a name.
	Gauge(name string) Gauge
	// Timer returns the timer of a name.
	Timer(name string) Timer
}

// Counter only grows.
type Counter interface {
	// Inc adds to it.
	Inc(n int64)
}

// Gauge is set to what is measured.
type Gauge interface {
	// Update sets it.
	Update(value float64)
}

// Timer gathers durations.
type Timer interface {
	// Record adds one.
	Record(d time.Duration)
}

// CounterFunc is a [Counter] made of a function.
type CounterFunc func(n int64)

// Inc calls f.
func (f CounterFunc) Inc(n int64) { f(n) }

// GaugeFunc is a [Gauge] made of a function.
type GaugeFunc func(value float64)

// Update calls f.
func (f GaugeFunc) Update(value float64) { f(value) }

// TimerFunc is a [Timer] made of a function.
type TimerFunc func(d time.Duration)

// Record calls f.
func (f TimerFunc) Record(d time.Duration) { f(d) }

// NopHandler is a [Handler] that drops everything.
type NopHandler struct{}

// WithTags returns h.
func (h NopHandler) WithTags(map[string]string) Handler { return h }

// Counter returns one that drops everything.
func (NopHandler) Counter(string) Counter { return nop{} }

// Gauge returns one that drops everything.
func (NopHandler) Gauge(string) Gauge { return nop{} }

// Timer returns one that drops everything.
func (NopHandler) Timer(string) Timer { return nop{} }

// nop is every instrument of [NopHandler].
type nop struct{}

func (nop) Inc(int64)            {}
func (nop) Update(float64)       {}
func (nop) Record(time.Duration) {}
