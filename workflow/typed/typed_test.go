package typed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

type order struct {
	ID    string
	Items []string
}

// A shop has activities: what they do is of no interest here.
type shop struct{}

var errNotHere = errors.New("activities do not run here")

func (s *shop) Count(context.Context) (int, error) { return 0, errNotHere }

func (s *shop) Charge(context.Context, order) (string, error) { return "", errNotHere }

func (s *shop) Pack(_ context.Context, _ order, _ int, _ *string) ([]string, error) {
	return nil, errNotHere
}

func (s *shop) Open(context.Context) error { return errNotHere }

func (s *shop) Ship(context.Context, order, any) error { return errNotHere }

func greet(context.Context, string) (string, error) { return "", errNotHere }

func withActivities(ctx workflow.Context) workflow.Context {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.WithLocalActivityOptions(ctx,
		workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
}

var anOrder = order{ID: "o-1", Items: []string{"tea", "cups"}}

func TestActivities(t *testing.T) {
	t.Parallel()
	withTypes := func(ctx workflow.Context) (string, error) {
		ctx = withActivities(ctx)
		var s *shop
		count := typed.ExecuteActivity(ctx, typed.Call0(s.Count))
		charge := typed.ExecuteActivity(ctx, typed.Call1(s.Charge, anOrder))
		pack := typed.ExecuteActivity(ctx, typed.Call3(s.Pack, anOrder, 2, nil))
		opened := typed.ExecuteActivity(ctx, typed.Do0(s.Open))
		shipped := typed.ExecuteActivity(ctx, typed.Do2(s.Ship, anOrder, "fast"))
		typed.ExecuteActivity(ctx, typed.Call1(greet, "all"))
		named := typed.ExecuteActivity(ctx, typed.Call1(greet, "you").Named("hello"))
		n, err := count.Get(ctx)
		if err != nil {
			return "", err
		}
		receipt, err := charge.Get(ctx)
		if err != nil {
			return "", err
		}
		boxes, err := pack.Get(ctx)
		if err != nil {
			return "", err
		}
		if err := opened.Err(ctx); err != nil {
			return "", err
		}
		if _, err := shipped.Get(ctx); err != nil {
			return "", err
		}
		greeting, err := named.Get(ctx)
		return fmt.Sprint(n, receipt, boxes, greeting), err
	}
	untyped := func(ctx workflow.Context) (string, error) {
		ctx = withActivities(ctx)
		var s *shop
		count := workflow.ExecuteActivity(ctx, s.Count)
		charge := workflow.ExecuteActivity(ctx, s.Charge, anOrder)
		pack := workflow.ExecuteActivity(ctx, s.Pack, anOrder, 2, nil)
		opened := workflow.ExecuteActivity(ctx, s.Open)
		shipped := workflow.ExecuteActivity(ctx, s.Ship, anOrder, "fast")
		workflow.ExecuteActivity(ctx, greet, "all")
		named := workflow.ExecuteActivity(ctx, "hello", "you")
		var n int
		if err := count.Get(ctx, &n); err != nil {
			return "", err
		}
		var receipt, greeting string
		if err := charge.Get(ctx, &receipt); err != nil {
			return "", err
		}
		var boxes []string
		if err := pack.Get(ctx, &boxes); err != nil {
			return "", err
		}
		if err := opened.Get(ctx, nil); err != nil {
			return "", err
		}
		if err := shipped.Get(ctx, nil); err != nil {
			return "", err
		}
		err := named.Get(ctx, &greeting)
		return fmt.Sprint(n, receipt, boxes, greeting), err
	}
	twins(t, withTypes, untyped, func(h *histories.History) {
		h.CompleteActivity("5", 3)
		h.CompleteActivity("6", "paid")
		h.CompleteActivity("7", []string{"box"})
		h.CompleteActivity("8")
		h.CompleteActivity("9")
		h.CompleteActivity("11", "hi")
	})
}

func TestActivitiesThatFail(t *testing.T) {
	t.Parallel()
	var s *shop
	r := start(t, func(ctx workflow.Context) (string, error) {
		f := typed.ExecuteActivity(withActivities(ctx), typed.Call1(s.Charge, anOrder))
		if f.Err(ctx) == nil || !f.IsReady() {
			return "", errors.New("no error")
		}
		receipt, err := f.Get(ctx)
		return receipt + err.Error(), nil
	})
	r.task(t)
	r.FailActivity("5", histories.Failed("broke"))
	got := histories.Describe(r.task(t).Commands)
	if want := `CompleteWorkflow "activity error (type: Charge`; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("commands %s, want %s ...", got, want)
	}
}

