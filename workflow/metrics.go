package workflow

import (
	"time"

	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// GetMetricsHandler returns the worker's metrics handler with a tag that names
// the workflow's type. What is reported while the workflow is replayed is
// dropped, so that it counts once.
func GetMetricsHandler(ctx Context) metrics.Handler {
	return runOf(ctx).outbound.GetMetricsHandler(ctx)
}

func (o rootOutbound) GetMetricsHandler(Context) metrics.Handler {
	r := o.run
	reports := r.reporting()
	if reports.metrics == nil { // most workflows ask for none
		reports.metrics = replayMetrics{env: r.env, to: r.env.Metrics.WithTags(map[string]string{
			"workflow_type": r.env.Details.WorkflowType,
		})}
	}
	return reports.metrics
}

// replayMetrics drops what is reported in replay.
type replayMetrics struct {
	env *env.Env
	to  metrics.Handler
}

// WithTags keeps an eye on the replay, too.
func (m replayMetrics) WithTags(tags map[string]string) metrics.Handler {
	return replayMetrics{env: m.env, to: m.to.WithTags(tags)}
}

// Counter drops what is counted in replay.
func (m replayMetrics) Counter(name string) metrics.Counter {
	to := m.to.Counter(name)
	return metrics.CounterFunc(func(n int64) {
		if !m.env.Replaying {
			to.Inc(n)
		}
	})
}

// Gauge drops what is set in replay.
func (m replayMetrics) Gauge(name string) metrics.Gauge {
	to := m.to.Gauge(name)
	return metrics.GaugeFunc(func(value float64) {
		if !m.env.Replaying {
			to.Update(value)
		}
	})
}

// Timer drops what is recorded in replay.
func (m replayMetrics) Timer(name string) metrics.Timer {
	to := m.to.Timer(name)
	return metrics.TimerFunc(func(d time.Duration) {
		if !m.env.Replaying {
			to.Record(d)
		}
	})
}
