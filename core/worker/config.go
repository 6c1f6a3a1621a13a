package worker

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// A Config is what a worker was told and what it goes by. It is a copy: changing it changes no
// worker, except through what a pointer or an interface in it leads to.
type Config struct {
	// TaskQueue is the one that is polled.
	TaskQueue string
	// WorkflowTypes and ActivityTypes are registered, sorted. A dynamic workflow is "".
	WorkflowTypes, ActivityTypes []string
	// Given are the options as [New] was given them.
	Given Options
	// InForce are those that hold now: with their defaults, rates that were set since, and, once
	// the worker runs, the limits of the namespace. A number that one of the Parts replaces is
	// that part's, zero if it does not tell. A rate is that of now. What is nil is made by the worker itself.
	InForce Options
}

// Config returns how the worker is configured. It may be called at any time from any goroutine.
func (w *Worker) Config() Config {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := settings.Clone(w.options)
	if len(w.parts.pollers) > 0 { // so the namespace was described
		o.Limits = w.limits()
	}
	o.Limits.Complete()
	o.MaxActivitiesPerSecond, o.MaxLocalActivitiesPerSecond = perSecond(w.rates.activities), perSecond(w.rates.locals)
	o.MaxTaskQueueActivitiesPerSecond = w.rates.queue.perSecond()
	replaced := func(n *int, by slots.Supplier) {
		if by != nil {
			*n, _ = limitOf(by)
		}
	}
	replaced(&o.MaxConcurrentWorkflowTasks, o.Parts.WorkflowSlots)
	replaced(&o.MaxConcurrentActivities, o.Parts.ActivitySlots)
	replaced(&o.MaxConcurrentLocalActivities, o.Parts.LocalActivitySlots)
	if o.Parts.Cache != nil {
		*o.MaxCachedWorkflows = o.Parts.Cache.Stats().MaxEntries
	}
	c := Config{
		TaskQueue: w.taskQueue, ActivityTypes: w.activities.Types(), Given: settings.Clone(w.given), InForce: o,
	}
	for _, def := range w.workflows.Definitions() {
		c.WorkflowTypes = append(c.WorkflowTypes, def.Type)
	}
	slices.Sort(c.WorkflowTypes)
	return c
}

// String has a line for each option: its name, what holds, and whether it was not given, or
// something else was. Functions are there by name, and what is behind interfaces by type.
func (c Config) String() string {
	var b strings.Builder
	for _, a := range c.LogValue().Group() {
		fmt.Fprintf(&b, "%-46s %s\n", a.Key, a.Value)
	}
	return b.String()
}

// LogValue implements [slog.LogValuer] with the lines of String.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(append([]slog.Attr{
		slog.String("TaskQueue", fmt.Sprintf("%q", c.TaskQueue)),
		slog.String("WorkflowTypes", fmt.Sprintf("%q", c.WorkflowTypes)),
		slog.String("ActivityTypes", fmt.Sprintf("%q", c.ActivityTypes)),
	}, settings.Compare(c.Given, c.InForce)...)...)
}
