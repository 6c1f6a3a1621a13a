package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

// market has the activities of trade.
type market struct{}

type offer struct {
	Good  string
	Price int
}

func (*market) Price(_ context.Context, good string) (offer, error) {
	return offer{Good: good, Price: len(good)}, nil
}

func (*market) Settle(_ context.Context, o offer, times int) error {
	if o.Price*times == 0 {
		return errors.New("nothing to settle")
	}
	return nil
}

func (*market) Tax(_ context.Context, price int) (int, error) { return price / 2, nil }

const (
	accept typed.Signal[offer]      = "accept"
	raise  typed.Update1[int, int]  = "raise"
	stage  typed.Query0[string]     = "stage"
	bidFor typed.Signal[typed.None] = "bid"
)

// Bid is the child of trade: it waits to be told to.
func Bid(ctx workflow.Context, o offer) (int, error) {
	bidFor.Channel(ctx).Receive(ctx)
	return o.Price + 1, nil
}

// trade knows types wherever it can.
func trade(ctx workflow.Context, good string) (string, error) {
	price, at := 0, "asking"
	if err := stage.Handle(ctx, func() (string, error) { return at, nil }); err != nil {
		return "", err
	}
	if err := raise.HandleWithOptions(ctx,
		func(_ workflow.Context, by int) (int, error) { price += by; return price, nil },
		func(_ workflow.Context, by int) error {
			if by < 0 {
				return errors.New("too little")
			}
			return nil
		}, typed.UpdateOptions{}); err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var m *market
	asked, err := typed.ExecuteActivity(ctx, typed.Call1(m.Price, good)).Get(ctx)
	if err != nil {
		return "", err
	}
	tax, err := typed.ExecuteLocalActivity(ctx, typed.Call1(m.Tax, asked.Price)).Get(ctx)
	if err != nil {
		return "", err
	}
	lucky, err := typed.SideEffect(ctx, func(workflow.Context) int { return 7 })
	if err != nil {
		return "", err
	}
	child := typed.ExecuteChildWorkflow(ctx, typed.Call1(Bid, asked))
	if err := bidFor.SignalChildWorkflow(ctx, child, typed.None{}).Err(ctx); err != nil {
		return "", err
	}
	bid, err := child.Get(ctx)
	if err != nil {
		return "", err
	}
	at = "waiting"
	accepted, _ := accept.Channel(ctx).Receive(ctx)
	if err := typed.ExecuteActivity(ctx, typed.Do2(m.Settle, accepted, 2)).Err(ctx); err != nil {
		return "", err
	}
	return fmt.Sprint(price, asked, tax, lucky, bid, accepted), nil
}

// sdkBid and sdkTrade are the same for the SDK, without types.
func sdkBid(ctx sdkworkflow.Context, o offer) (int, error) {
	sdkworkflow.GetSignalChannel(ctx, "bid").Receive(ctx, nil)
	return o.Price + 1, nil
}

func sdkTrade(ctx sdkworkflow.Context, good string) (string, error) {
	price, at := 0, "asking"
	if err := sdkworkflow.SetQueryHandler(ctx, "stage", func() (string, error) { return at, nil }); err != nil {
		return "", err
	}
	if err := sdkworkflow.SetUpdateHandlerWithOptions(ctx, "raise",
		func(_ sdkworkflow.Context, by int) (int, error) { price += by; return price, nil },
		sdkworkflow.UpdateHandlerOptions{Validator: func(by int) error {
			if by < 0 {
				return errors.New("too little")
			}
			return nil
		}}); err != nil {
		return "", err
	}
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	ctx = sdkworkflow.WithLocalActivityOptions(ctx,
		sdkworkflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var m *market
	var asked, accepted offer
	if err := sdkworkflow.ExecuteActivity(ctx, m.Price, good).Get(ctx, &asked); err != nil {
		return "", err
	}
	var tax, lucky, bid int
	if err := sdkworkflow.ExecuteLocalActivity(ctx, m.Tax, asked.Price).Get(ctx, &tax); err != nil {
		return "", err
	}
	if err := sdkworkflow.SideEffect(ctx, func(sdkworkflow.Context) any { return 7 }).Get(&lucky); err != nil {
		return "", err
	}
	child := sdkworkflow.ExecuteChildWorkflow(ctx, "Bid", asked)
	if err := child.SignalChildWorkflow(ctx, "bid", nil).Get(ctx, nil); err != nil {
		return "", err
	}
	if err := child.Get(ctx, &bid); err != nil {
		return "", err
	}
	at = "waiting"
	sdkworkflow.GetSignalChannel(ctx, "accept").Receive(ctx, &accepted)
	if err := sdkworkflow.ExecuteActivity(ctx, m.Settle, accepted, 2).Get(ctx, nil); err != nil {
		return "", err
	}
	return fmt.Sprint(price, asked, tax, lucky, bid, accepted), nil
}

// TestTypedWorkflowsLeaveTheHistoriesOfUntypedOnes runs trade on our worker, and
// its untyped twin on the SDK's, and replays each history on the other side.
func TestTypedWorkflowsLeaveTheHistoriesOfUntypedOnes(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(t *testing.T, queue string){
		"ours": func(t *testing.T, queue string) {
			t.Helper()
			startWorker(t, dial(t), queue, worker.Options{
				Workflows: []any{trade, Bid}, Activities: []any{&market{}},
			})
		},
		"the SDK's": func(t *testing.T, queue string) {
			t.Helper()
			w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{})
			w.RegisterWorkflowWithOptions(sdkTrade, sdkworkflow.RegisterOptions{Name: "trade"})
			w.RegisterWorkflowWithOptions(sdkBid, sdkworkflow.RegisterOptions{Name: "Bid"})
			w.RegisterActivity(&market{})
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.Stop)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			run(t, queue)
			r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "trade", "tulips")
			if err != nil {
				t.Fatal(err)
			}
			for _, by := range []int{-1, 4} {
				u, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
					WorkflowID: r.GetID(), UpdateName: string(raise), Args: []any{by},
					WaitForStage: client.WorkflowUpdateStageCompleted,
				})
				if err == nil {
					err = u.Get(t.Context(), nil)
				}
				if (err != nil) != (by < 0) {
					t.Errorf("raise by %d: %v", by, err)
				}
			}
			if err := c.SignalWorkflow(t.Context(), r.GetID(), "", string(accept), offer{"roses", 5}); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := r.Get(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if want := "4 {tulips 6} 3 7 7 {roses 5}"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if v, err := c.QueryWorkflow(t.Context(), r.GetID(), "", string(stage)); err != nil {
				t.Error(err)
			} else if err := v.Get(&got); err != nil || got != "waiting" {
				t.Errorf("stage %q, %v", got, err)
			}
			if n := countEvents(t, c, r, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED); n != 0 {
				t.Errorf("%d workflow tasks failed", n)
			}
			replayTrade(t, c, r)
		})
	}
}

// replayTrade replays a run of trade with our replayer and that of the SDK.
func replayTrade(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	h := history(t, c, run)
	ours := replay.NewWorkflowReplayer()
	if err := ours.RegisterWorkflow(trade); err != nil {
		t.Fatal(err)
	}
	if err := ours.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("our replayer: %v", err)
	}
	theirs := sdkworker.NewWorkflowReplayer()
	theirs.RegisterWorkflowWithOptions(sdkTrade, sdkworkflow.RegisterOptions{Name: "trade"})
	if err := theirs.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
}
