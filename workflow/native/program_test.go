package native_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

// An action is one step of a random workflow.
type action struct {
	kind kind
	n    int
	wait bool
	body [][]action
}

type kind int

const (
	sleep kind = iota
	activity
	unheeded // an activity that nobody waits for
	local
	alongside // a local activity that nobody waits for
	child     // one of four, three of which have the same id every time
	others    // a signal to another workflow, or a request to cancel one
	receive
	choose // the first of a timer, an activity, a signal and a channel
	effect
	mutable
	version
	memo
	attribute
	spread // coroutines that are waited for
	cancelable
	detached // what goes on when the workflow is canceled
	timed    // a condition with a timeout
	exchange // a value over a channel
	locked
	handler
	again // ends the run, which continues as new
	kinds
)

// program makes a random workflow of a few actions.
func program(r *rand.Rand, depth int) []action {
	var out []action
	for range 1 + depth + r.IntN(3) {
		a := action{kind: kind(r.IntN(int(kinds))), n: r.IntN(4), wait: r.IntN(3) > 0}
		if depth == 0 && a.kind >= spread {
			a.kind = kind(r.IntN(int(spread)))
		}
		switch a.kind {
		case spread:
			for range 1 + r.IntN(3) {
				a.body = append(a.body, program(r, depth-1))
			}
		case cancelable, detached, locked, handler:
			a.body = append(a.body, program(r, depth-1))
		default:
		}
		out = append(out, a)
	}
	return out
}

// An interpreter runs programs; its state is shared by the coroutines of a run.
type interpreter struct {
	signals int
	records int
	sum     int // of what was recorded
	again   bool
	mutex   workflow.Mutex
}

func workflowOf(p []action) func(workflow.Context) (int, error) {
	return func(ctx workflow.Context) (int, error) {
		in := &interpreter{mutex: workflow.NewMutex(ctx)}
		in.run(ctx, p)
		if in.again {
			return 0, workflow.NewContinueAsNewError(ctx, "wf")
		}
		return in.signals + in.sum, nil
	}
}

func (in *interpreter) run(ctx workflow.Context, p []action) {
	for _, a := range p {
		in.do(ctx, a)
	}
}

func (in *interpreter) do(ctx workflow.Context, a action) {
	d := time.Duration(a.n) * time.Minute // zero leaves no trace
	activities := workflow.WithWaitForCancellation(options(ctx), a.wait)
	signals := workflow.GetSignalChannel(ctx, "s")
	switch a.kind {
	case sleep:
		_ = workflow.Sleep(ctx, d)
	case activity:
		_ = workflow.ExecuteActivity(activities, "a", a.n).Get(ctx, nil)
	case unheeded:
		workflow.ExecuteActivity(activities, "b", a.n)
	case local:
		_ = workflow.ExecuteLocalActivity(locally(ctx), "l", a.n).Get(ctx, nil)
	case alongside:
		workflow.ExecuteLocalActivity(locally(ctx), "m", a.n)
	case receive:
		if ok, _ := signals.ReceiveWithTimeout(ctx, d, nil); ok {
			in.signals++
		}
	case effect, mutable, version, memo, attribute:
		in.record(ctx, a)
	case choose:
		in.choose(ctx, a, activities, signals)
	case spread:
		wg := workflow.NewWaitGroup(ctx)
		for _, p := range a.body {
			wg.Go(ctx, func(ctx workflow.Context) { in.run(ctx, p) })
		}
		if a.wait {
			wg.Wait(ctx)
		}
	case cancelable:
		child, cancel := workflow.WithCancel(ctx)
		workflow.Go(child, func(ctx workflow.Context) { in.run(ctx, a.body[0]) })
		if a.wait {
			_ = workflow.Sleep(ctx, d+time.Second)
		}
		cancel()
	case detached:
		free, _ := workflow.NewDisconnectedContext(ctx)
		in.run(free, a.body[0])
	case child:
		in.child(ctx, a)
	case others:
		in.others(ctx, a)
	case again:
		in.again = in.again || a.n == 0
	case timed:
		seen := in.signals
		_, _ = workflow.AwaitWithTimeout(ctx, d, func() bool { return in.signals > seen })
	case exchange:
		c := workflow.NewBufferedChannel(ctx, a.n)
		workflow.Go(ctx, func(ctx workflow.Context) { c.Send(ctx, 1); c.Close() })
		for c.Receive(ctx, nil) {
		}
	case locked:
		if in.mutex.TryLock(ctx) {
			in.run(ctx, a.body[0])
			in.mutex.Unlock()
		}
	case handler:
		_ = workflow.SetUpdateHandler(ctx, "u", func(ctx workflow.Context) (int, error) {
			in.run(ctx, a.body[0])
			return in.signals, nil
		})
	default:
	}
}

func (in *interpreter) choose(
	ctx workflow.Context, a action, activities workflow.Context, signals workflow.ReceiveChannel,
) {
	s := workflow.NewSelector(ctx)
	s.AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, nil)
		in.signals++
	})
	s.AddFuture(workflow.NewTimer(ctx, time.Minute), func(workflow.Future) {})
	s.AddFuture(workflow.ExecuteActivity(activities, "c"), func(workflow.Future) {})
	if a.n == 0 {
		s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	}
	s.Select(ctx)
	if a.wait {
		s.Select(ctx)
	}
}

func (in *interpreter) child(ctx workflow.Context, a action) {
	if a.n > 0 {
		ctx = workflow.WithWorkflowID(ctx, fmt.Sprint("child", a.n))
	}
	f := workflow.ExecuteChildWorkflow(ctx, "Child", a.n)
	switch {
	case a.wait && f.Get(ctx, nil) != nil:
		workflow.ExecuteActivity(options(ctx), "mourn")
	case a.wait:
	case a.n == 1:
		_ = f.SignalChildWorkflow(ctx, "s", a.n).Get(ctx, nil)
	case a.n == 2:
		_ = f.GetChildWorkflowExecution().Get(ctx, nil)
	}
}

func (in *interpreter) others(ctx workflow.Context, a action) {
	f := workflow.RequestCancelExternalWorkflow(ctx, "other", "")
	if a.n > 1 {
		f = workflow.SignalExternalWorkflow(ctx, "other", "", "s", a.n)
	}
	if a.wait && f.Get(ctx, nil) != nil {
		workflow.ExecuteActivity(options(ctx), "mourn")
	}
}
