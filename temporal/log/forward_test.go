//nolint:sloglint // lines are logged in all ways that there are
package log_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// forwardedTo returns a handler whose lines come to the logger by way of plain data.
func forwardedTo(t *testing.T, to log.Logger) slog.Handler {
	t.Helper()
	return log.Forward(log.Lowest(to), func(r log.Record) error {
		checkPlain(t, r.Attrs, 0)
		r.LogTo(t.Context(), to)
		return nil
	})
}

// checkPlain says if anything is no plain data.
func checkPlain(t *testing.T, attrs []slog.Attr, depth int) {
	t.Helper()
	if depth > log.DeepestGroup {
		t.Errorf("groups are %d deep", depth)
	}
	for _, a := range attrs {
		switch a.Value.Kind() {
		case slog.KindLogValuer:
			t.Errorf("%s is not resolved", a.Key)
		case slog.KindAny:
			if _, ok := a.Value.Any().(log.Foreign); !ok {
				t.Errorf("%s is a %T", a.Key, a.Value.Any())
			}
		case slog.KindGroup:
			checkPlain(t, a.Value.Group(), depth+1)
		}
	}
}

// A forwarder does what is expected of a handler.
func TestForwarderConforms(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		t.Helper()
		out.Reset()
		return forwardedTo(t, slog.New(slog.NewJSONHandler(&out, nil)))
	}, func(t *testing.T) map[string]any {
		t.Helper()
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", &out, err)
		}
		return line
	})
}

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

// textual knows its text and says different things elsewhere.
type textual struct{ A int }

func (t textual) MarshalText() ([]byte, error) {
	if t.A < 0 {
		return nil, errors.New("negative")
	}
	return fmt.Appendf(nil, "<%d>", t.A), nil
}

// broken panics whoever asks.
type broken struct{}

func (broken) Error() string { panic("no text") }

func (broken) MarshalJSON() ([]byte, error) { panic("no JSON") }

// guardless does not look out for nil.
type guardless struct{ text string }

func (g *guardless) Error() string { return g.text }

// lying says another thing in full.
type lying struct{}

func (lying) Error() string { return "an error" }

func (lying) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("in full")) }

func nested(n int) slog.Attr {
	a := slog.Int("leaf", 1)
	for i := range n {
		a = slog.Attr{Key: fmt.Sprint("g", i), Value: slog.GroupValue(a)}
	}
	return a
}

// Lines come out of a forwarder as the handler behind it would have written them, in text and in JSON.
func TestLinesAreAsWithoutForwarder(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	for name, write := range map[string]func(*slog.Logger){
		"levels": func(l *slog.Logger) {
			for _, level := range []slog.Level{-9, slog.LevelDebug, slog.LevelInfo, 2, slog.LevelWarn, slog.LevelError, 12} {
				l.Log(t.Context(), level, "m")
			}
		},
		"kinds": func(l *slog.Logger) {
			l.Info("m", "s", "x y", "i", -1, "u", uint64(1<<63), "f", 2.5, "b", true, "d", time.Second, "t", at)
		},
		"attributes": func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").WithGroup("h").Warn("m", "c", 3)
		},
		"empty": func(l *slog.Logger) {
			l.WithGroup("g").With().Info("m", slog.Attr{}, slog.Group("h"), slog.Group("i", slog.Group("j")))
			l.WithGroup("g").WithGroup("h").Info("m", slog.Any("nil", nil), slog.String("", ""))
		},
		"inline": func(l *slog.Logger) { l.With(slog.Group("", "a", 1)).Info("m", slog.Group("", "b", 2)) },
		"odd keys": func(l *slog.Logger) {
			l.Info("m", slog.Int("x.y", 1), slog.Int("x y", 2), slog.Int("x", 3), slog.Int("x", 4))
		},
		"valuers": func(l *slog.Logger) {
			inner := valuer{slog.AnyValue(valuer{slog.GroupValue(slog.Any("v", valuer{slog.IntValue(1)}))})}
			l.With("w", inner).Info("m", "v", inner, "panics", valuer{slog.AnyValue((*guardless)(nil))})
		},
		"structs": func(l *slog.Logger) {
			l.Info("m", "v", struct{ A, B any }{1, "<&>"}, "l", []int{1}, "m", map[string]int{"k": 1})
		},
		"pointer": func(l *slog.Logger) { l.Info("m", "v", &struct{ A int }{1}) },
		"errors": func(l *slog.Logger) {
			l.Info("m", "e", errors.New("<bad>"), "f", lying{}, "g", fmt.Errorf("a: %w", lying{}))
		},
		"textual": func(l *slog.Logger) { l.Info("m", "v", textual{3}, "bad", textual{-1}) },
		"bytes":   func(l *slog.Logger) { l.Info("m", "v", []byte("a b")) },
		"no JSON": func(l *slog.Logger) { l.Info("m", "f", func() {}, "l", []any{1, func() {}}) },
		"panicky": func(l *slog.Logger) { l.Info("m", "v", broken{}, "nil", (*guardless)(nil)) },
		"in group": func(l *slog.Logger) {
			l.Info("m", slog.Group("g", "e", errors.New("x"), "v", valuer{slog.IntValue(1)}))
		},
		"deepest": func(l *slog.Logger) { l.WithGroup("o").Info("m", nested(log.DeepestGroup-1)) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, options := range []*slog.HandlerOptions{
				nil, {Level: slog.Level(-20)}, {Level: slog.LevelWarn}, {Level: slog.Level(1)}, {Level: slog.Level(10)}, {AddSource: true},
			} {
				for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
					"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, fixed(options, at)) },
					"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, fixed(options, at)) },
				} {
					var want, got bytes.Buffer
					loggers := []*slog.Logger{
						slog.New(handler(&want)), slog.New(forwardedTo(t, slog.New(handler(&got)))),
					}
					for _, l := range loggers { // from one line of the source
						write(l)
					}
					if diff := cmp.Diff(want.String(), got.String()); diff != "" {
						t.Errorf("%s, %+v, without (-) and with a forwarder (+):\n%s", kind, options, diff)
					}
				}
			}
		})
	}
}

