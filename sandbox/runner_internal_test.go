package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/sandbox/guest"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func Greet(_ workflow.Context, name string) (string, error) { return "Hello " + name, nil }

func Wait(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) }

func Anything(ctx workflow.Context, _ converter.EncodedValues) (string, error) {
	return workflow.GetInfo(ctx).WorkflowType.Name, nil
}

func Local(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteLocalActivity(ctx, Charge, "card", 7).Get(ctx, nil)
}

func Charge(context.Context, string, int) error { return nil }

func Channel(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteLocalActivity(ctx, func(context.Context, chan int) error { return nil }, make(chan int)).Get(ctx, nil)
}

func Garbled(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "\xff").Get(ctx, nil)
}

func TestRunsAWorkflow(t *testing.T) {
	p := programOf(Greet, Wait)
	r := prepared(t, p, Options{})
	if got := result[string](t, activated(t, r, "Greet", "world")); got != "Hello world" {
		t.Errorf("got %q", got)
	}
	if got := r.Types(); !slices.Equal(got, []string{"Greet", "Wait"}) {
		t.Errorf("the types are %q", got)
	}
}

func TestInstancesLastFromTheFirstTaskToTheEnd(t *testing.T) {
	p := programOf(Wait)
	r := prepared(t, p, Options{})
	i := begin(t, r, "Wait")
	if p.open != 0 {
		t.Errorf("%d instances are open before the first task", p.open)
	}
	if c := i.Activate(t.Context(), first()); c.Failure != nil || len(c.Commands) != 1 || p.open != 1 {
		t.Errorf("got %v with %d open", c, p.open)
	}
	i.Close()
	i.Close()
	if p.open != 0 {
		t.Errorf("%d instances are open after the end", p.open)
	}
	if c := i.Activate(t.Context(), first()); c.Failure == nil {
		t.Error("a run that was closed goes on")
	}
}

