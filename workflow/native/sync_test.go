package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

func TestWaitGroup(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		wg := workflow.NewWaitGroup(ctx)
		wg.Wait(ctx) // nothing to wait for
		for _, d := range []time.Duration{2 * time.Minute, time.Minute} {
			wg.Go(ctx, func(ctx workflow.Context) {
				_ = workflow.Sleep(ctx, d)
				log = append(log, fmt.Sprint(d.Minutes()))
			})
		}
		wg.Wait(ctx)
		log = append(log, "all")
		wg.Add(1)
		wg.Done()
		wg.Wait(ctx)
		return strings.Join(log, ","), nil
	})
	l.does("StartTimer 5 2m0s", "StartTimer 6 1m0s")
	l.FireTimer("6")
	l.does()
	l.FireTimer("5")
	l.does(`CompleteWorkflow "1,2,all"`)

	checkFailure(t, start(t, func(ctx workflow.Context) error {
		wg := workflow.NewWaitGroup(ctx)
		wg.Add(1)
		for range 2 {
			workflow.Go(ctx, func(ctx workflow.Context) { wg.Wait(ctx) })
		}
		return workflow.Sleep(ctx, time.Hour)
	}).fails(), unhandled, "WaitGroup is reused before previous Wait has returned")
}

func TestMutex(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		m := workflow.NewMutex(ctx)
		for _, name := range []string{"a", "b", "c"} {
			workflow.Go(ctx, func(ctx workflow.Context) {
				if err := m.Lock(ctx); err != nil {
					log = append(log, name+" gave up")
					return
				}
				log = append(log, name)
				_ = workflow.Sleep(ctx, time.Minute)
				m.Unlock()
			})
		}
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		log = append(log, fmt.Sprint(m.IsLocked(), m.TryLock(ctx)))
		_ = workflow.Await(ctx, func() bool { return false })
		return strings.Join(log, ","), nil
	})
	l.does("StartTimer 5 1m0s")
	l.FireTimer("5")
	l.does("StartTimer 10 1m0s")
	l.Signal("s")
	l.does()
	l.RequestCancel() // b sleeps no more and unlocks, so c gets it: what it waited for holds
	a := l.task()
	checkCommands(t, a.Commands, "CancelTimer 10", "StartTimer 20 1m0s", "CancelTimer 20", `CompleteWorkflow "a,b,true false"`)
}

func TestSemaphore(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		s := workflow.NewSemaphore(ctx, 3)
		log = append(log, fmt.Sprint(s.TryAcquire(ctx, 2), s.TryAcquire(ctx, 2)))
		workflow.Go(ctx, func(ctx workflow.Context) {
			log = append(log, fmt.Sprint("big ", s.Acquire(ctx, 3)))
		})
		if err := s.Acquire(ctx, 1); err != nil {
			return "", err
		}
		_ = workflow.Sleep(ctx, time.Minute)
		s.Release(3)
		log = append(log, "released")
		_ = workflow.Sleep(ctx, time.Minute)
		child, cancel := workflow.WithCancel(ctx)
		cancel()
		log = append(log, fmt.Sprint(temporal.IsCanceledError(s.Acquire(child, 1))))
		return strings.Join(log, ","), nil
	})
	l.does("StartTimer 5 1m0s")
	l.FireTimer("5")
	l.does("StartTimer 10 1m0s")
	l.FireTimer("10")
	l.does(`CompleteWorkflow "true false,released,big \u003cnil\u003e,true"`)
}

func TestChannels(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		c := workflow.NewBufferedChannel(ctx, 1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			for i := range 4 {
				c.Send(ctx, i)
				log = append(log, fmt.Sprint("sent ", i))
			}
			c.Close()
		})
		for {
			var v int
			if !c.Receive(ctx, &v) {
				break
			}
			log = append(log, fmt.Sprint("got ", v))
		}
		v, w := 7, 7 // they stay as they are
		c.Receive(ctx, &w)
		ok, more := c.ReceiveAsyncWithMoreFlag(&v)
		log = append(log, fmt.Sprint(ok, more, v, w, c.Len(), " ", c.Name()))
		return strings.Join(log, ";"), nil
	})
	l.does(`CompleteWorkflow "sent 0;sent 1;got 0;got 1;got 2;sent 2;sent 3;got 3;false false 7 7 0 chan-1"`)
}

// Receivers are served in the order in which they began to wait, whatever the
// order in which they were made.
func TestReceiversAreServedInTurn(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		c := workflow.NewChannel(ctx)
		for _, name := range []string{"late", "early"} {
			workflow.Go(ctx, func(ctx workflow.Context) {
				if name == "late" {
					_ = workflow.Sleep(ctx, time.Minute)
				}
				var v int
				c.Receive(ctx, &v)
				log = append(log, fmt.Sprint(name, v))
			})
		}
		_ = workflow.Sleep(ctx, time.Hour)
		c.Send(ctx, 1)
		c.Send(ctx, 2)
		err := workflow.Sleep(ctx, time.Second)
		return strings.Join(log, ","), err
	})
	l.does("StartTimer 5 1h0m0s", "StartTimer 6 1m0s")
	l.FireTimer("6")
	l.does()
	l.FireTimer("5")
	l.does("StartTimer 15 1s")
	l.FireTimer("15")
	l.does(`CompleteWorkflow "late2,early1"`)
}

func TestFutures(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var log []string
		first, settable := workflow.NewFuture(ctx)
		second, chained := workflow.NewFuture(ctx)
		chained.Chain(first)
		third, after := workflow.NewFuture(ctx)
		log = append(log, fmt.Sprint(second.IsReady()))
		workflow.Go(ctx, func(ctx workflow.Context) {
			after.Chain(workflow.ExecuteActivity(options(ctx), "a"))
			settable.Set(7, nil)
		})
		v := 0
		err := second.Get(ctx, &v)
		log = append(log, fmt.Sprint(v, err))
		var s string
		err = third.Get(ctx, &s)
		log = append(log, fmt.Sprint(s, err))
		return strings.Join(log, ";"), nil
	})
	l.does("ScheduleActivity 5 a")
	l.CompleteActivity("5", "encoded")
	l.does(`CompleteWorkflow "false;7 \u003cnil\u003e;encoded\u003cnil\u003e"`)
}
