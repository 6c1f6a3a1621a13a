package realserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkconverter "go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// askAll has activities of these types done on a queue, with every option that there is, and returns
// what they said. It runs on a worker of the SDK, whoever does the activities.
func askAll(ctx sdkworkflow.Context, queue string, types []string) (said []string, err error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{
		TaskQueue:              queue,
		ScheduleToCloseTimeout: 2 * patience, ScheduleToStartTimeout: patience,
		StartToCloseTimeout: patience + time.Second, HeartbeatTimeout: patience + 2*time.Second,
		RetryPolicy: &sdktemporal.RetryPolicy{
			InitialInterval: 10 * time.Millisecond, BackoffCoefficient: 1.5, MaximumInterval: time.Second,
			MaximumAttempts: 3, NonRetryableErrorTypes: []string{"Final"},
		},
		Priority: sdktemporal.Priority{PriorityKey: 2, FairnessKey: "acme", FairnessWeight: 1.5},
	})
	for _, name := range types {
		var s string
		if err := sdkworkflow.ExecuteActivity(ctx, name, "a word").Get(ctx, &s); err != nil {
			s = "error: " + err.Error()
		}
		said = append(said, s)
	}
	return said, nil
}

// fieldsOf writes down a struct, field by field; of times and tokens, only whether they are set.
func fieldsOf(v any) string {
	out := map[string]any{}
	r := reflect.ValueOf(v)
	for i, field := range reflect.VisibleFields(r.Type()) {
		if field.Name == "WorkflowNamespace" {
			continue // deprecated, and not there with us
		}
		switch f := r.Field(i).Interface().(type) {
		case time.Time:
			out[field.Name] = fmt.Sprintf("set %v", !f.IsZero())
		case []byte:
			out[field.Name] = fmt.Sprintf("set %v", len(f) > 0)
		default:
			out[field.Name] = f
		}
	}
	text, err := json.Marshal(out)
	return fmt.Sprint(string(text), err)
}

// Those below are written twice: for us, and for the SDK.

func tellsInfo(ctx context.Context, _ string) (string, error) {
	info := activity.GetInfo(ctx)
	left := info.Deadline.Sub(info.StartedTime).Round(10 * time.Second)
	return fmt.Sprint(fieldsOf(info), left, info.IsWorkflowActivity(), activity.IsActivity(ctx)), nil
}

func sdkTellsInfo(ctx context.Context, _ string) (string, error) {
	info := sdkactivity.GetInfo(ctx)
	left := info.Deadline.Sub(info.StartedTime).Round(10 * time.Second)
	return fmt.Sprint(fieldsOf(info), left, info.IsWorkflowActivity(), sdkactivity.IsActivity(ctx)), nil
}

func remembers(ctx context.Context, _ string) (string, error) {
	var word string
	var n int
	err := activity.GetHeartbeatDetails(ctx, &word, &n)
	said := fmt.Sprint(activity.GetInfo(ctx).Attempt, activity.HasHeartbeatDetails(ctx), err, word, n)
	if activity.GetInfo(ctx).Attempt < 3 {
		activity.RecordHeartbeat(ctx, "first", 1)
		activity.RecordHeartbeat(ctx, "half way, "+said, 2)
		return "", errors.New("interrupted")
	}
	return said, nil
}

func sdkRemembers(ctx context.Context, _ string) (string, error) {
	var word string
	var n int
	err := sdkactivity.GetHeartbeatDetails(ctx, &word, &n)
	said := fmt.Sprint(sdkactivity.GetInfo(ctx).Attempt, sdkactivity.HasHeartbeatDetails(ctx), err, word, n)
	if sdkactivity.GetInfo(ctx).Attempt < 3 {
		sdkactivity.RecordHeartbeat(ctx, "first", 1)
		sdkactivity.RecordHeartbeat(ctx, "half way, "+said, 2)
		return "", errors.New("interrupted")
	}
	return said, nil
}

func writes(ctx context.Context, _ string) (string, error) {
	activity.GetLogger(ctx).Info("written by an activity", "word", "here")
	activity.GetMetricsHandler(ctx).Counter("of_an_activity").Inc(1)
	return "written", nil
}

func sdkWrites(ctx context.Context, _ string) (string, error) {
	sdkactivity.GetLogger(ctx).Info("written by an activity", "word", "here")
	sdkactivity.GetMetricsHandler(ctx).Counter("of_an_activity").Inc(1)
	return "written", nil
}