func TestTypesAreAskedFor(t *testing.T) {
	r := prepared(t, programOf(Greet), Options{})
	err := r.Prepare(runner.Definition{Type: "Other"})
	unknown, ok := errors.AsType[*runner.UnknownTypeError](err)
	if !ok || unknown.Type != "Other" || !slices.Equal(unknown.Known, []string{"Greet"}) {
		t.Errorf("got %v", err)
	}
	if err := r.Prepare(runner.Definition{Dynamic: true}); err == nil || !strings.Contains(err.Error(), "no dynamic workflow") {
		t.Errorf("got %v", err)
	}
	if _, err := r.NewInstance(runner.Details{WorkflowType: "Other"}); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestDynamicWorkflows(t *testing.T) {
	p := &program{natively: guest.New(func(r *guest.Registry) {
		_ = r.RegisterWorkflow(Greet)
		_ = r.RegisterDynamicWorkflow(Anything, workflow.DynamicRegisterOptions{})
	}, guest.Options{})}
	r := prepared(t, p, Options{})
	err := r.Prepare(runner.Definition{Dynamic: true, Behavior: func(workflowType string) enumspb.VersioningBehavior {
		if workflowType == "Other" {
			return enumspb.VERSIONING_BEHAVIOR_PINNED
		}
		return enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := activated(t, r, "Other")
	if got := result[string](t, c); got != "Other" || c.VersioningBehavior != enumspb.VERSIONING_BEHAVIOR_PINNED {
		t.Errorf("got %q, %v", got, c.VersioningBehavior)
	}
	if err := r.Prepare(runner.Definition{Type: "Third"}); err != nil {
		t.Errorf("the guest's dynamic workflow does not do for a type: %v", err)
	}
}

func TestVersioningBehaviors(t *testing.T) {
	pinned := workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorPinned}
	p := &program{natively: guest.New(func(r *guest.Registry) {
		_ = r.RegisterWorkflowWithOptions(Greet, pinned)
	}, guest.Options{})}
	for host, want := range map[enumspb.VersioningBehavior]enumspb.VersioningBehavior{
		enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED:  enumspb.VERSIONING_BEHAVIOR_PINNED,
		enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE: enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE,
	} {
		r := prepared(t, p, Options{})
		if err := r.Prepare(runner.Definition{Type: "Greet", VersioningBehavior: host}); err != nil {
			t.Fatal(err)
		}
		if c := activated(t, r, "Greet", "x"); c.VersioningBehavior != want {
			t.Errorf("with %v of the host: %v", host, c.VersioningBehavior)
		}
	}
}

func TestGuestsThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		program *program
		want    string
	}{
		{"of another version", &program{answer: func([]byte) ([]byte, error) {
			return append(binary.AppendUvarint(nil, wire.Version+3), "what it knows"...), nil
		}, natively: programOf().natively}, "the same release"},
		{"broken", &program{answer: func([]byte) ([]byte, error) {
			return nil, io.ErrUnexpectedEOF
		}, natively: programOf().natively}, "ask the guest for its workflows: unexpected EOF"},
		{"wrong registration", programOf(7), "registrations failed: workflow 7 (int): is no function"},
	} {
		_, err := newRunner(t.Context(), tt.program, Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.program.open != 0 {
			t.Errorf("%s: %d instances are left open", tt.name, tt.program.open)
		}
	}
	if _, err := New(t.Context(), nil, Options{}); err == nil {
		t.Error("a runner was made of no module")
	}
}

func TestLocalActivitiesGetTheirArgumentsEncoded(t *testing.T) {
	r := prepared(t, programOf(Local, Channel), Options{})
	c := activated(t, r, "Local")
	if c.Failure != nil || len(c.Locals) != 1 {
		t.Fatalf("got %v", c)
	}
	var card string
	var amount int
	err := converter.GetDefaultDataConverter().FromPayloads(c.Locals[0].Args, &card, &amount)
	if err != nil || card != "card" || amount != 7 || c.Locals[0].Type != "Charge" {
		t.Errorf("%s of %q, %d, %v", c.Locals[0].Type, card, amount, err)
	}
	i := begin(t, r, "Local")
	defer i.Close()
	if _, calls := i.(runner.LocalCaller); calls {
		t.Error("a sandbox gives out calls")
	}
	c = activated(t, r, "Channel")
	if c.Failure == nil || !strings.Contains(c.Failure.Failure.GetMessage(), "cannot be encoded, as they must be in a sandbox") {
		t.Errorf("a channel has crossed: %v", c)
	}
}

func TestWhatCannotBeEncodedFailsTheTask(t *testing.T) {
	p := programOf(Garbled, Greet)
	r := prepared(t, p, Options{})
	c := activated(t, r, "Garbled")
	if c.Failure == nil || !strings.Contains(c.Failure.Failure.GetMessage(), "what the workflow did cannot be encoded") {
		t.Errorf("got %v", c)
	}
	a := first("x")
	a.BuildID = "v1"
	a.Items[0].Start.Attributes.Identity = "\xff"
	if c := begin(t, r, "Greet").Activate(t.Context(), a); c.Failure == nil {
		t.Error("text that is not UTF-8 has crossed")
	}
	if p.open != 0 {
		t.Errorf("%d instances are left open", p.open)
	}
}

func TestClockAndRandomAreTheRuns(t *testing.T) {
	p := programOf(Wait)
	r := prepared(t, p, Options{})
	random := func(originalRun string) []byte {
		a := first()
		a.Items[0].Start.Attributes.OriginalExecutionRunId = originalRun
		i := begin(t, r, "Wait")
		defer i.Close()
		i.Activate(t.Context(), a)
		host := p.hosts[len(p.hosts)-1]
		if got := host.Now(); !got.Equal(epoch.Add(time.Second)) {
			t.Errorf("the clock is at %v", got)
		}
		i.Activate(t.Context(), &runner.Activation{Run: true, StartedID: 13, Time: epoch.Add(time.Minute)})
		i.Activate(t.Context(), &runner.Activation{Run: true, StartedID: 23, Time: epoch})
		if got := host.Now(); !got.Equal(epoch.Add(time.Minute)) {
			t.Errorf("the clock is at %v later", got)
		}
		b := make([]byte, 32)
		if _, err := io.ReadFull(host.Random, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, again, b, own := random("a"), random("a"), random("b"), random("")
	if !bytes.Equal(a, again) {
		t.Error("a run that is replayed has other random numbers")
	}
	if bytes.Equal(a, b) || bytes.Equal(a, own) {
		t.Error("different runs have the same random numbers")
	}
}

func TestGuestsOwnLinesAreLogged(t *testing.T) {
	var b bytes.Buffer
	p := programOf(Wait)
	r := prepared(t, p, Options{Logger: slog.New(slog.NewTextHandler(&b, nil))})
	activated(t, r, "Wait")
	p.hosts[len(p.hosts)-1].Log("printed")
	if got := b.String(); !strings.Contains(got, "level=INFO msg=printed WorkflowType=Wait") {
		t.Errorf("logged %q", got)
	}
}

func TestARunMustBeStarted(t *testing.T) {
	r := prepared(t, programOf(Wait), Options{})
	i := begin(t, r, "Wait")
	c := i.Activate(t.Context(), &runner.Activation{Run: true, StartedID: 3, Time: epoch})
	if c.Failure == nil || !strings.Contains(c.Failure.Failure.GetMessage(), "must start it") {
		t.Errorf("got %v", c)
	}
}

// A history that was sent once is not kept for as long as its run lives.
func TestLargeRequestsAreLetGo(t *testing.T) {
	p := programOf(Greet)
	r := prepared(t, p, Options{})
	var large weak.Pointer[byte]
	p.answer = func(request []byte) ([]byte, error) {
		large = weak.Make(&request[0])
		return wire.AppendAnswer(nil, &wire.Answer{Completion: &runner.Completion{}})
	}
	i := begin(t, r, "Greet")
	defer i.Close()
	if c := i.Activate(t.Context(), first(strings.Repeat("large", 1<<16))); c.Failure != nil {
		t.Fatal(c.Failure)
	}
	runtime.GC()
	if large.Value() != nil {
		t.Error("the run keeps it")
	}
}
