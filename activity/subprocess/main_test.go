//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// mode is a variable that makes something else of this program.
const mode = "SUBPROCESS_TEST_MODE"

// The test binary is what children run, too, and worse programs.
func TestMain(m *testing.M) {
	switch os.Getenv(mode) {
	case "parent":
		parent()
		return
	case "mute":
		time.Sleep(time.Hour) // it never says hello
		return
	case "liar":
		_, _ = os.NewFile(4, "").WriteString("hello, here I am")
		time.Sleep(time.Hour)
		return
	case "foreigner":
		_, _ = os.NewFile(4, "").Write([]byte{'H', 0, 0, 0, 2, 1 << 3, 99})
		time.Sleep(time.Hour)
		return
	case "empty":
		subprocess.Main(subprocess.Program{})
	case "plain": // without middleware
		subprocess.Main(subprocess.Program{Registry: registry()})
	}
	subprocess.Main(program())
	os.Exit(m.Run())
}

func registry() *activity.Registry {
	r := activity.NewRegistry()
	if err := errors.Join(r.RegisterActivity(&acts{}), r.RegisterActivity(Convert)); err != nil {
		panic(err)
	}
	return r
}

type tenantKey struct{}

// program is what the children of most tests are.
func program() subprocess.Program {
	return subprocess.Program{
		Registry: registry(),
		Extract: func(ctx context.Context, h *commonpb.Header) (context.Context, error) {
			return context.WithValue(ctx, tenantKey{}, string(h.GetFields()["tenant"].GetData())), nil
		},
		Middleware: []activity.Middleware{func(next activity.Invoke) activity.Invoke {
			return func(ctx context.Context, in *activity.Invocation) (any, error) {
				result, err := next(ctx, in)
				if s, ok := result.(string); ok && in.Header.GetFields()["loud"] != nil {
					result = strings.ToUpper(s)
				}
				return result, err
			}
		}},
	}
}

// acts are the activities of the tests.
type acts struct{}

func (*acts) PID(context.Context) (int, error) { return os.Getpid(), nil }

func (*acts) Tenant(ctx context.Context) (string, error) {
	s, _ := ctx.Value(tenantKey{}).(string)
	return s, nil
}

func (*acts) Info(ctx context.Context) (activity.Info, error) { return activity.GetInfo(ctx), nil }

func (*acts) Big(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil }

func (*acts) Size(_ context.Context, b []byte) (int, error) { return len(b), nil }

// ownError is an error that no other process knows.
type ownError struct{ n int }

func (e *ownError) Error() string { return fmt.Sprint("own error ", e.n) }

// mistakes are errors that activities return.
func mistakes(ctx context.Context) map[string]error {
	return map[string]error{
		"plain":       errors.New("it broke"),
		"own":         &ownError{3},
		"wrapped":     fmt.Errorf("outer: %w", &ownError{4}),
		"application": temporal.NewApplicationError("it broke", "Broken", 1, "two"),
		"final":       temporal.NewNonRetryableApplicationError("for good", "Final", errors.New("the cause"), []int{1}),
		"later": temporal.NewApplicationErrorWithOptions("later", "Later", temporal.ApplicationErrorOptions{
			NextRetryDelay: 7 * time.Second, Category: temporal.ApplicationErrorCategoryBenign, Cause: &ownError{5},
		}),
		"canceled":         temporal.NewCanceledError("half way", 50),
		"wrapped canceled": fmt.Errorf("I stop: %w", temporal.NewCanceledError("half way")),
		"timeout":          temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil),
		"pending":          activity.ErrResultPending,
		"wrapped pending":  fmt.Errorf("wait: %w", activity.ErrResultPending),
		"paused":           activity.ErrActivityPaused,
		"shutdown":         fmt.Errorf("so: %w", activity.ErrWorkerShutdown),
		"context":          context.Canceled,
		"wrapped context":  fmt.Errorf("so: %w", context.Canceled),
		"deadline":         context.DeadlineExceeded,
		"cause":            context.Cause(ctx),
		"wrapped cause":    fmt.Errorf("so: %w", context.Cause(ctx)),
		"joined":           errors.Join(&ownError{6}, activity.ErrActivityReset),
	}
}

// Err returns a mistake, after the context's end.
func (*acts) Err(ctx context.Context, name string) error {
	activity.RecordHeartbeat(ctx)
	<-ctx.Done()
	return mistakes(ctx)[name]
}

// Wait returns what it learns of the end of its context.
func (*acts) Wait(ctx context.Context) (string, error) {
	activity.RecordHeartbeat(ctx, "waiting")
	<-ctx.Done()
	return fmt.Sprintf("%v, %v, %T", ctx.Err(), context.Cause(ctx), context.Cause(ctx)), nil
}

// Stubborn goes on for ever, and may not even listen to SIGTERM.
func (*acts) Stubborn(ctx context.Context, deaf bool) error {
	if deaf {
		signal.Ignore(syscall.SIGTERM)
	}
	fmt.Fprintln(os.Stderr, "I will not stop")
	activity.RecordHeartbeat(ctx, os.Getpid())
	select {}
}

// Tidy waits for the signal to end, and returns when it has it.
func (*acts) Tidy(ctx context.Context) (int, error) {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGTERM)
	activity.RecordHeartbeat(ctx, os.Getpid())
	<-over
	return os.Getpid(), nil
}