func TestLocalActivities(t *testing.T) {
	t.Parallel()
	twins(t, func(ctx workflow.Context) (int, error) {
		var s *shop
		return typed.ExecuteLocalActivity(withActivities(ctx), typed.Call0(s.Count)).Get(ctx)
	}, func(ctx workflow.Context) (n int, err error) {
		var s *shop
		err = workflow.ExecuteLocalActivity(withActivities(ctx), s.Count).Get(ctx, &n)
		return n, err
	})
}

// Fulfil is a child: its name is what matters here.
func Fulfil(workflow.Context, order) (int, error) { return 0, errNotHere }

const hurry typed.Signal[string] = "hurry"

const ping typed.Signal[typed.None] = "ping"

func TestChildren(t *testing.T) {
	t.Parallel()
	withTypes := func(ctx workflow.Context) (string, error) {
		child := typed.ExecuteChildWorkflow(workflow.WithWorkflowID(ctx, "c"), typed.Call1(Fulfil, anOrder))
		run, err := child.Execution(ctx)
		if err != nil {
			return "", err
		}
		if err := hurry.SignalChildWorkflow(ctx, child, "up").Err(ctx); err != nil {
			return "", err
		}
		if err := ping.SignalExternalWorkflow(ctx, "other", "", typed.None{}).Err(ctx); err != nil {
			return "", err
		}
		n, err := child.Get(ctx)
		return fmt.Sprint(run.ID, n, child.IsReady()), err
	}
	untyped := func(ctx workflow.Context) (string, error) {
		child := workflow.ExecuteChildWorkflow(workflow.WithWorkflowID(ctx, "c"), Fulfil, anOrder)
		var run workflow.Execution
		if err := child.GetChildWorkflowExecution().Get(ctx, &run); err != nil {
			return "", err
		}
		if err := child.SignalChildWorkflow(ctx, "hurry", "up").Get(ctx, nil); err != nil {
			return "", err
		}
		if err := workflow.SignalExternalWorkflow(ctx, "other", "", "ping", nil).Get(ctx, nil); err != nil {
			return "", err
		}
		var n int
		err := child.Get(ctx, &n)
		return fmt.Sprint(run.ID, n, child.IsReady()), err
	}
	twins(t, withTypes, untyped,
		func(h *histories.History) { h.StartChild("c") },
		func(h *histories.History) { h.Deliver(h.Last()) },
		func(h *histories.History) { h.Deliver(h.Last()) },
		func(h *histories.History) { h.CompleteChild("c", 4) })
}

func TestContinueAsNew(t *testing.T) {
	t.Parallel()
	twins(t, func(ctx workflow.Context) error {
		return typed.NewContinueAsNewError(ctx, typed.Call1(Fulfil, anOrder))
	}, func(ctx workflow.Context) error {
		return workflow.NewContinueAsNewError(ctx, Fulfil, anOrder)
	})
	options := workflow.ContinueAsNewErrorOptions{BackoffStartInterval: time.Minute}
	twins(t, func(ctx workflow.Context) error {
		return typed.NewContinueAsNewErrorWithOptions(ctx, options, typed.Call1(Fulfil, anOrder).Named("Other"))
	}, func(ctx workflow.Context) error {
		return workflow.NewContinueAsNewErrorWithOptions(ctx, options, "Other", anOrder)
	})
}

func TestSignals(t *testing.T) {
	t.Parallel()
	withTypes := func(ctx workflow.Context) (string, error) {
		first, more := hurry.Channel(ctx).Receive(ctx)
		_, ok, _ := ping.ChannelWithOptions(ctx, workflow.SignalChannelOptions{}).ReceiveWithTimeout(ctx, time.Hour)
		second, late, _ := hurry.Channel(ctx).ReceiveAsync()
		_, none, _ := hurry.Channel(ctx).ReceiveAsync()
		return fmt.Sprint(first, more, ok, second, late, none), nil
	}
	untyped := func(ctx workflow.Context) (string, error) {
		var first, second string
		more := workflow.GetSignalChannel(ctx, "hurry").Receive(ctx, &first)
		ok, _ := workflow.GetSignalChannel(ctx, "ping").ReceiveWithTimeout(ctx, time.Hour, nil)
		late := workflow.GetSignalChannel(ctx, "hurry").ReceiveAsync(&second)
		none := workflow.GetSignalChannel(ctx, "hurry").ReceiveAsync(nil)
		return fmt.Sprint(first, more, ok, second, late, none), nil
	}
	twins(t, withTypes, untyped,
		func(h *histories.History) { h.Signal("hurry", 7); h.Signal("hurry", "up") }, // 7 does not fit
		func(h *histories.History) { h.Signal("hurry", "again"); h.Signal("ping") })
}

