//go:build unix

package subprocess_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// Errors are, for the worker and for the server, what they would be had the activity run in place.
func TestErrorsAreAsInPlace(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	cause := temporal.NewCanceledError("the cause")
	for name := range mistakes(t.Context()) {
		t.Run(name, func(t *testing.T) {
			fails := func(executor activity.Executor) error {
				ctx, cancel := context.WithCancelCause(t.Context())
				env := &activity.Environment{Heartbeat: func(context.Context, []any) { cancel(cause) }}
				_, err := executor.Execute(in(ctx, env), call(t, "Err", name))
				return err
			}
			here, there := fails(activity.InPlace{}), fails(e)
			for _, known := range []error{
				activity.ErrResultPending, activity.ErrActivityPaused, activity.ErrActivityReset, activity.ErrWorkerShutdown,
				context.Canceled, context.DeadlineExceeded,
			} {
				if errors.Is(there, known) != errors.Is(here, known) {
					t.Errorf("it is %v: here %v, there %v", known, errors.Is(here, known), errors.Is(there, known))
				}
			}
			if temporal.IsCanceledError(here) != temporal.IsCanceledError(there) || here.Error() != there.Error() {
				t.Errorf("here %v (%T), there %v (%T)", here, here, there, there)
			}
			fc := temporal.GetDefaultFailureConverter()
			if diff := cmp.Diff(fc.ErrorToFailure(here), fc.ErrorToFailure(there), protocmp.Transform()); diff != "" {
				t.Errorf("the failure in place (-) and from the child (+):\n%s", diff)
			}
		})
	}
}

// Every field of Info that there is crosses.
func TestInfoIsWhole(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	var want activity.Info
	fill(reflect.ValueOf(&want).Elem(), 1)
	p, err := e.Execute(in(t.Context(), &activity.Environment{Info: want}), call(t, "Info"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, decode[activity.Info](t, p)); diff != "" {
		t.Errorf("Info (-) and what the child saw (+):\n%s", diff)
	}
}

// fill sets all fields to something.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(int64(1000+n), 123456789).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), 10*n+i)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64, reflect.Float32:
		v.SetFloat(float64(n) + 0.5)
	case reflect.Uint8:
		v.SetUint(uint64(n % 200))
	default:
		v.SetInt(int64(n))
	}
}

// Headers reach what stands before the activity in the child, and its results are the call's.
func TestHeadersAndMiddlewareOfTheProgram(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	c := call(t, "Tenant")
	c.Header = header(map[string]string{"tenant": "acme", "loud": "yes"})
	p, err := e.Execute(in(t.Context(), &activity.Environment{}), c)
	if err != nil || decode[string](t, p) != "ACME" {
		t.Errorf("got %v, %v", p, err)
	}
}