// Leave leaves a goroutine behind that ends with the context.
func (*acts) Leave(ctx context.Context) error {
	go func() {
		<-ctx.Done()
		fmt.Fprintln(os.Stderr, "left with", context.Cause(ctx))
	}()
	return nil
}

// Die ends the process in one of many ways.
func (*acts) Die(_ context.Context, how string) error {
	fmt.Fprintln(os.Stderr, "first line")
	fmt.Fprintln(os.Stderr, "last words before", how)
	switch how {
	case "exit":
		os.Exit(3)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "segv":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	case "goroutine":
		go func() { panic("in a goroutine") }()
	case "garbage":
		_, _ = os.NewFile(4, "").WriteString("this is no frame, by any means")
	case "large":
		_, _ = os.NewFile(4, "").Write([]byte{'L', 0xff, 0xff, 0xff, 0xff})
	case "cut":
		_, _ = os.NewFile(4, "").Write([]byte{'L', 0, 0, 0, 9, 1})
		os.Exit(0)
	case "result":
		_, _ = os.NewFile(4, "").Write([]byte{'R', 0, 0, 0, 2, 1 << 3, 99})
	case "state":
		_, _ = os.NewFile(4, "").Write([]byte{'S', 0, 0, 0, 4, 1 << 3, 1, 0x12, 0x7f})
	case "silence":
		_ = syscall.Close(4)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	select {}
}

// Offspring starts a process that outlives it, and goes on or not.
func (*acts) Offspring(ctx context.Context, end bool) (int, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sleep", "1000")
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if end {
		fmt.Fprintln(os.Stderr, "offspring", cmd.Process.Pid)
		os.Exit(1)
	}
	return cmd.Process.Pid, nil
}

var kept [][]byte

// Keep holds so many MiB for ever.
func (*acts) Keep(_ context.Context, mb int) (int, error) {
	b := make([]byte, mb<<20)
	for i := range b {
		b[i] = byte(i)
	}
	kept = append(kept, b)
	return os.Getpid(), nil
}

// Burn uses processor time.
func (*acts) Burn(_ context.Context, d time.Duration) (int, error) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		runtime.Gosched()
	}
	return os.Getpid(), nil
}

// Beat sends heartbeats and tells what it knows after each.
func (*acts) Beat(ctx context.Context, n int) ([]string, error) {
	var said []string
	var before string
	err := activity.GetHeartbeatDetails(ctx, &before)
	said = append(said, fmt.Sprintln(activity.HasHeartbeatDetails(ctx), before, err))
	for i := range n {
		activity.RecordHeartbeat(ctx, i, "of", n)
		s := activity.GetHeartbeatStatus(ctx)
		said = append(said, fmt.Sprintf("%v %v %v %v, %v", s.Sent.Unix(), s.Err, s.Next.Unix(), s.Waiting, context.Cause(ctx)))
	}
	return said, nil
}

// BeatOnce sends one heartbeat.
func (*acts) BeatOnce(ctx context.Context) error {
	activity.RecordHeartbeat(ctx, "beat")
	return nil
}

// BadBeat sends what does not encode.
func (*acts) BadBeat(ctx context.Context) error {
	activity.RecordHeartbeat(ctx, make(chan int))
	<-ctx.Done()
	return nil
}

// Say writes to the log in all ways.
func (*acts) Say(ctx context.Context) error {
	l := activity.GetLogger(ctx)
	l.Debug("debug", "n", 1)
	l.Info("info", "text", "a b", "n", -5, "u", uint64(1)<<63, "f", 1.5, "b", true, "d", time.Second,
		"t", time.Unix(1000, 5).UTC(), "err", errors.New("an error"), "s", []int{1, 2}, "m", map[string]int{"a": 1},
		"nil", nil, "own", struct{ A, B int }{1, 2})
	l.Warn("warn", slog.Group("g", slog.Int("x", 1), slog.Group("h", slog.String("y", "z"))))
	if s, ok := l.(*slog.Logger); ok {
		s.With(slog.Int("w", 1)).WithGroup("outer").With(slog.Int("v", 2)).WithGroup("inner").
			ErrorContext(ctx, "error", slog.Int("k", 3))
		s.WithGroup("empty").InfoContext(ctx, "grouped")
		s.Log(ctx, slog.LevelError+3, "beyond")
		s.Log(ctx, slog.LevelDebug-4, "trace")
	}
	return nil
}

// Count reports numbers.
func (*acts) Count(ctx context.Context) error {
	m := activity.GetMetricsHandler(ctx)
	m.Counter("c").Inc(3)
	m.Counter("c").Inc(-1)
	t := m.WithTags(map[string]string{"a": "1", "b": ""})
	t.Gauge("g").Update(-2.5)
	t.WithTags(map[string]string{"a": "2"}).Timer("t").Record(1500 * time.Millisecond)
	return nil
}

// Cgroup tells where this process is.
func (*acts) Cgroup(context.Context) (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	return string(b), err
}

// Dynamic activities and types that nobody registered have no methods here.

// decode decodes a result.
func decode[T any](t *testing.T, p *commonpb.Payloads) (v T) {
	t.Helper()
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
