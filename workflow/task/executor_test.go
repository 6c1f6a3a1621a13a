package task_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/workflow/task"
)

// A placing is an executor that is a function.
type placing func(ctx context.Context, activate func()) error

func (e placing) Execute(ctx context.Context, activate func()) error { return e(ctx, activate) }

func by(e placing) func(*task.Options) {
	return func(o *task.Options) { o.Executor = e }
}

// Code runs where the executor says: here each time on another thread, and twice if it could.
func TestExecutorRunsTheCode(t *testing.T) {
	var calls int
	b := newBench(t, counting, by(func(_ context.Context, activate func()) error {
		calls++
		var other sync.WaitGroup
		other.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			activate()
		})
		other.Wait()
		activate()
		return nil
	}))
	b.Signal("s", "one")
	b.Task()
	b.does(t, b.full(), "StartTimer 6 1m0s")
	b.Signal("s", "end")
	b.Task()
	b.does(t, b.sticky(), `CompleteWorkflow "end"`)
	b.ended(t, task.Cached, task.Answered, task.Completed)
	if calls != 2 {
		t.Errorf("%d calls for 2 activations", calls)
	}
}

// A task whose code an executor did not run fails; another try rebuilds the run.
func TestExecutorThatDoesNotRunTheCode(t *testing.T) {
	for name, c := range map[string]struct {
		e    placing
		says string
	}{
		"error": {func(context.Context, func()) error { return errors.New("no room") }, "no room"},
		"an error after the code": {func(_ context.Context, activate func()) error {
			activate()
			return errors.New("lost it")
		}, "lost it"},
		"nothing": {func(context.Context, func()) error { return nil }, "without having run the code"},
		"panic":   {func(context.Context, func()) error { panic("oh no") }, "panic: oh no"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, counting, by(c.e))
			b.Task()
			err := b.handler.Handle(t.Context(), b.full())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if len(b.failed) != 1 || !strings.Contains(b.failed[0].GetFailure().GetMessage(), c.says) {
				t.Errorf("the server was told %v", b.failed)
			}
			b.ended(t, task.Fresh, task.TaskFailed, task.Failed)
		})
	}
}

func TestBoundedRunsSoManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := task.NewBounded(2)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		began := time.Now()
		ended := make(chan time.Duration, 5)
		for range 5 {
			all.Go(func() {
				err := e.Execute(t.Context(), func() { time.Sleep(time.Second) })
				if err != nil {
					t.Error(err)
				}
				ended <- time.Since(began)
			})
		}
		all.Wait()
		for _, want := range []string{"1s", "1s", "2s", "2s", "3s"} {
			if got := <-ended; got.String() != want {
				t.Errorf("one ended after %v, want %s", got, want)
			}
		}
	})
}

func TestBoundedGivesUpWithItsContext(t *testing.T) {
	e, err := task.NewBounded(1)
	if err != nil {
		t.Fatal(err)
	}
	because := errors.New("no time")
	err = e.Execute(t.Context(), func() {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(because)
		err := e.Execute(ctx, func() { t.Error("it ran beside the other") })
		if !errors.Is(err, because) {
			t.Errorf("error %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	func() { // what panics gives its place back
		defer func() { _ = recover() }()
		_ = e.Execute(t.Context(), func() { panic("x") })
	}()
	ran := false
	if err := e.Execute(t.Context(), func() { ran = true }); err != nil || !ran {
		t.Errorf("ran %v, error %v", ran, err)
	}
	if _, err := task.NewBounded(0); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("size 0: %v", err)
	}
}

// A task that waits for the executor when its context ends is not answered: nobody has looked at it.
func TestTaskThatWaitsForTheExecutor(t *testing.T) {
	e, err := task.NewBounded(1)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, counting, func(o *task.Options) { o.Executor = e })
	b.Task()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = e.Execute(t.Context(), func() {
		if err := b.handler.Handle(ctx, b.full()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	b.ended(t, task.Fresh, task.Silent, task.Failed)
}
