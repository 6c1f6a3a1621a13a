package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

func TestSignalsAreBufferedUntilAskedFor(t *testing.T) {
	l := start(t, func(ctx workflow.Context) ([]string, error) {
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return nil, err
		}
		var got []string
		for _, name := range []string{"b", "a", "a"} {
			var v string
			workflow.GetSignalChannel(ctx, name).Receive(ctx, &v)
			got = append(got, name+v)
		}
		return got, nil
	})
	l.Signal("a", "1") // before the first task
	l.does("StartTimer 6 1h0m0s")
	l.Signal("a", "2")
	l.Signal("b", "3")
	l.FireTimer("6")
	l.does(`CompleteWorkflow ["b3","a1","a2"]`)
}

// A blocked receiver gets the signal when its event is applied: what code does
// afterwards, in the same task, cannot take it away.
func TestSignalsGoToTheBlockedReceiverAtEventTime(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		c := workflow.GetSignalChannel(ctx, "s")
		workflow.Go(ctx, func(ctx workflow.Context) {
			var v string
			c.Receive(ctx, &v)
			log = append(log, "receiver "+v)
		})
		_ = workflow.Sleep(ctx, time.Hour)
		log = append(log, fmt.Sprint("left ", c.Len()))
		var v string
		ok := c.ReceiveAsync(&v)
		log = append(log, fmt.Sprint(ok, " ", v))
		_ = workflow.Sleep(ctx, 0)
		err := workflow.Sleep(ctx, time.Second)
		return strings.Join(log, ", "), err
	})
	l.does("StartTimer 5 1h0m0s")
	l.FireTimer("5")
	l.Signal("s", "one")
	l.Signal("s", "two")
	l.does("StartTimer 12 1s")
	l.FireTimer("12")
	l.does(`CompleteWorkflow "left 1, true two, receiver one"`)
}

func TestCorruptedSignalsArePassedOver(t *testing.T) {
	l := start(t, func(ctx workflow.Context) ([]int, error) {
		c := workflow.GetSignalChannel(ctx, "s")
		var got []int
		var v int
		c.Receive(ctx, &v)
		got = append(got, v)
		for c.ReceiveAsync(&v) {
			got = append(got, v)
		}
		c.Receive(ctx, nil) // whatever it holds
		return got, nil
	})
	l.Signal("s", "not a number")
	l.does()
	l.Signal("s", "nor this")
	l.Signal("s", 1)
	l.Signal("s", "x")
	l.Signal("s", 2)
	l.does()
	l.Signal("s", "y")
	l.does("CompleteWorkflow [1,2]")
}

func TestReceiveWithTimeout(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		var v string
		ok, more := workflow.GetSignalChannel(ctx, "s").ReceiveWithTimeout(ctx, time.Minute, &v)
		return fmt.Sprint(ok, more, v), nil
	}
	l := start(t, wf)
	l.does("StartTimer 5 1m0s")
	l.Signal("s", "in time")
	l.does(`CompleteWorkflow "true truein time"`)

	l = start(t, wf)
	l.does("StartTimer 5 1m0s")
	l.FireTimer("5")
	l.does(`CompleteWorkflow "false true"`)

	l = start(t, wf)
	l.Signal("s", "early")
	l.does("StartTimer 6 1m0s", `CompleteWorkflow "true trueearly"`)
}

func TestUnhandledSignals(t *testing.T) {
	l := start(t, func(ctx workflow.Context) ([]string, error) {
		workflow.GetSignalChannel(ctx, "b").Receive(ctx, nil)
		return workflow.GetUnhandledSignalNames(ctx), nil
	})
	l.Signal("c")
	l.Signal("a")
	l.Signal("b")
	l.does(`CompleteWorkflow ["a","c"]`)
}