// fixed are the options with one time for all lines.
func fixed(o *slog.HandlerOptions, at time.Time) *slog.HandlerOptions {
	var fixed slog.HandlerOptions
	if o != nil {
		fixed = *o
	}
	fixed.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
			a.Value = slog.TimeValue(at)
		}
		return a
	}
	return &fixed
}

func TestWhatIsTooDeepIsText(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(forwardedTo(t, slog.New(slog.NewTextHandler(&out, nil))))
	for range 20 {
		l = l.WithGroup("o")
	}
	l.Info("m", nested(30))
	l.Info("m", slog.Int("a", 1))
	if n := strings.Count(out.String(), "leaf"); n != 1 || !strings.Contains(out.String(), "a=1") {
		t.Errorf("got %s", &out)
	}
	inline := slog.Int("leaf", 1)
	for range 100 {
		inline = slog.Group("", inline)
	}
	slog.New(forwardedTo(t, slog.New(slog.NewTextHandler(&out, nil)))).Info("m", inline)
}

// What a line refers to may change afterwards, and a record may be forwarded again.
func TestRecordsKeepWhatWasLogged(t *testing.T) {
	var records []log.Record
	l := slog.New(log.Forward(slog.LevelInfo, func(r log.Record) error {
		records = append(records, r)
		return nil
	}))
	v := &struct{ A int }{1}
	child := l.With("with", v)
	l.Debug("low")
	child.Info("m", "v", v)
	v.A = 2
	if len(records) != 1 || records[0].PC == 0 || time.Since(records[0].Time) > time.Hour {
		t.Fatalf("records %+v", records)
	}
	var again log.Record
	records[0].LogTo(t.Context(), slog.New(log.Forward(slog.LevelInfo, func(r log.Record) error {
		again = r
		return nil
	})))
	for _, r := range []log.Record{records[0], again} {
		if s := slog.GroupValue(r.Attrs...).String(); s != "[with=&{A:1} v=&{A:1}]" || r.Message != "m" {
			t.Errorf("got %s %s", r.Message, s)
		}
	}
	err := errors.New("full")
	h := log.Forward(slog.LevelInfo, func(log.Record) error { return err })
	if got := h.Handle(t.Context(), slog.Record{}); !errors.Is(got, err) {
		t.Errorf("got %v, want what take has returned", got)
	}
}

// A logger that is none of slog's gets all lines, at the next of its four levels below.
func TestRecordsToOtherLoggers(t *testing.T) {
	var lines []string
	to := recorder{lines: &lines}
	l := slog.New(forwardedTo(t, to))
	for _, level := range []slog.Level{-9, slog.LevelDebug, slog.LevelInfo, 3, slog.LevelWarn, slog.LevelError, 12} {
		l.Log(t.Context(), level, "m", "n", int(level), slog.Group("g", "e", errors.New("x"), "l", []int{1}))
	}
	var want []string
	for _, w := range []struct {
		name  string
		level int
	}{{"debug", -9}, {"debug", -4}, {"info", 0}, {"info", 3}, {"warn", 4}, {"error", 8}, {"error", 12}} {
		want = append(want, fmt.Sprintf("%s m [n %d g [e=x l=[1]]] skip=0", w.name, w.level))
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// No line that a handler wants is below what Lowest says, and few are sent for nothing.
func TestLowest(t *testing.T) {
	for _, level := range []slog.Level{-100, -8, -4, -1, 0, 1, 3, 4, 5, 8, 9, 100} {
		got := log.Lowest(slog.New(slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: level})))
		if got > level || level <= 8 && level > -8 && got < level-3 {
			t.Errorf("%d for a handler that begins at %d", got, level)
		}
	}
	if got := log.Lowest(slog.New(slog.DiscardHandler)); got <= slog.LevelError {
		t.Errorf("%d for nobody", got)
	}
	if got := log.Lowest(silent{}); got > -1000 {
		t.Errorf("%d for a logger that has no levels", got)
	}
}

func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		f          log.Foreign
		text, json string
	}{
		{log.Foreign{Text: "t", JSON: `{"a":1}`}, "t", `{"a":1}`},
		{log.Foreign{Text: `say "t"`}, `say "t"`, `"say \"t\""`},
		{log.Foreign{Text: "t", JSON: "no JSON"}, "t", `"t"`}, // whoever sent it
	} {
		encoded, err := json.Marshal(tt.f)
		text, _ := tt.f.MarshalText()
		if err != nil || string(encoded) != tt.json || string(text) != tt.text || tt.f.String() != tt.text {
			t.Errorf("%+v is %s and %s, %v", tt.f, text, encoded, err)
		}
	}
}

func TestConcurrentForwarders(t *testing.T) {
	parent := slog.New(log.Forward(slog.LevelInfo, func(log.Record) error { return nil })).With("a", 1).WithGroup("g")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { // the race detector is the judge
			parent.Info("m", "i", i)
			parent.With("i", i).WithGroup("h").Info("m", "j", i)
		})
	}
	wg.Wait()
}

func ExampleForward() {
	logger := slog.New(log.Forward(slog.LevelInfo, func(r log.Record) error {
		fmt.Println(r.Level, r.Message, r.Attrs) // or send it away
		return nil
	}))
	logger.With("Order", 7).WithGroup("box").Info("shipped", "Parcels", 2)
	// Output: INFO shipped [Order=7 box=[Parcels=2]]
}
