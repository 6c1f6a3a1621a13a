package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func newFiller(seed uint64, sparse bool) *filler {
	return &filler{
		rng: rand.New(rand.NewPCG(seed, 1)), sparse: sparse, //nolint:gosec // a test's
		alone: map[reflect.Type]bool{
			reflect.TypeFor[runner.Item](): true, reflect.TypeFor[wire.Note](): true, reflect.TypeFor[wire.Request](): true,
		},
		turn: int(seed), //nolint:gosec // small
	}
}

var same = cmp.Options{
	protocmp.Transform(),
	cmpopts.EquateNaNs(),
	cmp.Comparer(func(a, b slog.Value) bool {
		return a.Equal(b) || a.Kind() == b.Kind() && a.String() == b.String() // NaN equals nothing
	}),
}

func crossed(t *testing.T, f *filler) {
	t.Helper()
	request, answer := new(wire.Request), new(wire.Answer)
	f.structure(reflect.ValueOf(request).Elem())
	f.structure(reflect.ValueOf(answer).Elem())
	b, err := wire.AppendRequest(nil, request)
	if err != nil {
		t.Fatal(err)
	}
	gotRequest, err := wire.ParseRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(request, gotRequest, same); diff != "" {
		t.Errorf("a request has changed on its way:\n%s", diff)
	}
	if b, err = wire.AppendAnswer(nil, answer); err != nil {
		t.Fatal(err)
	}
	gotAnswer, err := wire.ParseAnswer(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answer, gotAnswer, same); diff != "" {
		t.Errorf("an answer has changed on its way:\n%s", diff)
	}
}

// A field that is new in package runner is filled here and does not arrive.
func TestEveryFieldCrosses(t *testing.T) {
	for seed := range uint64(24) { // each pointer of an item has its turn
		crossed(t, newFiller(seed, false))
	}
}

