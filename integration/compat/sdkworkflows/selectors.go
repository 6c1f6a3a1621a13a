// Code generated from ../workflows/selectors.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Selectors chooses between what is ready, in the order of its cases.
func Selectors(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	in, out := workflow.NewNamedBufferedChannel(ctx, "in", 2), workflow.NewBufferedChannel(ctx, 1)
	future, settle := workflow.NewFuture(ctx)
	s := workflow.NewNamedSelector(ctx, "choice").
		AddReceive(in, func(c workflow.ReceiveChannel, more bool) {
			var n int
			d.note("receive from %s: %t", c.Name(), c.Receive(ctx, &n))
			d.note("got %d, more %t", n, more)
		}).
		AddSend(out, "sent", func() { d.note("sent") }).
		AddFuture(future, func(f workflow.Future) { d.failure("future", f.Get(ctx, nil)) })
	d.note("pending %t", s.HasPending())
	s.Select(ctx) // the send
	d.note("pending %t", s.HasPending())
	settle.Set(nil, nil)
	in.Send(ctx, 1)
	in.Send(ctx, 2)
	for s.HasPending() {
		s.Select(ctx)
	}
	var sent string
	d.note("%t %s", out.ReceiveAsync(&sent), sent)
	s.Select(ctx) // the send once more
	in.Close()
	d.note("closed, pending %t", s.HasPending())
	s.Select(ctx)
	d.note("pending %t", s.HasPending())

	// Blocked until another coroutine does something: the first thing wins.
	a, b := workflow.NewChannel(ctx), workflow.NewChannel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) { b.Send(ctx, "b") })
	workflow.Go(ctx, func(ctx workflow.Context) { a.Send(ctx, "a") })
	blocked := workflow.NewSelector(ctx)
	for _, c := range []workflow.Channel{a, b} {
		blocked.AddReceive(c, func(c workflow.ReceiveChannel, _ bool) {
			var got string
			c.Receive(ctx, &got)
			d.note("blocked for %s", got)
		})
	}
	blocked.Select(ctx)
	blocked.Select(ctx)
	return d.lines, workflow.Sleep(ctx, time.Millisecond)
}

// SelectorLoop takes signals, a timer and an activity as they come.
func SelectorLoop(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	act := workflow.ExecuteActivity(brief(ctx), a.Elsewhere)
	timers, cancel := workflow.WithCancel(ctx)
	timer, done := workflow.NewTimer(timers, time.Hour), false
	s := workflow.NewSelector(ctx)
	for _, name := range []string{"one", "two", "stop"} {
		s.AddReceive(workflow.GetSignalChannel(ctx, name), func(c workflow.ReceiveChannel, more bool) {
			var what string
			c.Receive(ctx, &what)
			d.note("%s %s %t %d", c.Name(), what, more, c.Len())
			if name == "two" {
				cancel()
			}
			done = name == "stop"
		})
	}
	s.AddFuture(timer, func(f workflow.Future) { d.failure("timer", f.Get(ctx, nil)) })
	s.AddFuture(act, func(f workflow.Future) {
		var out string
		d.failure("activity", f.Get(ctx, &out))
		d.note("%s", out)
	})
	for !done {
		s.Select(ctx)
	}
	return d.lines, nil
}

// SelectorDefault polls signals with a default branch, and sleeps in between:
// this is where flags 5 and 8 make a difference.
func SelectorDefault(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	signals, more := workflow.GetSignalChannel(ctx, "say"), true
	for more {
		workflow.NewSelector(ctx).AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) {
			var s string
			c.Receive(ctx, &s)
			d.note("said %s", s)
			more = s != "stop"
		}).AddDefault(func() {
			d.note("silence")
			wait(ctx)
		})
		s := workflow.NewSelector(ctx)
		s.AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) {
			var s string
			c.Receive(ctx, &s)
			d.note("said %s", s)
			more = s != "stop"
		})
		s.AddDefault(func() {
			d.note("silence")
			wait(ctx)
		})
		s.Select(ctx)
	}
	// A blocked selector whose branch does not receive leaves the value there.
	workflow.NewSelector(ctx).AddReceive(signals, func(c workflow.ReceiveChannel, more bool) {
		d.note("something was said: %t, %d left", more, c.Len())
	}).Select(ctx)
	var s string
	d.note("%t %s", signals.Receive(ctx, &s), s)
	return d.lines, nil
}

// Channels passes values between coroutines.
func Channels(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	buffered := workflow.NewNamedBufferedChannel(ctx, "buffered", 2)
	for i := range 3 {
		d.note("send %d: %t, %d there", i, buffered.SendAsync(i), buffered.Len())
	}
	buffered.Close()
	for range 3 {
		n := -1
		ok, more := buffered.ReceiveAsyncWithMoreFlag(&n)
		d.note("%d %t %t", n, ok, more)
	}
	n := 7
	d.note("receive from a closed channel: %t %d", buffered.Receive(ctx, &n), n)

	plain := workflow.NewChannel(ctx)
	d.note("nobody receives: %t", plain.SendAsync(1))
	d.note("nobody sends: %t", plain.ReceiveAsync(&n))
	for i := range 3 {
		workflow.GoNamed(ctx, fmt.Sprint("sender ", i), func(ctx workflow.Context) {
			plain.Send(ctx, i*10)
			d.note("sender %d is through", i)
		})
	}
	for range 3 {
		d.note("%t %d, %d wait", plain.Receive(ctx, &n), n, plain.Len())
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var p Point
		d.note("struct %t %+v", plain.Receive(ctx, &p), p)
		d.note("closed %t", plain.Receive(ctx, &p))
	})
	plain.Send(ctx, Point{X: 4})
	plain.Close()
	return d.lines, workflow.Sleep(ctx, time.Millisecond)
}

// ChannelsAndTime receives with timeouts.
func ChannelsAndTime(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	signals := workflow.GetSignalChannel(ctx, "say")
	var s string
	ok, more := signals.ReceiveWithTimeout(ctx, 30*time.Millisecond, &s)
	d.note("too late: %t %t", ok, more)
	ok, more = signals.ReceiveWithTimeout(ctx, time.Hour, &s)
	d.note("in time: %t %t %s", ok, more, s)
	c := workflow.NewBufferedChannel(ctx, 1)
	c.Send(ctx, "there")
	ok, more = c.ReceiveWithTimeout(ctx, time.Hour, &s)
	d.note("there before: %t %t %s", ok, more, s)
	c.Close()
	ok, more = c.ReceiveWithTimeout(ctx, 30*time.Millisecond, &s)
	d.note("closed: %t %t", ok, more)
	return d.lines, nil
}