func seesNoStop(ctx context.Context, _ string) (string, error) {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return "stopping", nil
	default:
		return fmt.Sprint(activity.GetWorkerStopChannel(ctx) != nil), nil
	}
}

func sdkSeesNoStop(ctx context.Context, _ string) (string, error) {
	select {
	case <-sdkactivity.GetWorkerStopChannel(ctx):
		return "stopping", nil
	default:
		return fmt.Sprint(sdkactivity.GetWorkerStopChannel(ctx) != nil), nil
	}
}

func dynamic(ctx context.Context, args converter.EncodedValues) (string, error) {
	var word string
	err := args.Get(&word)
	return fmt.Sprint("dynamic ", activity.GetInfo(ctx).ActivityType.Name, " ", word), err
}

func sdkDynamic(ctx context.Context, args sdkconverter.EncodedValues) (string, error) {
	var word string
	err := args.Get(&word)
	return fmt.Sprint("dynamic ", sdkactivity.GetInfo(ctx).ActivityType.Name, " ", word), err
}

// Those below are the same for both.

func plain(_ context.Context, word string) (string, error) { return "plain " + word, nil }
func noContext(word string) (string, error)                { return "no context " + word, nil }
func another(string) (string, error)                       { return "another", nil }

// tools is a struct of activities.
type tools struct{ name string }

func (t *tools) Saw(word string) (string, error) { return t.name + " saws " + word, nil }
func (t *tools) Drill(_ context.Context, word string) (string, error) {
	return t.name + " drills " + word, nil
}

// oddTools has a method that is no activity.
type oddTools struct{}

func (oddTools) Glue(word string) (string, error) { return "glues " + word, nil }
func (oddTools) Broken() (a, b, c int)            { return 0, 0, 0 }

// registrations registers all of them with a worker of either side.
func registrations(t *testing.T, register func(f any, name string, replace, skip bool) error) {
	t.Helper()
	for _, r := range []struct {
		f             any
		name          string
		replace, skip bool
	}{
		{plain, "", false, false},
		{plain, "renamed", false, false},
		{noContext, "", false, false},
		{noContext, "twice", false, false},
		{another, "twice", true, false},
		{&tools{"steel"}, "", false, false},
		{&tools{"brass"}, "brass_", false, false},
		{&oddTools{}, "", false, true},
	} {
		if err := register(r.f, r.name, r.replace, r.skip); err != nil {
			t.Fatal(err)
		}
	}
}

// tags keeps those that metrics are reported with.
type tags struct {
	mu   sync.Mutex
	seen map[string]string
}

func (s *tags) saw(name string, with map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "of_an_activity" {
		s.seen = with
	}
}

// tagging is a metrics handler of ours, sdkTagging one of the SDK's.
type tagging struct {
	metrics.NopHandler

	with map[string]string
	to   *tags
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, b)
	return out
}

func (h tagging) WithTags(more map[string]string) metrics.Handler {
	return tagging{with: merged(h.with, more), to: h.to}
}

func (h tagging) Counter(name string) metrics.Counter {
	h.to.saw(name, h.with)
	return h.NopHandler.Counter(name)
}

type sdkTagging struct {
	client.MetricsHandler

	with map[string]string
	to   *tags
}

func (h sdkTagging) WithTags(more map[string]string) client.MetricsHandler {
	return sdkTagging{client.MetricsNopHandler, merged(h.with, more), h.to}
}

func (h sdkTagging) Counter(name string) client.MetricsCounter {
	h.to.saw(name, h.with)
	return client.MetricsNopHandler.Counter(name)
}

// seenBy is what one side had to tell.
type seenBy struct {
	Said []string
	Log  map[string]any
	Tags map[string]string
}

// written finds the line that the activity has written.
func written(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	for line := range bytes.Lines(log.Bytes()) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] == "written by an activity" {
			for _, own := range []string{"time", "WorkerID"} {
				delete(fields, own)
			}
			return fields
		}
	}
	t.Fatalf("nothing was written: %s", log)
	return nil
}

// locked lets several write.
type locked struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// authored are the types of all activities that are asked for.
func authored() []string {
	return []string{
		"tellsInfo", "remembers", "writes", "seesNoStop",
		"plain", "renamed", "noContext", "twice", "Saw", "Drill", "brass_Saw", "brass_Drill", "Glue", "Broken", "whatever",
	}
}

