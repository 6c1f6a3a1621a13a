package poller_test

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// goroutine is what the present one is called.
func goroutine() string {
	var text [64]byte
	_, rest, _ := bytes.Cut(text[:runtime.Stack(text[:], false)], []byte(" "))
	name, _, _ := bytes.Cut(rest, []byte(" "))
	return string(name)
}

// hands is how many goroutines are those of pollers.
func hands() int {
	all := make([]byte, 1<<20)
	return bytes.Count(all[:runtime.Stack(all, true)], []byte(").work("))
}

// A crew is which goroutines poll and which have had a task.
type crew struct {
	mu      sync.Mutex
	polling map[string]bool
	worked  map[string]bool
}

// crewed has each task take a second, and notes who polls and who works.
func crewed(o *options) *crew {
	c := &crew{polling: make(map[string]bool), worked: make(map[string]bool)}
	source := o.Source
	o.Source = poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
		c.note(c.polling, true)
		defer c.note(c.polling, false)
		return source.Poll(ctx)
	})
	o.Handle = func(_ context.Context, _ int, k *ticket) {
		c.note(c.worked, true)
		time.Sleep(time.Second)
		k.Return()
	}
	return c
}

func (c *crew) note(where map[string]bool, in bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in {
		where[goroutine()] = true
		return
	}
	delete(where, goroutine())
}

// veterans is how many of those that poll have had a task.
func (c *crew) veterans() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.polling {
		if c.worked[name] {
			n++
		}
	}
	return n
}

// Goroutines are kept while tasks come, and no longer: what they take is memory.
func TestHandsGoHomeWhenNoTaskComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const polls, burst = 20, 30
		var c *crew
		r := newRig(t, 100, func(o *options) {
			o.Scaler = poller.Fixed(polls)
			c = crewed(o)
		})
		r.run(t.Context())
		synctest.Wait()
		quiet := hands()
		for round := range 2 {
			for i := range burst {
				r.queue.tasks <- i
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			busy := hands()
			if busy < quiet+burst/2 {
				t.Errorf("round %d: %d hands after %d tasks at once, %d before: none were kept", round, busy, burst, quiet)
			}
			// So rarely that polls of the minute before end without one.
			for range 40 {
				r.queue.tasks <- 0
				time.Sleep(5 * time.Second)
			}
			synctest.Wait()
			if got := hands(); got != busy || r.Status().Empties == 0 {
				t.Errorf("round %d: %d hands while tasks come, and %d empty polls, want %d hands and some", round,
					got, r.Status().Empties, busy)
			}
			time.Sleep(2 * longPoll)
			synctest.Wait()
			if got := hands(); got != quiet {
				t.Errorf("round %d: %d hands long after the last task, want the %d from before", round, got, quiet)
			}
			if got := c.veterans(); got != 0 {
				t.Errorf("round %d: %d of %d polls are on stacks that may have grown", round, got, polls)
			}
			if got := r.Status().InFlight; got != polls {
				t.Errorf("round %d: %d polls are in flight, want %d", round, got, polls)
			}
		}
		r.stop(t)
	})
}

// A goroutine that had a task which came another way has as much of a stack to give back.
func TestHandsOfExpectedTasksGoHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *crew
		r := start(t, func(o *options) {
			o.Scaler = poller.Fixed(1)
			c = crewed(o)
		})
		r.mustExpect(t).Run(1)
		time.Sleep(2 * time.Second)
		r.queue.tasks <- 2 // the hand that is parked takes the seat
		time.Sleep(time.Second / 2)
		if got := c.veterans(); got != 1 {
			t.Errorf("%d polls are on the stack of the expected task, want 1", got)
		}
		time.Sleep(3 * longPoll)
		if got := c.veterans(); got != 0 {
			t.Errorf("%d polls are on stacks that may have grown", got)
		}
		r.stop(t)
	})
}