// A worker's interceptors do not cross; whoever has forgotten that is told, once.
func TestMissingMiddlewareIsToldOf(t *testing.T) {
	for env, want := range map[string]int{"plain": 1, "": 0} {
		t.Run(env, func(t *testing.T) {
			var text lockedBuffer
			e := newExecutor(t, subprocess.Options{
				Env: []string{mode + "=" + env}, Logger: slog.New(slog.NewTextHandler(&text, nil)),
			})
			for range 2 {
				c := call(t, "PID")
				c.Invoke = activity.Chain()
				if _, err := e.Execute(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
			if n := strings.Count(text.String(), "subprocess.Program.Middleware"); n != want {
				t.Errorf("%q: told %d times, want %d: %s", env, n, want, text.String())
			}
		})
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// plainLogger is a logger that is none of slog's.
type plainLogger struct {
	mu    sync.Mutex
	lines []string
}

func (l *plainLogger) add(level, msg string, keyvals []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprint(level, " ", msg, " ", len(keyvals)))
}

func (l *plainLogger) Debug(msg string, keyvals ...any) { l.add("D", msg, keyvals) }
func (l *plainLogger) Info(msg string, keyvals ...any)  { l.add("I", msg, keyvals) }
func (l *plainLogger) Warn(msg string, keyvals ...any)  { l.add("W", msg, keyvals) }
func (l *plainLogger) Error(msg string, keyvals ...any) { l.add("E", msg, keyvals) }

// Lines of the log are what they would be in place, in text and in JSON, at every level.
func TestLogsAreAsInPlace(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	noTime := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	write := func(executor activity.Executor, logger log.Logger) {
		t.Helper()
		env := &activity.Environment{Logger: logger}
		if _, err := executor.Execute(in(t.Context(), env), call(t, "Say")); err != nil {
			t.Fatal(err)
		}
	}
	for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		var here, there lockedBuffer
		options := &slog.HandlerOptions{Level: level, AddSource: true, ReplaceAttr: noTime}
		write(activity.InPlace{}, slog.New(slog.NewTextHandler(&here, options)).With(slog.Int("attempt", 1)).WithGroup("g"))
		write(e, slog.New(slog.NewTextHandler(&there, options)).With(slog.Int("attempt", 1)).WithGroup("g"))
		write(activity.InPlace{}, slog.New(slog.NewJSONHandler(&here, options)))
		write(e, slog.New(slog.NewJSONHandler(&there, options)))
		if diff := cmp.Diff(here.String(), there.String()); diff != "" {
			t.Errorf("level %v, in place (-) and from the child (+):\n%s", level, diff)
		}
	}
	plain := &plainLogger{}
	write(e, plain)
	want := []string{"D debug 2", "I info 24", "W warn 2", "E error 4", "I grouped 0", "E beyond 0", "D trace 0"}
	if !slices.Equal(plain.lines, want) {
		t.Errorf("a logger of another kind got %q, want %q", plain.lines, want)
	}
}

// ledger writes down what is measured.
type ledger struct {
	tags  string
	mu    *sync.Mutex
	lines *[]string
}

func newLedger() *ledger { return &ledger{mu: new(sync.Mutex), lines: new([]string)} }

func (l *ledger) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.lines = append(*l.lines, fmt.Sprintf(format, args...)+l.tags)
}

func (l *ledger) WithTags(tags map[string]string) metrics.Handler {
	next := *l
	next.tags += fmt.Sprint(" ", tags)
	return &next
}

func (l *ledger) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { l.add("%s +%d", name, n) })
}

func (l *ledger) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { l.add("%s =%v", name, v) })
}

func (l *ledger) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { l.add("%s %v", name, d) })
}

func TestMetricsCross(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	l := newLedger()
	if _, err := e.Execute(in(t.Context(), &activity.Environment{Metrics: l}), call(t, "Count")); err != nil {
		t.Fatal(err)
	}
	want := []string{"c +3", "c +-1", "g =-2.5 map[a:1 b:]", "t 1.5s map[a:2 b:]"}
	if !slices.Equal(*l.lines, want) {
		t.Errorf("got %q, want %q", *l.lines, want)
	}
}

// panicky is a handler of logs and metrics that does not work.
type panicky struct{ metrics.NopHandler }

func (panicky) Enabled(context.Context, slog.Level) bool     { return true }
func (panicky) Handle(context.Context, slog.Record) error    { panic("the handler panics") }
func (p panicky) WithAttrs([]slog.Attr) slog.Handler         { return p }
func (p panicky) WithGroup(string) slog.Handler              { return p }
func (panicky) Counter(string) metrics.Counter               { panic("the metrics handler panics") }
func (p panicky) WithTags(map[string]string) metrics.Handler { return p }

// What panics when it is given something of a child is told of, and harms nobody.
func TestPanicsOfWhatTakesMessages(t *testing.T) {
	var text lockedBuffer
	e := newExecutor(t, subprocess.Options{Logger: slog.New(slog.NewTextHandler(&text, nil))})
	env := &activity.Environment{Logger: slog.New(panicky{}), Metrics: &panicky{}}
	for _, name := range []string{"Say", "Count"} {
		if _, err := e.Execute(in(t.Context(), env), call(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, want := range []string{"the handler panics", "the metrics handler panics"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("nothing was said of %q: %s", want, text.String())
		}
	}
}

// Details and what becomes of heartbeats are known in the child as in place, when a heartbeat
// returns.
func TestHeartbeatsAndTheirStatus(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	b := &beaten{stop: cancel}
	b.LastHeartbeatDetails = encode(t, "half way")
	p, err := e.Execute(activity.WithOutbound(ctx, b), call(t, "Beat", 3))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"true half way <nil>\n", "1000 <nil> 2000 false, <nil>", "1001 the server is away 2001 true, <nil>",
		"1002 the server is away 2002 true, activity paused",
	}
	if got := decode[[]string](t, p); !slices.Equal(got, want) {
		t.Errorf("the activity saw %q, want %q", got, want)
	}
	for i, d := range b.details {
		if !proto.Equal(d, encode(t, i, "of", 3)) {
			t.Errorf("heartbeat %d has %v", i, d)
		}
	}
}

// beaten is an outbound that takes heartbeats and has something to say of them. The third one
// learns that the activity was paused.
type beaten struct {
	activity.Environment

	stop    context.CancelCauseFunc
	mu      sync.Mutex
	details []*commonpb.Payloads
}

func (b *beaten) RecordEncodedHeartbeat(_ context.Context, details *commonpb.Payloads) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.details = append(b.details, details)
	if len(b.details) == 3 {
		b.stop(activity.ErrActivityPaused)
	}
}

