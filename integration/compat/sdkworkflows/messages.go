// Code generated from ../workflows/messages.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// SignalsEarly finds signals that came before its first task.
func SignalsEarly(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	d.note("unhandled: %v", slices.Sorted(slices.Values(workflow.GetUnhandledSignalNames(ctx))))
	first := workflow.GetSignalChannel(ctx, "first")
	var n int
	d.note("%t %d, %d left", first.ReceiveAsync(&n), n, first.Len())
	wait(ctx)
	d.note("unhandled: %v", slices.Sorted(slices.Values(workflow.GetUnhandledSignalNames(ctx))))
	return d.lines, nil
}

// Signals takes signals of two names until it is told to stop. One has no value,
// another has one that does not fit.
func Signals(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	words := workflow.GetSignalChannelWithOptions(ctx, "say", workflow.SignalChannelOptions{Description: "words"})
	points := workflow.GetSignalChannel(ctx, "point")
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var p Point
			points.Receive(ctx, &p)
			d.note("point %+v", p)
		}
	})
	for s := ""; s != "stop"; {
		words.Receive(ctx, &s)
		d.note("said %q", s)
	}
	return d.lines, nil
}

// Queries answers questions, some of which it does not understand.
func Queries(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		name    string
		handler any
	}{
		{"add", func(a, b int) (int, error) { return a + b, nil }},
		{"fails", func() (string, error) { return "", temporal.NewApplicationError("no answer", "NoAnswer", 4) }},
		{"time", func() (bool, error) { return workflow.Now(ctx).IsZero(), nil }},
		{"none", func() (*Point, error) { return nil, nil }},
	} {
		d.failure(q.name, workflow.SetQueryHandlerWithOptions(ctx, q.name, q.handler,
			workflow.QueryHandlerOptions{Description: "answers " + q.name}))
	}
	d.note("no function is refused: %t", workflow.SetQueryHandler(ctx, "bad", 5) != nil)
	workflow.SetCurrentDetails(ctx, "waiting for **questions**")
	d.note("%s", workflow.GetCurrentDetails(ctx))
	wait(ctx)
	return d.lines, nil
}

// Updates takes updates that are accepted, rejected, slow or fail.
func Updates(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	err = workflow.SetUpdateHandlerWithOptions(ctx, "echo", func(ctx workflow.Context, s string) (string, error) {
		i := workflow.GetCurrentUpdateInfo(ctx)
		d.note("%s %s begins", i.Name, i.ID)
		var out string
		err := workflow.ExecuteActivity(brief(ctx), a.Echo, strings.ToUpper(s)).Get(ctx, &out)
		d.note("%s %s ends", i.Name, i.ID)
		return out, err
	}, workflow.UpdateHandlerOptions{Description: "speaks up", Validator: func(s string) error {
		if s == "" {
			return temporal.NewApplicationError("say something", "Empty")
		}
		return nil
	}})
	d.failure("echo", err)
	d.failure("fail", workflow.SetUpdateHandler(ctx, "fail", func(_ workflow.Context, how string) error {
		if how == "canceled" {
			return temporal.NewCanceledError("not today")
		}
		return temporal.NewNonRetryableApplicationError(how, "Failed", errors.New("cause"), how)
	}))
	d.failure("now", workflow.SetUpdateHandler(ctx, "now", func(workflow.Context) (Point, error) {
		d.note("now")
		return Point{X: 1}, nil
	}))
	d.failure("sleep", workflow.SetUpdateHandler(ctx, "sleep", func(ctx workflow.Context) error {
		return workflow.Sleep(ctx, 10*time.Millisecond)
	}))
	wait(ctx)
	d.failure("handlers", workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }))
	return d.lines, nil
}

// UpdatesEarly sets its handler late in its first task.
func UpdatesEarly(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	c := workflow.NewChannel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) { c.Send(ctx, "begin") })
	var s string
	d.note("%t %s", c.Receive(ctx, &s), s)
	d.failure("handler", workflow.SetUpdateHandler(ctx, "late", func(ctx workflow.Context, n int) (int, error) {
		d.note("late %d", n)
		return n, workflow.Sleep(ctx, time.Millisecond)
	}))
	d.note("handler is set")
	wait(ctx)
	return d.lines, nil
}

// UpdatesAtOnce has updates wait for each other.
func UpdatesAtOnce(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	m, total := workflow.NewMutex(ctx), 0
	d.failure("add", workflow.SetUpdateHandlerWithOptions(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
		if err := m.Lock(ctx); err != nil {
			return 0, err
		}
		defer m.Unlock()
		d.note("add %d", n)
		workflow.GetSignalChannel(ctx, "next").Receive(ctx, nil)
		total += n
		return total, nil
	}, workflow.UpdateHandlerOptions{Validator: func(_ workflow.Context, n int) error {
		if n+total > 100 {
			return fmt.Errorf("%d and %d is too much", n, total)
		}
		return nil
	}}))
	d.failure("all", workflow.Await(ctx, func() bool { return total == 6 && workflow.AllHandlersFinished(ctx) }))
	return d.lines, nil
}

// UpdateLeftOver returns while an update is still being handled.
func UpdateLeftOver(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	d.failure("handler", workflow.SetUpdateHandlerWithOptions(ctx, "long", func(ctx workflow.Context) error {
		d.note("long begins")
		return workflow.Sleep(ctx, time.Hour)
	}, workflow.UpdateHandlerOptions{UnfinishedPolicy: workflow.HandlerUnfinishedPolicyAbandon}))
	wait(ctx)
	d.note("finished: %t", workflow.AllHandlersFinished(ctx))
	return d.lines, nil
}
