package coro_test

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

func TestCoroutinesOfALockedCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var w coro.Watch
		d := coro.Dispatcher{Watch: &w}
		var tr trace
		release := make(chan struct{})
		coro.Unlocked(func() {
			d.Go("other", func(c *coro.Coroutine) {
				defer tr.add("other ended")
				c.Park("for ever")
			})
			d.Go("stuck", func(*coro.Coroutine) { block(release) })
			abandon(t, &w)
			d.Run()
		})
		checkStuck(t, w.Left(), "stuck")
		close(release)
		<-w.Left().LetGo()
		d.Close()
		check(t, tr, "other ended")
	})
}

func TestUnlockedHandsOn(t *testing.T) {
	var got any
	func() {
		defer func() { got = recover() }()
		coro.Unlocked(func() { panic("boom") })
	}()
	if got != "boom" {
		t.Errorf("got panic %v, want boom", got)
	}
	exited := true
	var wg sync.WaitGroup
	wg.Go(func() {
		coro.Unlocked(runtime.Goexit)
		exited = false
	})
	wg.Wait()
	if !exited {
		t.Error("the end of a goroutine was lost")
	}
}
