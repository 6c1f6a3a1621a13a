package native_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
)

// everything waits for all that a selector can wait for, three times.
func everything(ctx workflow.Context) (string, error) {
	var log []string
	s := workflow.NewSelector(ctx)
	s.AddReceive(workflow.GetSignalChannel(ctx, "s"), func(c workflow.ReceiveChannel, _ bool) {
		var v string
		c.Receive(ctx, &v)
		log = append(log, "signal "+v)
	})
	s.AddFuture(workflow.NewTimer(ctx, time.Hour), func(f workflow.Future) {
		log = append(log, fmt.Sprint("timer ", f.Get(ctx, nil)))
	})
	s.AddFuture(workflow.ExecuteActivity(options(ctx), "a"), func(f workflow.Future) {
		var v string
		err := f.Get(ctx, &v)
		log = append(log, fmt.Sprint("activity ", v, err))
	})
	for len(log) < 3 {
		s.Select(ctx)
	}
	return strings.Join(log, "; "), nil
}

func TestTheFirstThingToHappenWins(t *testing.T) {
	l := start(t, everything)
	l.does("StartTimer 5 1h0m0s", "ScheduleActivity 6 a")
	l.CompleteActivity("6", "x") // 7 and 8: before the others, though added last
	l.FireTimer("5")
	l.Signal("s", "y")
	// The second Select finds two ready, of which the one added first wins.
	l.does(`CompleteWorkflow "activity x\u003cnil\u003e; signal y; timer \u003cnil\u003e"`)
}

func TestSelectWithoutWaiting(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		note := func(s string) func() { return func() { log = append(log, s) } }
		c := workflow.NewBufferedChannel(ctx, 1)
		f, settable := workflow.NewFuture(ctx)
		s := workflow.NewNamedSelector(ctx, "mine")
		s.AddFuture(f, func(workflow.Future) { note("future")() })
		s.AddReceive(c, func(c workflow.ReceiveChannel, more bool) {
			var v int
			c.Receive(ctx, &v)
			note(fmt.Sprint("receive ", v, more))()
		})
		log = append(log, fmt.Sprint("pending ", s.HasPending()))
		settable.SetValue(1)
		c.SendAsync(5)
		log = append(log, fmt.Sprint("pending ", s.HasPending()))
		s.Select(ctx)
		s.Select(ctx)
		log = append(log, fmt.Sprint("pending ", s.HasPending()))
		s.AddDefault(note("default"))
		s.Select(ctx)
		c.Close()
		s.Select(ctx) // closed, told once
		s.Select(ctx)
		return strings.Join(log, "; "), nil
	})
	l.does(`CompleteWorkflow "pending false; pending true; future; receive 5 true; pending false; ` +
		`default; receive 0 false; default"`)
}

// What lost stays where it was: the value in the channel, the sender with its value.
func TestLosersKeepWhatTheyHave(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		in, out := workflow.NewNamedChannel(ctx, "in"), workflow.NewNamedChannel(ctx, "out")
		workflow.Go(ctx, func(ctx workflow.Context) {
			s := workflow.NewSelector(ctx)
			s.AddReceive(in, func(c workflow.ReceiveChannel, _ bool) {
				var v string
				c.Receive(ctx, &v)
				log = append(log, "received "+v)
			})
			s.AddSend(out, "value", func() { log = append(log, "sent") })
			s.Select(ctx)
			log = append(log, fmt.Sprint("pending ", s.HasPending()))
			s.Select(ctx)
		})
		workflow.Go(ctx, func(ctx workflow.Context) {
			in.Send(ctx, "hello") // the selector has won
			var v string
			log = append(log, fmt.Sprint("taken ", out.ReceiveAsync(&v), v))
			in.SendAsync("not now")
			out.Receive(ctx, &v)
			log = append(log, "out "+v)
		})
		err := workflow.Sleep(ctx, time.Second)
		return strings.Join(log, "; "), err
	})
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	l.does(`CompleteWorkflow "taken false; received hello; pending true; sent; out value"`)
}

// Closing a channel under a blocked selector parks a nil for the next Receive:
// histories of the official SDK depend on it.
func TestClosedUnderABlockedSelector(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		s := workflow.NewSelector(ctx)
		s.AddReceive(ctx.Done(), func(c workflow.ReceiveChannel, more bool) {
			log = append(log, fmt.Sprint("branch ", more))
			log = append(log, fmt.Sprint("receive ", c.Receive(ctx, nil)))
			log = append(log, fmt.Sprint("again ", c.Receive(ctx, nil)))
		})
		s.Select(ctx)
		return strings.Join(log, "; "), nil
	})
	l.does()
	l.RequestCancel()
	l.does(`CompleteWorkflow "branch false; receive true; again false"`)
}

