package subprocess

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math"
	"reflect"
	"runtime"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// message is what is encoded in frames, and how to encode it.
type message interface{ unmarshal(body []byte) error }

// messages are one of each kind, filled in.
func messages(t testing.TB) map[string]struct {
	full  message
	body  []byte
	empty func() message
} {
	t.Helper()
	type one = struct {
		full  message
		body  []byte
		empty func() message
	}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	payloads := &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte("data")}, {}}}
	f := &failed{failure: &failurepb.Failure{Message: "it broke"}, text: "text", marks: 5, exactly: true}
	call := &callMessage{
		id: 7, typ: "Type", input: payloads, header: &commonpb.Header{}, details: payloads, bounded: true, left: -time.Second,
		stopping: true, level: slog.LevelWarn, mute: true, info: activity.Info{ActivityID: "id", TaskToken: []byte{1}},
	}
	result := &resultMessage{id: 8, result: payloads, failed: f}
	state := &stateMessage{id: 9, body: []byte("body")}
	greeting := &hello{protocol: 1, middleware: true}
	here, _, _, _ := runtime.Caller(0)
	line := &logMessage{
		id: 1, line: log.Record{Level: -4, Time: time.Unix(5, 6), Message: "line", PC: here, Attrs: []slog.Attr{
			slog.String("", ""), slog.Group("g", slog.Int("i", -1), slog.Group("h", slog.Bool("b", true))),
			slog.Float64("f", 2.5), slog.Uint64("u", 1<<63), slog.Duration("d", -1), slog.Time("t", time.Unix(1, 2)),
			slog.Any("v", log.Foreign{Text: "t", JSON: "1"}), slog.Any("w", log.Foreign{}),
		}},
	}
	number := &metricMessage{id: 3, report: metrics.Report{
		Kind: metrics.KindTimer, Name: "n", Tags: map[string]string{"a": "", "b": "c"}, N: math.MinInt64, Value: -0.5,
	}}
	said := &note{about: aboutTold, details: payloads, cause: f, status: activity.HeartbeatStatus{Sent: time.Unix(1, 1), Waiting: true}}
	return map[string]one{
		"hello":  {greeting, greeting.marshal(), func() message { return new(hello) }},
		"call":   {call, must(call.marshal()), func() message { return new(callMessage) }},
		"result": {result, must(result.marshal()), func() message { return new(resultMessage) }},
		"state":  {state, state.marshal(), func() message { return new(stateMessage) }},
		"log":    {line, line.marshal(), func() message { return new(logMessage) }},
		"metric": {number, number.marshal(), func() message { return new(metricMessage) }},
		"note":   {said, must(said.marshal()), func() message { return new(note) }},
	}
}

// What is encoded comes back as it was.
func TestMessagesComeBack(t *testing.T) {
	for name, m := range messages(t) {
		got := m.empty()
		if err := got.unmarshal(m.body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		diff := cmp.Diff(m.full, got, protocmp.Transform(), cmp.Exporter(func(reflect.Type) bool { return true }),
			cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
			cmp.Comparer(func(a, b slog.Value) bool { return a.Kind() == b.Kind() && a.String() == b.String() }))
		if diff != "" {
			t.Errorf("%s (-) came back as (+):\n%s", name, diff)
		}
	}
}

// No body, however wrong, does more than fail to decode, and what decodes is encoded without loss of
// sanity.
func FuzzMessages(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(m.body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, m := range messages(t) {
			got := m.empty()
			err := got.unmarshal(body)
			if _, is := errors.AsType[*garbageError](err); err != nil && !is {
				t.Errorf("%s: %v (%T) is no garbage", name, err, err)
			}
			switch got := got.(type) {
			case *logMessage:
				if err == nil {
					got.line.LogTo(t.Context(), slog.New(slog.NewTextHandler(new(bytes.Buffer), nil)))
				}
			case *resultMessage:
				if err == nil && got.failed != nil && got.failed.receive(io.EOF, failures(nil)) == nil {
					t.Error("a failure became no error")
				}
			}
		}
	})
}

// No stream, however wrong, does more than end: frames come out until it does, and nothing is
// allocated for what only claims to come.
func FuzzFrames(f *testing.F) {
	var good bytes.Buffer
	w := frameWriter{w: &good}
	for _, m := range messages(f) {
		if err := w.write(kindState, m.body); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(good.Bytes())
	f.Add([]byte("Hello, world"))
	f.Add([]byte{'R', 0x03, 0xff, 0xff, 0xff, 1, 2})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		for read := 0; ; {
			_, body, err := readFrame(r)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if _, is := errors.AsType[*garbageError](err); !is {
					t.Errorf("%v (%T) is no garbage", err, err)
				}
				return
			}
			if read += headLength + len(body); read > len(stream) {
				t.Fatalf("%d bytes came out of %d", read, len(stream))
			}
		}
	})
}

// A child that sends anything is dealt with, whatever the call that runs.
func FuzzHandle(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(byte(kindState), m.body)
		f.Add(byte(kindResult), m.body)
		f.Add(byte(kindLog), m.body)
		f.Add(byte(kindMetric), m.body)
		f.Add(byte(kindHello), m.body)
	}
	f.Fuzz(func(t *testing.T, k byte, body []byte) {
		p := &process{hello: make(chan hello, 1), options: &Options{Logger: slog.New(slog.DiscardHandler)}, to: &frameWriter{w: io.Discard}}
		for _, busy := range []bool{false, true} {
			if busy {
				p.current = &carriage{
					process: p, id: 1, ctx: t.Context(), result: make(chan *resultMessage, 1),
					logger: activity.GetLogger(t.Context()), metrics: activity.GetMetricsHandler(t.Context()),
				}
				p.current.logger = slog.New(slog.DiscardHandler)
				p.current.half = NewSharedState().AtWorker(func([]byte) error { return nil }, activity.WorkerSide{
					Heartbeat: func(*commonpb.Payloads) {}, Canceled: func() error { return nil },
					Status: func() activity.HeartbeatStatus { return activity.HeartbeatStatus{} },
				})
				defer p.current.half.Close()
			}
			err := p.handle(kind(k), body)
			if _, is := errors.AsType[*garbageError](err); err != nil && !is {
				t.Errorf("%v (%T) is no garbage", err, err)
			}
		}
	})
}