func TestFutures(t *testing.T) {
	t.Parallel()
	r := start(t, func(ctx workflow.Context) (string, error) {
		one, decide := typed.NewFuture[int](ctx)
		two, chained := typed.NewFuture[int](ctx)
		chained.Chain(one)
		failed, fail := typed.NewFuture[int](ctx)
		nothing, settle := typed.NewFuture[typed.None](ctx)
		workflow.Go(ctx, func(workflow.Context) {
			decide.SetValue(5)
			fail.SetError(errNotHere)
			settle.Set(typed.None{}, nil)
		})
		selected := ""
		s := workflow.NewSelector(ctx)
		two.AddTo(s, func(f typed.Future[int]) { n, err := f.Get(ctx); selected = fmt.Sprint(n, err) })
		s.Select(ctx)
		_, err := failed.Get(ctx)
		_, none := nothing.Get(ctx)
		again, _ := typed.FutureOf[int](two.Untyped()).Get(ctx)
		return fmt.Sprint(selected, err, none, again), nil
	})
	got := histories.Describe(r.task(t).Commands)
	if want := `CompleteWorkflow "5 \u003cnil\u003eactivities do not run here \u003cnil\u003e 5"`; got != want {
		t.Errorf("commands %s, want %s", got, want)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	r := start(t, func(ctx workflow.Context) (string, error) {
		c := typed.NewNamedBufferedChannel[order](ctx, "orders", 2)
		c.Send(ctx, anOrder)
		sent := c.SendAsync(order{ID: "o-2"}) && !c.SendAsync(order{})
		log := fmt.Sprintln(c.Name(), c.Len(), sent)
		out := workflow.NewSelector(ctx)
		c.AddReceiveTo(out, func(c typed.ReceiveChannel[order], more bool) {
			o, _, _ := c.ReceiveAsync()
			log += fmt.Sprintln(o.ID, more)
		})
		out.Select(ctx)
		in := workflow.NewSelector(ctx)
		c.AddSendTo(in, order{ID: "o-3"}, func() { log += "sent\n" })
		in.Select(ctx)
		c.Close()
		for o, more := c.Receive(ctx); more; o, more = c.Receive(ctx) {
			log += fmt.Sprintln(o.ID)
		}
		direct := typed.NewChannel[int](ctx)
		workflow.Go(ctx, func(ctx workflow.Context) { direct.Send(ctx, 1) })
		n, ok, more := direct.ReceiveWithTimeout(ctx, time.Hour)
		return log + fmt.Sprint(n, ok, more), nil
	})
	a := r.task(t)
	if !closed(a.Commands) {
		r.FireTimer("5")
		a = r.task(t)
	}
	want := `CompleteWorkflow "orders 2 true\no-1 true\nsent\no-2\no-3\n1 true true"`
	if got := histories.Describe(a.Commands[len(a.Commands)-1:]); got != want {
		t.Errorf("commands %s, want %s", got, want)
	}
}

const (
	total    typed.Query0[int]                    = "total"
	plus     typed.Query1[int, int]               = "plus"
	joined   typed.Query2[string, string, string] = "joined"
	add      typed.Update1[int, int]              = "add"
	reset    typed.Update0[typed.None]            = "reset"
	multiply typed.Update2[int, int, int]         = "multiply"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	r := start(t, func(ctx workflow.Context) error {
		if err := total.Handle(ctx, func() (int, error) { return 40, nil }); err != nil {
			return err
		}
		if err := plus.HandleWithOptions(ctx, func(n int) (int, error) { return 40 + n, nil },
			workflow.QueryHandlerOptions{Description: "adds"}); err != nil {
			return err
		}
		if err := joined.Handle(ctx, func(a, b string) (string, error) { return a + b, nil }); err != nil {
			return err
		}
		ping.Channel(ctx).Receive(ctx)
		return nil
	})
	r.task(t)
	for _, tt := range []struct {
		name string
		args []any
		want string
	}{
		{string(total), nil, "40"},
		{string(plus), []any{2}, "42"},
		{string(joined), []any{"a", "b"}, `"ab"`},
	} {
		got := r.ask(t, tt.name, tt.args...)
		if data := string(got.Result.GetPayloads()[0].GetData()); data != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, data, tt.want)
		}
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	tooMuch := errors.New("too much")
	withTypes := func(ctx workflow.Context) (int, error) {
		sum := 0
		if err := add.HandleWithOptions(ctx,
			func(_ workflow.Context, n int) (int, error) { sum += n; return sum, nil },
			func(_ workflow.Context, n int) error {
				if n > 9 {
					return tooMuch
				}
				return nil
			}, typed.UpdateOptions{Description: "adds"}); err != nil {
			return 0, err
		}
		if err := reset.Handle(ctx, func(workflow.Context) (typed.None, error) {
			sum = 0
			return typed.None{}, nil
		}); err != nil {
			return 0, err
		}
		if err := multiply.Handle(ctx, func(_ workflow.Context, a, b int) (int, error) {
			sum += a * b
			return sum, nil
		}); err != nil {
			return 0, err
		}
		ping.Channel(ctx).Receive(ctx)
		return sum, nil
	}
	untyped := func(ctx workflow.Context) (int, error) {
		sum := 0
		if err := workflow.SetUpdateHandlerWithOptions(ctx, "add",
			func(_ workflow.Context, n int) (int, error) { sum += n; return sum, nil },
			workflow.UpdateHandlerOptions{Description: "adds", Validator: func(n int) error {
				if n > 9 {
					return tooMuch
				}
				return nil
			}}); err != nil {
			return 0, err
		}
		if err := workflow.SetUpdateHandler(ctx, "reset", func(workflow.Context) error {
			sum = 0
			return nil
		}); err != nil {
			return 0, err
		}
		if err := workflow.SetUpdateHandler(ctx, "multiply", func(_ workflow.Context, a, b int) (int, error) {
			sum += a * b
			return sum, nil
		}); err != nil {
			return 0, err
		}
		workflow.GetSignalChannel(ctx, "ping").Receive(ctx, nil)
		return sum, nil
	}
	twins(t, withTypes, untyped,
		func(h *histories.History) { h.Admit("u1", "add", 4); h.Admit("u2", "add", 10) },
		func(h *histories.History) { h.Admit("u3", "reset"); h.Admit("u4", "multiply", 2, 3) },
		func(h *histories.History) { h.Signal("ping") })
}