func (b *beaten) HeartbeatStatus(context.Context) activity.HeartbeatStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := int64(len(b.details)) - 1
	s := activity.HeartbeatStatus{Sent: time.Unix(1000+n, 0), Next: time.Unix(2000+n, 0)}
	if n > 0 {
		s.Err, s.Waiting = errors.New("the server is away"), true
	}
	return s
}

func TestHeartbeatThatDoesNotEncodeFailsTheAttempt(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	if err := failure(t, e, "BadBeat"); !strings.Contains(err.Error(), "unable to encode activity heartbeat details") {
		t.Errorf("got %v", err)
	}
}

// The end of a context is seen with its kind and its cause.
func TestContextEndsAsInPlace(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	for name, cause := range map[string]error{
		"cancel": temporal.NewCanceledError(), "pause": activity.ErrActivityPaused, "reset": activity.ErrActivityReset,
		"shutdown": activity.ErrWorkerShutdown, "none": context.Canceled,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		env := &activity.Environment{Heartbeat: func(context.Context, []any) { cancel(cause) }}
		p, err := e.Execute(in(ctx, env), call(t, "Wait"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := decode[string](t, p), fmt.Sprintf("context canceled, %v, %T", cause, cause); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	env := &activity.Environment{Info: activity.Info{
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 2 * time.Minute,
		ScheduledTime: time.Unix(1000, 0), StartedTime: time.Unix(1100, 0),
	}}
	p, err := e.Execute(in(ctx, env), call(t, "Wait"))
	want := fmt.Sprintf("context deadline exceeded, %v, *temporal.TimeoutError",
		temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil))
	if err != nil || decode[string](t, p) != want {
		t.Errorf("deadline: %v, %v, want %q", p, err, want)
	}
}

// The context ends with the activity, also one without a deadline, and what was left behind ends.
func TestContextEndsWithTheActivity(t *testing.T) {
	r, w := io.Pipe()
	lines := bufio.NewScanner(r)
	e := newExecutor(t, subprocess.Options{Stderr: w})
	if _, err := e.Execute(in(t.Context(), &activity.Environment{}), call(t, "Leave")); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(10*time.Second, func() { _ = w.Close() })
	defer late.Stop()
	if !lines.Scan() || lines.Text() != "left with context canceled" {
		t.Errorf("the child said %q", lines.Text())
	}
	_ = r.Close()
}

// What is too large to cross fails its call for good, and costs no child.
func TestTooLarge(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	pid := result[int](t, e, "PID")
	for name, err := range map[string]error{
		"result": failure(t, e, "Big", 65<<20), "input": failure(t, e, "Size", make([]byte, 65<<20)),
	} {
		a, ok := errors.AsType[*temporal.ApplicationError](err)
		if !ok || !a.NonRetryable() || a.Type() != "PayloadsTooLarge" || !strings.Contains(a.Error(), "67108864 bytes") {
			t.Errorf("%s: %v (%T)", name, err, err)
		}
	}
	if n := result[int](t, e, "Size", make([]byte, 20<<20)); n != 20<<20 {
		t.Errorf("%d bytes of a large input arrived", n)
	}
	if now := result[int](t, e, "PID"); now != pid {
		t.Errorf("process %d took the place of %d", now, pid)
	}
}

// A type that the program of the child does not have says what to do.
func TestUnknownType(t *testing.T) {
	e := newExecutor(t, subprocess.Options{})
	c := call(t, "PID")
	c.Type = "Elsewhere"
	_, err := e.Execute(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "Elsewhere") || !strings.Contains(err.Error(), "subprocess.Program") {
		t.Errorf("got %v", err)
	}
	c.Args = []any{1}
	if _, err := e.Execute(t.Context(), c); err == nil || !strings.Contains(err.Error(), "not encoded") {
		t.Errorf("arguments that are not encoded: %v", err)
	}
}

func encode(t *testing.T, values ...any) *commonpb.Payloads {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