// authoredByUs starts a worker of ours with all activities.
func authoredByUs(t *testing.T, queue string, log *locked, seen *tags) {
	t.Helper()
	w, err := worker.New(dial(t), queue, worker.Options{
		Logger: slog.New(slog.NewJSONHandler(log, nil)), MetricsHandler: tagging{to: seen},
	})
	if err != nil {
		t.Fatal(err)
	}
	register := func(f any, name string, replace, skip bool) error {
		return w.RegisterActivityWithOptions(f, activity.RegisterOptions{
			Name: name, DisableAlreadyRegisteredCheck: replace, SkipInvalidStructFunctions: skip,
		})
	}
	registrations(t, register)
	for name, f := range map[string]any{
		"tellsInfo": tellsInfo, "remembers": remembers, "writes": writes, "seesNoStop": seesNoStop,
	} {
		if err := register(f, name, false, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.RegisterDynamicActivity(dynamic, activity.DynamicRegisterOptions{}); err != nil {
		t.Fatal(err)
	}
	run(t, w)
}

// authoredByThem starts one of the SDK's.
func authoredByThem(t *testing.T, queue string, log *locked, seen *tags) {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: embedded.DefaultNamespace,
		Logger: slog.New(slog.NewJSONHandler(log, nil)), MetricsHandler: sdkTagging{client.MetricsNopHandler, nil, seen},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w := sdkworker.New(c, queue, sdkworker.Options{DisableWorkflowWorker: true})
	register := func(f any, name string, replace, skip bool) error {
		w.RegisterActivityWithOptions(f, sdkactivity.RegisterOptions{
			Name: name, DisableAlreadyRegisteredCheck: replace, SkipInvalidStructFunctions: skip,
		})
		return nil
	}
	registrations(t, register)
	for name, f := range map[string]any{
		"tellsInfo": sdkTellsInfo, "remembers": sdkRemembers, "writes": sdkWrites, "seesNoStop": sdkSeesNoStop,
	} {
		_ = register(f, name, false, false)
	}
	w.RegisterDynamicActivity(sdkDynamic, sdkactivity.DynamicRegisterOptions{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// Activities that use all of the authoring API see the same on a worker of the SDK and on one of ours.
func TestAuthoringIsAsWithTheSDK(t *testing.T) {
	t.Parallel()
	home, c := taskQueue(t), sdkClient(t)
	w := sdkworker.New(c, home, sdkworker.Options{DeadlockDetectionTimeout: patience, LocalActivityWorkerOnly: true})
	w.RegisterWorkflow(askAll)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	seen := map[string]seenBy{}
	for side, start := range map[string]func(*testing.T, string, *locked, *tags){"ours": authoredByUs, "theirs": authoredByThem} {
		var log locked
		var of tags
		queue := home + "-" + side
		start(t, queue, &log, &of)
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: home, ID: queue}, askAll, queue, authored())
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		if err := run.Get(t.Context(), &said); err != nil {
			t.Fatal(err)
		}
		for i, s := range said {
			said[i] = strings.NewReplacer(queue, "QUEUE", run.GetRunID(), "RUN").Replace(s)
		}
		log.mu.Lock()
		line := written(t, &log.Buffer)
		log.mu.Unlock()
		for key, value := range line {
			if s, ok := value.(string); ok {
				line[key] = strings.NewReplacer(queue, "QUEUE", run.GetRunID(), "RUN").Replace(s)
			}
		}
		of.mu.Lock()
		with := of.seen
		of.mu.Unlock()
		delete(with, "client_name")
		with["task_queue"] = strings.ReplaceAll(with["task_queue"], queue, "QUEUE")
		seen[side] = seenBy{said, line, with}
	}
	if diff := cmp.Diff(seen["theirs"], seen["ours"]); diff != "" {
		t.Errorf("seen (-with the SDK +with us):\n%s", diff)
	}
	ours := seen["ours"].Said
	for i, want := range map[int]string{
		1: "3 true <nil>half way", 3: "true", 4: "plain a word", 7: "another", 10: "brass saws a word",
		13: "dynamic Broken a word", 14: "dynamic whatever a word",
	} {
		if !strings.HasPrefix(ours[i], want) {
			t.Errorf("%s said %q, want %q", authored()[i], ours[i], want)
		}
	}
	if log := seen["ours"].Log; log["ActivityID"] == nil || log["word"] != "here" {
		t.Errorf("the log does not name the activity: %v", log)
	}
}
