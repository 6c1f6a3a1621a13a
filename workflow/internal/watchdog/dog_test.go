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

// A scene is a dog and what it watches.
type scene struct {
	dogs  *watchdog.Kennel
	watch coro.Watch
}

func newScene(limit time.Duration) *scene {
	return &scene{dogs: watchdog.New(limit)}
}

// does lets the dog watch f, and returns what was left behind.
func (s *scene) does(f func()) *coro.Stuck {
	defer s.dogs.Watch(&s.watch).Done()
	s.watch.Aside(func(*coro.Coroutine) { f() })
	return s.watch.Left()
}

// barks checks that f is left behind for the reason after, when at least that has
// passed and not much more.
func (s *scene) barks(t *testing.T, after time.Duration, f func()) {
	t.Helper()
	started := time.Now()
	stuck := s.does(f)
	if stuck == nil || stuck.After != after {
		t.Fatalf("the dog saw %+v, want it to bark after %v", stuck, after)
	}
	if took := time.Since(started); took < after || took > after+after/5 {
		t.Errorf("it took %v, want a little more than %v", took, after)
	}
	<-stuck.LetGo()
}

func (s *scene) quiet(t *testing.T, f func()) {
	t.Helper()
	if stuck := s.does(f); stuck != nil {
		t.Fatalf("the dog barked after %v", stuck.After)
	}
	time.Sleep(time.Hour)
	if s.watch.Left() != nil {
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
			newScene(limit).barks(t, limit, func() { time.Sleep(2 * limit) })
		})
	}
	bubble(t, "after work that was in order", func(t *testing.T) {
		s := newScene(time.Second)
		s.quiet(t, func() { time.Sleep(900 * time.Millisecond) })
		s.barks(t, time.Second, func() { time.Sleep(2 * time.Second) })
	})
}

func TestTheDogIsQuiet(t *testing.T) {
	bubble(t, "when work is done in time", func(t *testing.T) {
		s := newScene(time.Second)
		for range 100 { // together far more than the limit
			if stuck := s.does(func() { time.Sleep(990 * time.Millisecond) }); stuck != nil {
				t.Fatal("the dog barked")
			}
		}
	})
	bubble(t, "when it has nothing to watch", func(t *testing.T) {
		s := newScene(time.Second)
		s.quiet(t, func() {})
		s.watch.Aside(func(*coro.Coroutine) { time.Sleep(time.Hour) })
		if s.watch.Left() != nil {
			t.Error("the dog barked at work that it was not told of")
		}
	})
	bubble(t, "when no code runs", func(t *testing.T) {
		s := newScene(time.Second)
		dog := s.dogs.Watch(&s.watch)
		time.Sleep(time.Hour)
		dog.Done()
		s.quiet(t, func() {})
	})
	bubble(t, "about conversions", func(t *testing.T) {
		s := newScene(time.Second)
		s.quiet(t, func() {
			s.watch.Converting.Add(1)
			time.Sleep(25 * time.Second)
			s.watch.Converting.Add(-1)
			time.Sleep(900 * time.Millisecond)
		})
	})
	bubble(t, "about conversions that may take for ever", func(t *testing.T) {
		s := newScene(time.Second)
		s.quiet(t, func() {
			s.watch.Converting.Add(1) // one in the other
			s.watch.Exempt.Add(1)
			time.Sleep(5 * time.Minute)
			s.watch.Exempt.Add(-1)
			s.watch.Converting.Add(-1)
		})
	})
}

func TestConversionsHaveALimit(t *testing.T) {
	bubble(t, "of their own", func(t *testing.T) {
		s := newScene(time.Second)
		s.barks(t, 30*time.Second, func() {
			s.watch.Converting.Add(1)
			time.Sleep(time.Minute)
		})
	})
}

// One run after the other has the same dog, whose clock must not go on.
func TestADogOfAnotherRunStartsAnew(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := newScene(time.Second)
		for range 5 {
			s.watch = coro.Watch{}
			if stuck := s.does(func() { time.Sleep(900 * time.Millisecond) }); stuck != nil {
				t.Fatalf("the dog barked after %v", stuck.After)
			}
		}
		s.watch = coro.Watch{}
		s.barks(t, time.Second, func() { time.Sleep(2 * time.Second) })
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
		defer s.dogs.Watch(&s.watch).Done()
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		if s.watch.Left() != nil {
			t.Fatal("the dog barked")
		}

		started := time.Now()
		d.Go("first", func(*coro.Coroutine) { time.Sleep(900 * time.Millisecond) })
		d.Go("slow", func(*coro.Coroutine) { time.Sleep(10 * time.Second) })
		d.Run()
		stuck := s.watch.Left()
		if took := time.Since(started); stuck == nil || stuck.Name != "slow" || took < 1900*time.Millisecond ||
			took > 2100*time.Millisecond {
			t.Fatalf("after %v the dog saw %+v, want it to bark at the slow one", took, stuck)
		}
		<-stuck.LetGo()
		d.Close()
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
	started := time.Now()
	stuck := s.does(func() {
		for time.Since(started) < 5*limit { // it gets a sixteenth of that
		}
	})
	enough.Store(true)
	others.Wait()
	if stuck != nil {
		t.Errorf("the dog barked at work that had a sixteenth of %v", time.Since(started))
	}
}
