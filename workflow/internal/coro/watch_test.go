package coro_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// block waits for something that no dispatcher knows.
func block(c chan struct{}) { <-c }

func TestTheCoroutineThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w coro.Watch
		d := coro.Dispatcher{Watch: &w}
		release := make(chan struct{})
		for i := range 1000 { // their names must not be in the way
			d.Go("short "+strconv.Itoa(i), func(*coro.Coroutine) {})
		}
		d.Go("parked", func(c *coro.Coroutine) { c.Park("for ever") })
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		d.Go("stuck", func(*coro.Coroutine) { block(release) })
		d.Go("after", func(*coro.Coroutine) { t.Error("a run that was abandoned went on") })
		ended := make(chan *coro.Panic)
		go w.Enter(func() { ended <- d.Run() })
		synctest.Wait()
		name, stack := w.Stuck()
		if name != "stuck" || !strings.Contains(stack, "coro_test.block(") || strings.Contains(stack, "coro.(") {
			t.Errorf("got %q with stack\n%s", name, stack)
		}
		w.Abandon()
		close(release)
		if p := <-ended; p == nil {
			t.Error("a run that was abandoned ended as if nothing were wrong")
		}
		if name, stack := w.Stuck(); name != "" || !strings.Contains(stack, "not found") {
			t.Errorf("nothing runs, and yet %q is stuck:\n%s", name, stack)
		}
		d.Close()
	})
}

func TestSwitchesAreCountedWhenAsked(t *testing.T) {
	var w coro.Watch
	d := coro.Dispatcher{Watch: &w}
	for range 10 {
		d.Go("", func(c *coro.Coroutine) { c.Yield("once") })
	}
	w.Ask()
	if p := d.Run(); p != nil || w.Switches() != 1 {
		t.Errorf("got %d switches, want the one that was asked for", w.Switches())
	}
}

func TestWhatIsStuckOutsideOfCoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w, other coro.Watch
		release := make(chan struct{})
		go other.Enter(func() { <-release })
		go w.Enter(func() { block(release) })
		synctest.Wait()
		if name, stack := w.Stuck(); name != "" || !strings.Contains(stack, "coro_test.block(") {
			t.Errorf("got %q with stack\n%s", name, stack)
		}
		close(release)
	})
}
