package watchdog_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/watchdog"
)

// A scene is a dog with a bell on its bark.
type scene struct {
	dog     *watchdog.Dog
	watch   coro.Watch
	barked  chan time.Duration
	started time.Time
}

func newScene(limit time.Duration) *scene {
	s := &scene{barked: make(chan time.Duration, 10)}
	s.dog = watchdog.New(limit, &s.watch, func(after time.Duration) { s.barked <- after })
	return s
}

func (s *scene) start() {
	s.started = time.Now()
	s.dog.Start()
}

// barks checks that the dog barks for the reason after, when at least that has
// passed and not much more.
func (s *scene) barks(t *testing.T, after time.Duration) {
	t.Helper()
	if got := <-s.barked; got != after {
		t.Errorf("the dog barked after %v, want %v", got, after)
	}
	if took := time.Since(s.started); took < after || took > after+after/5 {
		t.Errorf("it took %v, want a little more than %v", took, after)
	}
	if s.dog.Done() {
		t.Error("work that was barked at is reported as done")
	}
}

func (s *scene) quiet(t *testing.T) {
	t.Helper()
	if !s.dog.Done() {
		t.Errorf("the dog barked after %v", time.Since(s.started))
	}
	time.Sleep(time.Hour)
	if len(s.barked) > 0 {
		t.Error("the dog barked at work that was done")
	}
}

func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestTheDogBarks(t *testing.T) {
	for _, limit := range []time.Duration{50 * time.Millisecond, time.Second, time.Hour} {
		bubble(t, limit.String(), func(t *testing.T) {
			s := newScene(limit)
			s.start()
			s.barks(t, limit)
			s.start() // and again
			s.barks(t, limit)
		})
	}
}

func TestTheDogIsQuiet(t *testing.T) {
	bubble(t, "when work is done in time", func(t *testing.T) {
		s := newScene(time.Second)
		for range 100 { // together far more than the limit
			s.start()
			time.Sleep(990 * time.Millisecond)
			if !s.dog.Done() {
				t.Fatal("the dog barked")
			}
		}
	})
	bubble(t, "when it has nothing to watch", func(t *testing.T) {
		s := newScene(time.Second)
		s.start()
		s.quiet(t)
		s.start()
		s.barks(t, time.Second)
	})
	bubble(t, "about conversions", func(t *testing.T) {
		s := newScene(time.Second)
		s.start()
		s.watch.Converting.Add(1)
		time.Sleep(25 * time.Second)
		s.watch.Converting.Add(-1)
		time.Sleep(900 * time.Millisecond)
		s.quiet(t)
	})
	bubble(t, "about conversions that may take for ever", func(t *testing.T) {
		s := newScene(time.Second)
		s.start()
		s.watch.Converting.Add(1) // one in the other
		s.watch.Exempt.Add(1)
		time.Sleep(5 * time.Minute)
		s.watch.Exempt.Add(-1)
		s.watch.Converting.Add(-1)
		s.quiet(t)
	})
}

func TestConversionsHaveALimit(t *testing.T) {
	bubble(t, "of their own", func(t *testing.T) {
		s := newScene(time.Second)
		s.start()
		s.watch.Converting.Add(1)
		s.barks(t, 30*time.Second)
	})
}

// What is stuck is a coroutine, not a task of many coroutines.
func TestEverySwitchStartsTheClockAnew(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := newScene(time.Second)
		d := coro.Dispatcher{Watch: &s.watch}
		for range 10 {
			d.Go("", func(*coro.Coroutine) { time.Sleep(900 * time.Millisecond) })
		}
		s.start()
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		s.quiet(t)

		s.start()
		var wg sync.WaitGroup
		release := make(chan struct{})
		e := coro.Dispatcher{Watch: &s.watch}
		e.Go("first", func(*coro.Coroutine) { time.Sleep(900 * time.Millisecond) })
		e.Go("slow", func(*coro.Coroutine) { <-release })
		wg.Go(func() { e.Run() })
		time.Sleep(900 * time.Millisecond)
		s.started = time.Now()
		s.barks(t, time.Second)
		close(release)
		wg.Wait()
		e.Close()
	})
}

// On the real clock and the real scheduler: work that is given a fraction of the
// time that it takes is not stuck.
func TestAMachineWithoutTimeIsNotADeadlock(t *testing.T) {
	const limit = 100 * time.Millisecond
	var enough atomic.Bool
	var others sync.WaitGroup
	for range 16 * runtime.GOMAXPROCS(0) {
		others.Go(func() {
			for !enough.Load() { // all that it does is to be in the way
			}
		})
	}
	s := newScene(limit)
	s.start()
	for time.Since(s.started) < 5*limit { // it gets a sixteenth of that
	}
	quiet := s.dog.Done()
	enough.Store(true)
	others.Wait()
	if !quiet {
		t.Errorf("the dog barked at work that had a sixteenth of %v", time.Since(s.started))
	}
}