// Two selectors wait for one channel and neither receives at once; whether the
// first value is lost depends on the flags that history has.
func TestFlagsOfBlockedSelectors(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		var log []string
		c := workflow.GetSignalChannel(ctx, "s")
		for range 2 {
			workflow.Go(ctx, func(ctx workflow.Context) {
				s := workflow.NewSelector(ctx)
				s.AddReceive(c, func(c workflow.ReceiveChannel, _ bool) {
					var v string
					c.Receive(ctx, &v)
					log = append(log, v)
				})
				s.Select(ctx)
			})
		}
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		for {
			var v string
			if !c.ReceiveAsync(&v) {
				break
			}
			log = append(log, "left "+v)
		}
		return strings.Join(log, ","), nil
	}
	for _, tt := range []struct {
		name  string
		flags []uint32
		want  string
	}{
		// Early parking: the second value overwrites the first.
		{"5", []uint32{3, 5}, "two"},
		{"5 and 8", []uint32{3, 5, 8}, "one,two"},
		{"neither", []uint32{3}, "one,two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, wf)
			l.Task()
			if _, err := l.Sticky(l.History); err != nil {
				t.Fatal(err)
			}
			l.CompleteTask(&sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: tt.flags})
			l.Signal("s", "one")
			l.Signal("s", "two")
			l.Task()
			l.CompleteTask(nil) // history says that this task did nothing
			l.Signal("end")
			l.Task()
			d := &histories.Driver{Instance: l.instance()}
			a, err := d.Full(l.History)
			if err != nil {
				t.Fatal(err)
			}
			l.failed = true // the first, live instance has other flags
			checkCommands(t, a.Commands, fmt.Sprintf("CompleteWorkflow %q", tt.want))
		})
	}
}

func TestLiveRunsUseTheFlagsOfCurrentReleases(t *testing.T) {
	l := start(t, everything)
	if got := l.task().Flags; !slices.Equal(got, []uint32{3}) {
		t.Errorf("first task used flags %v, want 3", got)
	}
	l.Signal("s", "x")
	if got := l.task().Flags; !slices.Equal(got, []uint32{5, 8}) {
		t.Errorf("the signal to a blocked selector used flags %v, want 5 and 8", got)
	}
	l.Signal("s", "y")
	if got := l.task().Flags; len(got) != 0 {
		t.Errorf("flags %v were reported again", got)
	}
}

func TestBlockedSends(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		var log []string
		c := workflow.NewChannel(ctx)
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		workflow.Go(ctx, func(ctx workflow.Context) {
			var how string
			workflow.GetSignalChannel(ctx, "how").Receive(ctx, &how)
			switch how {
			case "take":
				var v int
				log = append(log, fmt.Sprint("length ", c.Len()))
				c.Receive(ctx, &v)
				log = append(log, fmt.Sprint("received ", v))
			case "close":
				c.Close()
			}
		})
		s := workflow.NewSelector(ctx)
		s.AddSend(c, 7, func() { log = append(log, "sent") })
		log = append(log, fmt.Sprint("pending ", s.HasPending()))
		s.Select(ctx)
		s.AddDefault(func() { log = append(log, "spent") })
		s.Select(ctx)
		return strings.Join(log, "; "), nil
	}
	l := start(t, wf)
	l.Signal("go")
	l.does()
	l.Signal("how", "take")
	l.does(`CompleteWorkflow "pending false; length 1; received 7; sent; spent"`)

	l = start(t, wf)
	l.Signal("go")
	l.does()
	l.Signal("how", "close")
	checkFailure(t, l.fails(), unhandled, "Closed channel")

	checkFailure(t, start(t, func(ctx workflow.Context) error {
		c := workflow.NewChannel(ctx)
		workflow.Go(ctx, func(workflow.Context) { c.Close() })
		c.Send(ctx, 1)
		return nil
	}).fails(), unhandled, "Closed channel")
}

func TestForeignChannelsAndFutures(t *testing.T) {
	for want, fn := range map[string]func(workflow.Context, workflow.Selector){
		"as a channel": func(_ workflow.Context, s workflow.Selector) {
			s.AddReceive(struct{ workflow.ReceiveChannel }{}, nil)
		},
		"as a future": func(_ workflow.Context, s workflow.Selector) { s.AddFuture(struct{ workflow.Future }{}, nil) },
	} {
		checkFailure(t, start(t, func(ctx workflow.Context) error {
			fn(ctx, workflow.NewSelector(ctx))
			return nil
		}).fails(), unhandled, want)
	}
}
