// Code generated from ../workflows/coroutines.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Coroutines starts activities from coroutines that wait for each other.
func Coroutines(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	ctx = brief(ctx)
	var a *Acts
	wg, numbers := workflow.NewWaitGroup(ctx), workflow.NewChannel(ctx)
	for i := range 3 {
		wg.Go(ctx, func(ctx workflow.Context) {
			d.note("%d begins", i)
			d.failure(fmt.Sprint("sleep ", i), workflow.Sleep(ctx, time.Duration(i)*700*time.Millisecond))
			var s string
			d.failure(fmt.Sprint("echo ", i), workflow.ExecuteActivity(ctx, a.Echo, fmt.Sprint(i)).Get(ctx, &s))
			numbers.Send(ctx, i)
		})
	}
	wg.Add(1)
	workflow.GoNamed(ctx, "sum", func(ctx workflow.Context) {
		defer wg.Done()
		sum := 0
		for range 3 {
			var n int
			numbers.Receive(ctx, &n)
			sum += n
			workflow.Go(ctx, func(workflow.Context) { d.note("sum %d", sum) })
		}
	})
	wg.Wait(ctx)
	future, settle := workflow.NewFuture(ctx)
	chained, chain := workflow.NewFuture(ctx)
	chain.Chain(future)
	workflow.Go(ctx, func(ctx workflow.Context) {
		var v string
		d.failure("chained", chained.Get(ctx, &v))
		d.note("%s", v)
	})
	settle.SetValue("value")
	broken, breaks := workflow.NewFuture(ctx)
	breaks.SetError(errors.New("broken"))
	d.failure("error", broken.Get(ctx, nil))
	return d.lines, workflow.Sleep(ctx, time.Millisecond)
}

// Locks has coroutines wait for mutexes and semaphores.
func Locks(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	m, sem, wg := workflow.NewMutex(ctx), workflow.NewSemaphore(ctx, 3), workflow.NewWaitGroup(ctx)
	for i := range 3 {
		wg.Go(ctx, func(ctx workflow.Context) {
			d.failure(fmt.Sprint("lock ", i), m.Lock(ctx))
			defer m.Unlock()
			d.failure(fmt.Sprint("sleep ", i), workflow.Sleep(ctx, 10*time.Millisecond))
		})
	}
	d.note("free: %t %t", m.TryLock(ctx), m.IsLocked())
	m.Unlock()
	wg.Wait(ctx)
	for i := range 4 {
		wg.Go(ctx, func(ctx workflow.Context) {
			d.failure(fmt.Sprint("acquire ", i), sem.Acquire(ctx, int64(i)))
			d.note("%d has %d", i, i)
			d.failure(fmt.Sprint("hold ", i), workflow.Sleep(ctx, time.Duration(i)*500*time.Millisecond))
			sem.Release(int64(i))
		})
	}
	wg.Wait(ctx)
	d.note("all are free: %t, not more: %t", sem.TryAcquire(ctx, 3), sem.TryAcquire(ctx, 1))
	child, cancel := workflow.WithCancel(ctx)
	m.TryLock(ctx)
	workflow.Go(ctx, func(workflow.Context) { cancel() })
	d.failure("lock that is given up", m.Lock(child))
	d.failure("acquire that is given up", sem.Acquire(child, 1))
	return d.lines, nil
}
