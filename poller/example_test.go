package poller_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// Three jobs of a channel, and the end of the channel.
func Example() {
	jobs := make(chan string, 3)
	for _, job := range []string{"cut", "file", "polish"} {
		jobs <- job
	}
	close(jobs)
	errEnd := errors.New("no more jobs")

	p, err := poller.New(poller.Options[string, poller.NoTicket]{
		Source: poller.SourceFunc[string](func(ctx context.Context) (string, poller.Feedback, error) {
			select {
			case job, ok := <-jobs:
				if !ok {
					return "", poller.Feedback{}, errEnd
				}
				return job, poller.Feedback{}, nil
			case <-time.After(time.Minute):
				return "", poller.Feedback{Empty: true}, nil
			case <-ctx.Done():
				return "", poller.Feedback{}, ctx.Err()
			}
		}),
		Admit:  poller.Unlimited{},
		Handle: func(_ context.Context, job string, _ poller.NoTicket) { fmt.Println(job) },
		Scaler: poller.Fixed(2),
		Classify: func(err error) poller.Class {
			if errors.Is(err, errEnd) {
				return poller.Stopped
			}
			return poller.Retry
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(errors.Join(p.Run(ctx), p.Wait(ctx)))
	fmt.Println(p.Status().Tasks, "tasks")
	// Unordered output:
	// cut
	// file
	// polish
	// <nil>
	// 3 tasks
}

// Stop ends the polls; the report says what is left.
func ExamplePoller_Stop() {
	p, err := poller.New(poller.Options[int, poller.NoTicket]{
		Source: poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
			<-ctx.Done()
			return 0, poller.Feedback{}, ctx.Err()
		}),
		Admit:  poller.Unlimited{},
		Handle: func(context.Context, int, poller.NoTicket) {},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	go p.Stop(poller.Interrupt)
	fmt.Println(p.Run(context.Background()), p.Status().State)
	// Output: <nil> stopped
}

// The same numbers as other Temporal workers have.
func ExampleSplit() {
	normal, sticky := poller.Split(5, poller.DefaultRatio)
	fmt.Println(normal, sticky)
	// Output: 1 4
}

// A scaler is a function of events; nothing runs in it.
func ExampleNewAuto() {
	auto, err := poller.NewAuto(poller.AutoOptions{Initial: 5, Max: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	fmt.Println(auto.Next(poller.Event{Kind: poller.Started, Now: now}))
	fmt.Println(auto.Next(poller.Event{
		Kind: poller.Polled, Now: now, Outcome: poller.GotTask,
		Feedback: poller.Feedback{HasDecision: true, Delta: 2},
	}))
	fmt.Println(auto.Next(poller.Event{
		Kind: poller.Polled, Now: now, Outcome: poller.Failed, Class: poller.Throttled,
	}))
	// Output:
	// 5
	// 7
	// 3
}

// Without suggestions of the other side, the time that polls wait for tasks tells.
func ExampleNewLocal() {
	local, err := poller.NewLocal(poller.LocalOptions{Initial: 4, Max: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	fmt.Println("at first:", local.Next(poller.Event{Kind: poller.Started, Now: now}))
	target := 0
	for range 200 { // in one second two hundred polls find a task at once
		now = now.Add(5 * time.Millisecond)
		target = local.Next(poller.Event{
			Kind: poller.Polled, Now: now, Outcome: poller.GotTask, Latency: 5 * time.Millisecond,
		})
	}
	fmt.Println("with a backlog:", target)
	for range 2 * target { // two rounds wait in vain
		now = now.Add(time.Second)
		target = local.Next(poller.Event{
			Kind: poller.Polled, Now: now, Outcome: poller.GotNothing, Latency: time.Minute,
		})
	}
	fmt.Println("idle:", target)
	// Output:
	// at first: 4
	// with a backlog: 20
	// idle: 1
}

// A job that takes a hundred tasks at most, and ends sooner when there are no more.
func ExampleOptions_stopWhenIdle() {
	jobs := make(chan int, 10)
	for n := range 7 {
		jobs <- n
	}
	p, err := poller.New(poller.Options[int, poller.NoTicket]{
		Source: poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
			select {
			case job := <-jobs:
				return job, poller.Feedback{}, nil
			case <-time.After(10 * time.Millisecond):
				return 0, poller.Feedback{Empty: true}, nil
			case <-ctx.Done():
				return 0, poller.Feedback{}, ctx.Err()
			}
		}),
		Admit:        poller.Unlimited{},
		Handle:       func(context.Context, int, poller.NoTicket) {},
		MaxTasks:     100,
		StopWhenIdle: true,
		EmptyPause:   -1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(errors.Join(p.Run(ctx), p.Wait(ctx)), p.Status().Tasks)
	// Output: <nil> 7
}

// With two slots neither side gets both.
func ExampleNewBalance() {
	balance := poller.NewBalance(func() (int, bool) { return 2, true })
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	sticky, _ := balance.Enter(ctx, poller.Sticky)
	defer sticky.Leave()
	_, err := balance.Enter(ctx, poller.Sticky)
	fmt.Println("second sticky poll:", err)
	normal, err := balance.Enter(context.Background(), poller.Normal)
	fmt.Println("first normal poll:", err)
	normal.Leave()
	// Output:
	// second sticky poll: context deadline exceeded
	// first normal poll: <nil>
}

// A worker that polls in vain says so.
func ExampleStatus_Check() {
	now := time.Now()
	s := poller.Status{
		Name: "orders", State: poller.StateRunning,
		SilentSince: now.Add(-10 * time.Minute),
	}
	fmt.Println(s.Check(now, 3*time.Minute))
	// Output: poller: not live: poller "orders" had no answer for 10m0s (limit 3m0s)
}