func TestSideEffects(t *testing.T) {
	t.Parallel()
	withTypes := func(ctx workflow.Context) (string, error) {
		one, err := typed.SideEffect(ctx, func(workflow.Context) order { return anOrder })
		if err != nil {
			return "", err
		}
		two, err := typed.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: "two"},
			func(workflow.Context) int { return 2 })
		if err != nil {
			return "", err
		}
		log := fmt.Sprint(one.ID, two)
		for i := range 4 { // 0 is new, 1 is equal to it, 2 is new
			v, err := typed.MutableSideEffect(ctx, "half", func(workflow.Context) int { return i },
				func(a, b int) bool { return a/2 == b/2 })
			if err != nil {
				return "", err
			}
			log += fmt.Sprint(v)
		}
		v, err := typed.MutableSideEffectWithOptions(ctx, "other", workflow.MutableSideEffectOptions{Summary: "x"},
			func(workflow.Context) string { return "o" }, func(a, b string) bool { return a == b })
		return log + v, err
	}
	untyped := func(ctx workflow.Context) (string, error) {
		var one order
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return anOrder }).Get(&one); err != nil {
			return "", err
		}
		var two int
		if err := workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: "two"},
			func(workflow.Context) any { return 2 }).Get(&two); err != nil {
			return "", err
		}
		log := fmt.Sprint(one.ID, two)
		for i := range 4 {
			var v int
			if err := workflow.MutableSideEffect(ctx, "half", func(workflow.Context) any { return i },
				func(a, b any) bool {
					one, _ := a.(int)
					other, _ := b.(int)
					return one/2 == other/2
				}).Get(&v); err != nil {
				return "", err
			}
			log += fmt.Sprint(v)
		}
		var v string
		err := workflow.MutableSideEffectWithOptions(ctx, "other", workflow.MutableSideEffectOptions{Summary: "x"},
			func(workflow.Context) any { return "o" }, func(a, b any) bool { return a == b }).Get(&v)
		return log + v, err
	}
	twins(t, withTypes, untyped)
}

func TestLastCompletionResult(t *testing.T) {
	t.Parallel()
	fn := func(ctx workflow.Context) (string, error) {
		n, ok, err := typed.GetLastCompletionResult[int](ctx)
		return fmt.Sprint(n, ok), err
	}
	for want, last := range map[string]*commonpb.Payloads{
		`CompleteWorkflow "0 false"`: nil,
		`CompleteWorkflow "7 true"`:  histories.Payloads(7),
	} {
		r := start(t, fn)
		r.Events[0].GetWorkflowExecutionStartedEventAttributes().LastCompletionResult = last
		if got := histories.Describe(r.task(t).Commands); got != want {
			t.Errorf("commands %s, want %s", got, want)
		}
	}
}
