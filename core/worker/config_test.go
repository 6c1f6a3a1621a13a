package worker_test

import (
	"bytes"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	namespacepb "go.temporal.io/api/namespace/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// What was given is there unchanged, and what holds has the defaults.
func TestConfigOfANewWorker(t *testing.T) {
	given := worker.Options{
		Workflows: []any{Greet}, MaxConcurrentActivities: 7, MaxCachedWorkflows: new(5),
		Parts: worker.Parts{WorkflowSlots: fixed(t, 3)},
	}
	w, err := worker.New(offline(t), taskQueue, given)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterActivityWithOptions(Echo, named("b")); err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterActivityWithOptions(Echo, named("a")); err != nil {
		t.Fatal(err)
	}
	c := w.Config()
	if c.TaskQueue != taskQueue || !slices.Equal(c.WorkflowTypes, []string{"Greet"}) ||
		!slices.Equal(c.ActivityTypes, []string{"a", "b"}) {
		t.Errorf("queue %q, workflows %q, activities %q", c.TaskQueue, c.WorkflowTypes, c.ActivityTypes)
	}
	for _, a := range settings.Compare(given, c.Given) {
		if _, changed, _ := strings.Cut(a.Value.String(), "(given"); strings.Contains(a.Value.String(), "(given") {
			t.Errorf("%s was given as %s", a.Key, changed)
		}
	}
	if c.Given.MaxConcurrentActivityTaskPolls != 0 || *c.Given.MaxCachedWorkflows != 5 {
		t.Errorf("given %+v", c.Given)
	}
	f := c.InForce
	if f.MaxConcurrentActivities != 7 || f.MaxConcurrentActivityTaskPolls != 5 || *f.MaxCachedWorkflows != 5 ||
		f.MaxConcurrentWorkflowTasks != 3 || f.BuildID != executable(t) || f.Limits.Request != 4<<20 {
		t.Errorf("in force %+v", f)
	}
}

func TestChangingAConfigChangesNoWorker(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{Workflows: []any{Greet}, MaxCachedWorkflows: new(5)})
		c := w.Config()
		c.Given.Workflows[0], *c.Given.MaxCachedWorkflows = nil, 6
		c.InForce.Workflows[0], *c.InForce.MaxCachedWorkflows, *c.InForce.NonstickyToStickyPollRatio = nil, 6, 1
		c.WorkflowTypes[0] = "other"
		again := w.Config()
		if again.Given.Workflows[0] == nil || *again.Given.MaxCachedWorkflows != 5 ||
			again.InForce.Workflows[0] == nil || *again.InForce.MaxCachedWorkflows != 5 ||
			*again.InForce.NonstickyToStickyPollRatio != 0.2 || again.WorkflowTypes[0] != "Greet" {
			t.Errorf("config %v", again)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.Stats().Cache.MaxEntries; n != 5 {
			t.Errorf("%d runs cached", n)
		}
		stop(t, w)
	})
}

// The limits of a namespace hold as soon as the worker knows them.
func TestConfigHasTheLimitsOfTheNamespace(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.limits = &namespacepb.NamespaceInfo_Limits{BlobSizeLimitError: 1000, MemoSizeLimitError: 100}
		o := both()
		o.Limits.MemoError = 50
		w := f.worker(t, o)
		var asking sync.WaitGroup
		asking.Go(func() { _ = w.Config().String() })
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		asking.Wait()
		if l := w.Config().InForce.Limits; l.PayloadError != 1000 || l.MemoError != 50 {
			t.Errorf("limits %+v", l)
		}
		stop(t, w)
		if l := w.Config().InForce.Limits; l.PayloadError != 1000 {
			t.Errorf("limits %+v after the stop", l)
		}
	})
}

// Rates that change while the worker lives are in force at once; what was given stays.
func TestConfigHasTheRatesOfNow(t *testing.T) {
	slow, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 4})
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.New(offline(t), taskQueue, worker.Options{
		MaxActivitiesPerSecond: 5, Parts: worker.Parts{LocalActivityRate: slow},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := w.Config().InForce; f.MaxActivitiesPerSecond != 5 || f.MaxLocalActivitiesPerSecond != 4 ||
		f.MaxTaskQueueActivitiesPerSecond != 0 {
		t.Errorf("in force %+v", f)
	}
	if err := errors.Join(w.SetMaxActivitiesPerSecond(0), w.SetMaxLocalActivitiesPerSecond(6),
		w.SetMaxTaskQueueActivitiesPerSecond(7)); err != nil {
		t.Fatal(err)
	}
	c := w.Config()
	if f := c.InForce; f.MaxActivitiesPerSecond != 0 || f.MaxLocalActivitiesPerSecond != 6 ||
		f.MaxTaskQueueActivitiesPerSecond != 7 || c.Given.MaxActivitiesPerSecond != 5 {
		t.Errorf("in force %+v", f)
	}
	if !strings.Contains(c.String(), "no limit (given 5)") {
		t.Error(c)
	}
}

// Every option has its line, and no option tells what is inside of what it was given.
func TestConfigIsReadable(t *testing.T) {
	o := both()
	o.Identity, o.DataConverter, o.GracefulShutdownTimeout = "me", secretive{converter.GetDefaultDataConverter(), "hush"}, 90*time.Second
	o.DebugMode = true
	w, err := worker.New(offline(t), taskQueue, o)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("Configured", slog.Any("Worker", w.Config()))
	for name, text := range map[string]string{"printed": w.Config().String(), "logged": logged.String()} {
		if strings.Contains(text, "hush") {
			t.Errorf("%s with the secret: %s", name, text)
		}
		for _, want := range []string{"secretive", "1m30s", "core/worker_test.Greet"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s without %q: %s", name, want, text)
			}
		}
	}
	lines := make(map[string]string)
	for line := range strings.Lines(w.Config().String()) {
		name, value, _ := strings.Cut(line, " ")
		lines[name] = strings.TrimSpace(value)
	}
	for i, typ := 0, reflect.TypeFor[worker.Options](); i < typ.NumField(); i++ {
		name := typ.Field(i).Name
		if typ.Field(i).Type.Kind() == reflect.Struct {
			name += "." + typ.Field(i).Type.Field(0).Name
		}
		if lines[name] == "" {
			t.Errorf("%s has no line", name)
		}
	}
	for name, want := range map[string]string{
		"Identity":                   `"me"`,
		"MaxCachedWorkflows":         "1000 (not given)",
		"MaxActivitiesPerSecond":     "no limit (not given)",
		"DeadlockDetectionTimeout":   "off (not given)",
		"WorkflowPanicPolicy":        "BlockWorkflow (not given)",
		"ActivityExecutor":           "- (not given)",
		"DataConverter":              "*converter.transferAware (given worker_test.secretive)",
		"DebugMode":                  "true",
		"GracefulShutdownTimeout":    "1m30s",
		"NonstickyToStickyPollRatio": "0.2 (not given)",
	} {
		if lines[name] != want {
			t.Errorf("%s: %s, want %s", name, lines[name], want)
		}
	}
}

// A secretive converter holds what is nobody's business.
type secretive struct {
	converter.DataConverter

	secret string
}
