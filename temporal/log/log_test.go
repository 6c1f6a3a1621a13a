package log_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// recorder is a Logger without With. skip counts the frames it was told to skip.
type recorder struct {
	lines *[]string
	skip  int
}

func (r recorder) note(level, msg string, keyvals []any) {
	*r.lines = append(*r.lines, fmt.Sprintf("%s %s %v skip=%d", level, msg, keyvals, r.skip))
}
func (r recorder) Debug(msg string, keyvals ...any) { r.note("debug", msg, keyvals) }
func (r recorder) Info(msg string, keyvals ...any)  { r.note("info", msg, keyvals) }
func (r recorder) Warn(msg string, keyvals ...any)  { r.note("warn", msg, keyvals) }
func (r recorder) Error(msg string, keyvals ...any) { r.note("error", msg, keyvals) }

func (r recorder) WithCallerSkip(depth int) log.Logger {
	r.skip += depth
	return r
}

// text returns a slog.Logger that writes without time, and what it writes to.
func text() (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		AddSource: true,
		Level:     slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch source, ok := a.Value.Any().(*slog.Source); {
			case a.Key == slog.TimeKey:
				return slog.Attr{}
			case ok:
				return slog.String("file", source.File[strings.LastIndex(source.File, "/")+1:])
			default:
				return a
			}
		},
	})), &out
}

func TestWithPrependsKeysOnEveryLevel(t *testing.T) {
	t.Parallel()
	var lines []string
	logger := log.With(log.With(recorder{lines: &lines}, "a", 1), "b", 2)
	logger.Debug("one")
	logger.Info("two", "c", 3)
	logger.Warn("three")
	logger.Error("four", "d", 4)
	got := strings.Join(lines, "\n")
	want := "debug one [a 1 b 2] skip=1\ninfo two [a 1 b 2 c 3] skip=1\n" +
		"warn three [a 1 b 2] skip=1\nerror four [a 1 b 2 d 4] skip=1"
	if got != want {
		t.Errorf("lines:\n%s\nwant:\n%s", got, want)
	}
}

func TestWithUsesTheLoggersOwn(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*slog.Logger) log.Logger{
		"slog":       func(l *slog.Logger) log.Logger { return l },
		"structured": log.NewStructuredLogger,
	} {
		logger, out := text()
		child := log.With(log.With(wrap(logger), "a", 1), "b", 2)
		child.Info("hello", "c", 3)
		want := "level=INFO file=log_test.go msg=hello a=1 b=2 c=3\n"
		if got := out.String(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSkipLeavesOtherLoggersAlone(t *testing.T) {
	t.Parallel()
	logger, _ := text()
	if log.Skip(logger, 3) != log.Logger(logger) {
		t.Error("a logger that cannot skip must be returned as it is")
	}
	var lines []string
	log.Skip(recorder{lines: &lines}, 3).Info("m")
	if len(lines) != 1 || lines[0] != "info m [] skip=3" {
		t.Errorf("lines %q", lines)
	}
}

// silent discards. Its children share a slice of keys.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

func TestConcurrentSafeChildren(t *testing.T) {
	t.Parallel()
	parent := log.With(silent{}, make([]any, 2, 16)...)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { // the race detector is the judge
			parent.Info("m", "i", i)
			log.With(parent, "i", i).Info("m", "j", i)
		})
	}
	wg.Wait()
}

func ExampleWith() {
	var lines []string
	logger := log.With(recorder{lines: &lines}, "Order", 7)
	logger.Info("shipped", "Parcels", 2)
	fmt.Println(lines[0])
	// Output: info shipped [Order 7 Parcels 2] skip=1
}

func ExampleNewStructuredLogger() {
	logger, out := text()
	log.With(log.NewStructuredLogger(logger), "Order", 7).Warn("late")
	fmt.Print(out)
	// Output: level=WARN file=log_test.go msg=late Order=7
}
