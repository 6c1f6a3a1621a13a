package guest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/sandbox/engine/abi"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

type shop struct{}

func (*shop) Pay(context.Context) error { return nil }

func order(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var s *shop
	return workflow.ExecuteActivity(ctx, s.Pay).Get(ctx, nil)
}

func register(r *Registry) {
	_ = r.RegisterWorkflow(order)
	_ = r.RegisterActivityWithOptions(&shop{}, activity.RegisterOptions{Name: "shop-"})
}

func ask(t *testing.T, call func([]byte) []byte, r *wire.Request) *wire.Answer {
	t.Helper()
	b, err := wire.AppendRequest(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	a, err := wire.ParseAnswer(call(b))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func beginning(workflowType string) *wire.Begin {
	return &wire.Begin{Details: runner.Details{WorkflowType: workflowType}}
}

func first() *runner.Activation {
	return &runner.Activation{
		Run: true, StartedID: 3, Time: time.Unix(1, 0),
		Items: []runner.Item{{EventID: 1, Start: &runner.Start{
			Time: time.Unix(1, 0), Attributes: &historypb.WorkflowExecutionStartedEventAttributes{},
		}}},
	}
}

func TestActivitiesHaveTheNamesTheyAreRegisteredBy(t *testing.T) {
	Serve(register, Options{})
	a := ask(t, abi.Call, &wire.Request{Begin: beginning("order"), Activation: first()})
	if a.Error != "" || a.Completion.Failure != nil || len(a.Completion.Commands) != 1 {
		t.Fatalf("got %+v", a)
	}
	got := a.Completion.Commands[0].GetScheduleActivityTaskCommandAttributes().GetActivityType().GetName()
	if got != "shop-Pay" {
		t.Errorf("the activity is %q", got)
	}
}

func TestRequestsThatCannotBeServed(t *testing.T) {
	call := New(register, Options{}).Start()
	if a := ask(t, call, &wire.Request{Activation: first()}); !strings.Contains(a.Error, "has not begun") {
		t.Errorf("got %+v", a)
	}
	a := ask(t, call, &wire.Request{Begin: beginning("other")})
	if a.Error != "unable to find workflow type: other. Supported types: [order]" {
		t.Errorf("got %+v", a)
	}
	if a := ask(t, call, &wire.Request{Begin: beginning("order")}); a.Error != "" {
		t.Errorf("got %+v", a)
	}
	if a := ask(t, call, &wire.Request{Begin: beginning("order")}); !strings.Contains(a.Error, "begins again") {
		t.Errorf("got %+v", a)
	}
	a, err := wire.ParseAnswer(call([]byte("garbage")))
	if err != nil || !strings.Contains(a.Error, "malformed") {
		t.Errorf("got %+v, %v", a, err)
	}
}

type panicking struct{}

func (panicking) String() string { panic("no text") }

// What is logged crosses with its groups, and what has no simple kind as text and JSON.
func TestLogsCross(t *testing.T) {
	r := new(run)
	l := r.logger(slog.LevelInfo).With(slog.Int("a", 1)).WithGroup("g").With(slog.Int("b", 2)).WithGroup("h")
	l.Debug("low")
	l.Warn("high", slog.Int("c", 3), slog.Any("e", errors.New("broken")), slog.Any("s", struct{ A int }{3}), slog.Any("p", panicking{}))
	b, err := wire.AppendAnswer(nil, &wire.Answer{Notes: r.notes})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := wire.ParseAnswer(b)
	if err != nil || len(answer.Notes) != 1 {
		t.Fatalf("%d notes, %v", len(answer.Notes), err)
	}
	got := answer.Notes[0].Log
	s, j := slog.GroupValue(got.Attrs...).String(), new(strings.Builder)
	slog.New(slog.NewJSONHandler(j, nil)).LogAttrs(t.Context(), slog.LevelInfo, "", got.Attrs...)
	if !strings.HasPrefix(s, "[a=1 g=[b=2 h=[c=3 e=broken s={A:3} p=") || got.Level != int(slog.LevelWarn) {
		t.Errorf("%s at level %d", s, got.Level)
	}
	if want := `"c":3,"e":"broken","s":{"A":3},"p":{}`; !strings.Contains(j.String(), want) {
		t.Errorf("%s lacks %s", j, want)
	}
}