// Every part of every oneof has its turn, and what a newer server adds is not lost.
func TestEveryMessageCrosses(t *testing.T) {
	command := new(commandpb.Command)
	parts := command.ProtoReflect().Descriptor().Oneofs().ByName("attributes").Fields()
	failure := new(failurepb.Failure)
	infos := failure.ProtoReflect().Descriptor().Oneofs().ByName("failure_info").Fields()
	f := newFiller(1, false)
	for i := range parts.Len() {
		f.field(command.ProtoReflect(), parts.Get(i), 3)
		f.field(failure.ProtoReflect(), infos.Get(i%infos.Len()), 3)
		command.ProtoReflect().SetUnknown(protoreflect.RawFields("\xf8\x3f\x01"))
		want := &wire.Answer{Completion: &runner.Completion{
			Commands: []*commandpb.Command{command}, Failure: &runner.TaskFailure{Failure: failure},
		}}
		b, err := wire.AppendAnswer(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.ParseAnswer(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range [][2]proto.Message{
			{command, got.Completion.Commands[0]}, {failure, got.Completion.Failure.Failure},
		} {
			if !proto.Equal(m[0], m[1]) {
				t.Errorf("%v has changed on its way:\n%s", parts.Get(i).Name(), cmp.Diff(m[0], m[1], same))
			}
		}
	}
}

func TestAnythingCrosses(t *testing.T) {
	for seed := range uint64(200) {
		crossed(t, newFiller(seed, true))
	}
}

func TestWhatIsNilStaysNil(t *testing.T) {
	for _, c := range []*runner.Completion{
		{},
		{Commands: []*commandpb.Command{}, Flags: []uint32{}, Answers: []runner.Answer{}, Locals: []*runner.LocalRequest{}},
		{Answers: []runner.Answer{{Result: &commonpb.Payloads{}}}},
	} {
		b, err := wire.AppendAnswer(nil, &wire.Answer{Completion: c})
		if err != nil {
			t.Fatal(err)
		}
		a, err := wire.ParseAnswer(b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a.Completion.Flags, c.Flags) || (a.Completion.Commands == nil) != (c.Commands == nil) {
			t.Errorf("got %#v, want %#v", a.Completion, c)
		}
		if diff := cmp.Diff(c, a.Completion, same); diff != "" {
			t.Error(diff)
		}
	}
}

func TestExtremesCross(t *testing.T) {
	want := &runner.Activation{
		StartedID: -1 << 63, HistorySize: 1<<63 - 1, Flags: []uint32{0, 1<<32 - 1},
		ContinueAsNewReasons: []enumspb.SuggestContinueAsNewReason{-1 << 31, 1<<31 - 1},
		Time:                 time.Time{},
	}
	b, err := wire.AppendRequest(nil, &wire.Request{Activation: want})
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.ParseRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Activation, same); diff != "" {
		t.Error(diff)
	}
	if !got.Activation.Time.IsZero() {
		t.Error("the zero time is another one now")
	}
}

func TestTimesCrossInUTC(t *testing.T) {
	local := time.Date(2026, 3, 1, 12, 0, 0, 5, time.FixedZone("far", 3600))
	b, err := wire.AppendRequest(nil, &wire.Request{Activation: &runner.Activation{Time: local}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.ParseRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := local.UTC(); got.Activation.Time != want {
		t.Errorf("got %v, want %v", got.Activation.Time, want)
	}
}

// deep is a group in a group and so on.
func deep(n int) slog.Attr {
	a := slog.Int("leaf", 1)
	for range n {
		a = slog.Attr{Key: "group", Value: slog.GroupValue(a)}
	}
	return a
}

func TestGroupsOfLogsMayNotLieDeeper(t *testing.T) {
	for n, refused := range map[int]bool{log.DeepestGroup: false, log.DeepestGroup + 1: true} {
		b, err := wire.AppendAnswer(nil, &wire.Answer{Notes: []wire.Note{{Log: &wire.Log{Attrs: []slog.Attr{deep(n)}}}}})
		if err == nil {
			_, err = wire.ParseAnswer(b)
		}
		if (err != nil) != refused {
			t.Errorf("%d groups: %v", n, err)
		}
	}
}

func TestWhatProtobufRefusesIsAnError(t *testing.T) {
	bad := &commonpb.Header{Fields: map[string]*commonpb.Payload{"\xff": nil}}
	_, err := wire.AppendRequest(nil, &wire.Request{Activation: &runner.Activation{
		Items: []runner.Item{{Signal: &runner.Signal{Header: bad}}},
	}})
	if err == nil {
		t.Error("a key that is not UTF-8 was encoded")
	}
	text := &runner.TaskFailure{Failure: &failurepb.Failure{Message: "\xff"}}
	if _, err = wire.AppendAnswer(nil, &wire.Answer{Completion: &runner.Completion{Failure: text}}); err == nil {
		t.Error("text that is not UTF-8 was encoded")
	}
	text.Failure.Message = "good"
	b, err := wire.AppendAnswer(nil, &wire.Answer{Completion: &runner.Completion{Failure: text}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ParseAnswer(bytes.Replace(b, []byte("good"), []byte("\xff\xff\xff\xff"), 1)); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("text that is not UTF-8 was read: %v", err)
	}
}

func TestFieldsThatNobodyKnowsAreWellFormed(t *testing.T) {
	p := &commonpb.Payloads{}
	p.ProtoReflect().SetUnknown(protoreflect.RawFields("\xfa\x3f\x05known"))
	b, err := wire.AppendAnswer(nil, &wire.Answer{Completion: &runner.Completion{Answers: []runner.Answer{{Result: p}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ParseAnswer(b); err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte("\x05known"), []byte("\x06known"), 1)
	if _, err := wire.ParseAnswer(b); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("a field that is cut short: %v", err)
	}
}

func TestMalformedIsRefused(t *testing.T) {
	f := newFiller(3, false)
	a := new(wire.Answer)
	f.structure(reflect.ValueOf(a).Elem())
	b, err := wire.AppendAnswer(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if _, err := wire.ParseAnswer(b[:n]); !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(b), err)
		}
	}
	if _, err := wire.ParseAnswer(append(b, 0)); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("a byte too many: %v", err)
	}
	for _, bad := range []string{"", "\x02", "\x00\x01\x00", strings.Repeat("\xff", 11)} {
		if _, err := wire.ParseRequest([]byte(bad)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestDescriptionsOfOtherVersionsAreRefused(t *testing.T) {
	if !wire.IsDescribe(wire.Describe()) {
		t.Error("the request is not known")
	}
	want := &wire.Description{Types: []string{"A", "B"}, Dynamic: true, Problem: "none"}
	b := wire.AppendDescription(nil, want)
	got, err := wire.ParseDescription(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, %v", got, err)
	}
	b[0]++
	_, err = wire.ParseDescription(append(b, "what only it knows"...))
	if v, ok := errors.AsType[*wire.VersionError](err); !ok || v.Guest != wire.Version+1 {
		t.Fatalf("got %v", err)
	}
	if want := fmt.Sprintf("version %d of the format between it and its worker, and this worker version %d",
		wire.Version+1, wire.Version); !strings.Contains(err.Error(), want) {
		t.Errorf("the error does not tell the versions: %v", err)
	}
	b = wire.AppendDescription(nil, want)
	b[1]++
	_, err = wire.ParseDescription(b)
	if v, ok := errors.AsType[*wire.VersionError](err); !ok || !v.Layout || !strings.Contains(v.Error(), "Temporal API") {
		t.Errorf("another layout: %v", err)
	}
	if _, err := wire.ParseDescription(nil); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}
