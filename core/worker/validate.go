package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// An OptionError says what is wrong with an argument or an option of a worker.
type OptionError struct {
	// Field is its name.
	Field string
	// Value is what was given.
	Value string
	// Fix says what to give instead.
	Fix string
	// Err is the cause, if it comes from another module.
	Err error
}

// Error implements error.
func (e *OptionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("worker: %s is %s: %v", e.Field, e.Value, e.Err)
	}
	return fmt.Sprintf("worker: %s is %s: %s", e.Field, e.Value, e.Fix)
}

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }

// problems collects what is wrong, so that it is told at once.
type problems []error

func (p *problems) add(field string, value any, fix string) {
	*p = append(*p, &OptionError{Field: field, Value: fmt.Sprint(value), Fix: fix})
}

func (p *problems) count(field string, n *int, fallback int) {
	switch {
	case *n < 0:
		p.add(field, *n, fmt.Sprintf("use zero for the default of %d or a positive number", fallback))
	case *n == 0:
		*n = fallback
	}
}

func (p *problems) duration(field string, d *time.Duration, fallback time.Duration) {
	switch {
	case *d < 0:
		p.add(field, *d, fmt.Sprintf("use zero for the default of %v or a positive duration", fallback))
	case *d == 0:
		*d = fallback
	}
}

func (p *problems) rate(field string, r float64) {
	if r < 0 || math.IsNaN(r) || math.IsInf(r, 0) {
		p.add(field, r, "use zero for no limit or a positive number of activities a second")
	}
}

// complete fills in the defaults of o and returns all that is wrong with it.
func (o *Options) complete(client Client, taskQueue string) error {
	var p problems
	switch {
	case client == nil || isNilPointer(client):
		p.add("client", "nil", "give one from connect.Dial or the SDK's client.Dial")
	case client.WorkflowService() == nil:
		p.add("client", fmt.Sprintf("%T without a workflow service", client), "give one that is connected")
	}
	switch {
	case taskQueue == "":
		p.add("taskQueue", `""`, "name the task queue that workflows are started on")
	case strings.HasPrefix(taskQueue, "__temporal_"):
		p.add("taskQueue", fmt.Sprintf("%q", taskQueue), "__temporal_ is a reserved prefix: choose another name")
	}
	o.numbers(&p)
	if len(p) > 0 {
		return errors.Join(p...)
	}
	o.names(client, taskQueue)
	return nil
}

// isNilPointer finds the nil pointer inside an interface.
func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// numbers fills in and checks what can be counted.
func (o *Options) numbers(p *problems) {
	cached, ratio := DefaultMaxCachedWorkflows, DefaultNonstickyToStickyPollRatio
	if o.MaxCachedWorkflows != nil {
		cached = *o.MaxCachedWorkflows
	}
	if cached < 0 {
		p.add("MaxCachedWorkflows", cached, "use new(0) to keep none or a positive number")
	}
	o.MaxCachedWorkflows = &cached
	if o.NonstickyToStickyPollRatio != nil {
		ratio = *o.NonstickyToStickyPollRatio
	}
	if !(ratio >= 0 && ratio <= 1) {
		p.add("NonstickyToStickyPollRatio", ratio, "use a share from 0 to 1, such as the default of 0.2")
	}
	o.NonstickyToStickyPollRatio = &ratio
	p.count("MaxConcurrentWorkflowTasks", &o.MaxConcurrentWorkflowTasks, DefaultMaxConcurrentWorkflowTasks)
	if cached > 0 && o.MaxConcurrentWorkflowTasks == 1 && o.Parts.WorkflowSlots == nil {
		p.add("MaxConcurrentWorkflowTasks", 1, "use at least 2, one for the sticky queue and one for the "+
			"normal one, or set MaxCachedWorkflows to zero")
	}
	p.count("MaxConcurrentActivities", &o.MaxConcurrentActivities, DefaultMaxConcurrentActivities)
	p.count("MaxConcurrentWorkflowTaskPolls", &o.MaxConcurrentWorkflowTaskPolls,
		DefaultMaxConcurrentWorkflowTaskPolls)
	p.count("MaxConcurrentActivityTaskPolls", &o.MaxConcurrentActivityTaskPolls,
		DefaultMaxConcurrentActivityTaskPolls)
	p.duration("StickyQueueScheduleToStartTimeout", &o.StickyQueueScheduleToStartTimeout,
		DefaultStickyQueueScheduleToStartTimeout)
	p.duration("MaxHeartbeatThrottleInterval", &o.MaxHeartbeatThrottleInterval,
		DefaultMaxHeartbeatThrottleInterval)
	p.duration("DefaultHeartbeatThrottleInterval", &o.DefaultHeartbeatThrottleInterval,
		DefaultDefaultHeartbeatThrottleInterval)
	p.duration("GracefulShutdownTimeout", &o.GracefulShutdownTimeout, 0)
	p.rate("MaxActivitiesPerSecond", o.MaxActivitiesPerSecond)
	p.rate("MaxTaskQueueActivitiesPerSecond", o.MaxTaskQueueActivitiesPerSecond)
}

// names fills in who the worker is and what it encodes with.
func (o *Options) names(client Client, taskQueue string) {
	if c, ok := client.(interface{ Namespace() string }); ok && o.Namespace == "" {
		o.Namespace = c.Namespace()
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if c, ok := client.(interface{ Identity() string }); ok && o.Identity == "" {
		o.Identity = c.Identity()
	}
	if o.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		o.Identity = fmt.Sprintf("%d@%s@%s", os.Getpid(), host, taskQueue)
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Logger = o.Logger.With("Namespace", o.Namespace, "TaskQueue", taskQueue, "WorkerID", o.Identity)
}
