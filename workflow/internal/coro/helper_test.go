package coro_test

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// A jobFunc is a job.
type jobFunc func()

func (f jobFunc) Do() { f() }

// A helped run has helpers.
type helpedRun struct {
	coro.Dispatcher
	watch coro.Watch
}

func newHelpedRun() *helpedRun {
	r := &helpedRun{}
	r.Watch = &r.watch
	return r
}

// activate runs what there is, as a runner does.
func (r *helpedRun) activate(s *coro.Helpers) *coro.Panic {
	r.watch.Join(s)
	p := r.Run()
	if r.watch.Left() == nil {
		r.watch.Rest(r.Live() == 0)
	}
	return p
}

// close ends the run, as a runner does.
func (r *helpedRun) close() {
	for r.Close() != nil {
	}
	r.watch.Rest(true)
}

// goroutine returns the first line of the dump of the caller's, which names it.
func goroutine() string {
	buf := make([]byte, 64)
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), " [")
	return head
}

func TestHelpersAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a helper stays
		var s coro.Helpers
		helpers := map[string]int{}
		for range 3 { // the second and third time there are none any more
			runs := []*helpedRun{newHelpedRun(), newHelpedRun()}
			for _, r := range runs {
				r.Go("", func(c *coro.Coroutine) {
					for range 3 {
						mine, has := goroutine(), ""
						r.watch.Help(jobFunc(func() { has = goroutine() }))
						if has == mine {
							t.Error("a coroutine did its job itself")
						}
						helpers[has]++
						c.Yield("once")
					}
					c.Park("for ever")
				})
			}
			for _, r := range runs {
				if p := r.activate(&s); p != nil {
					t.Fatal(p)
				}
			}
			for _, r := range runs {
				r.close()
				r.close()
			}
		}
		for name, jobs := range helpers {
			if jobs != 6 {
				t.Errorf("%s had %d jobs, want those of two runs, 6", name, jobs)
			}
		}
	})
}

func TestHelpIsForCoroutines(t *testing.T) {
	var s coro.Helpers
	var none *coro.Watch
	driven := newHelpedRun()
	driven.watch.Join(&s)
	defer driven.watch.Rest(true)
	for _, w := range []*coro.Watch{none, {}, &driven.watch} {
		has := ""
		w.Help(jobFunc(func() { has = goroutine() }))
		if has != goroutine() {
			t.Error("a helper was asked where no coroutine runs")
		}
	}
}

func fallOver() { panic("boom") }

func TestWhatHelpersDieOf(t *testing.T) {
	again := func(w *coro.Watch) {
		defer func() {
			if v := recover(); v != "boom" {
				panic("the panic of a helper is lost")
			}
			panic("own")
		}()
		w.Help(jobFunc(fallOver))
	}
	for _, tt := range []struct {
		name  string
		code  func(w *coro.Watch)
		value any
		stack []string // in this order
	}{
		{"panic", func(w *coro.Watch) { w.Help(jobFunc(fallOver)) }, "boom", []string{"coro_test.fallOver(", "coro_test.callsForHelp("}},
		{"exit", func(w *coro.Watch) { w.Help(jobFunc(runtime.Goexit)) }, "workflow code called runtime.Goexit", nil},
		{"a panic of its own, after one of a helper", func(w *coro.Watch) {
			func() {
				defer func() { _ = recover() }()
				w.Help(jobFunc(fallOver))
			}()
			panic("own")
		}, "own", []string{"coro_test.callsForHelp("}},
		{"a panic because of one of a helper", again, "own", []string{"coro_test.fallOver(", "coro_test.callsForHelp("}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				var s coro.Helpers
				r := newHelpedRun()
				r.Go("", func(*coro.Coroutine) { callsForHelp(&r.watch, tt.code) })
				p := r.activate(&s)
				if p == nil || p.Value != tt.value {
					t.Fatalf("got %+v, want %v", p, tt.value)
				}
				rest := p.Stack
				for _, want := range tt.stack {
					_, after, ok := strings.Cut(rest, want)
					if !ok {
						t.Errorf("the stack lacks %s, or has it too early:\n%s", want, p.Stack)
					}
					rest = after
				}
				if len(tt.stack) == 1 && strings.Contains(p.Stack, "fallOver") {
					t.Errorf("the stack is that of another panic:\n%s", p.Stack)
				}
				r.close()
			})
		})
	}
}

func callsForHelp(w *coro.Watch, code func(*coro.Watch)) { code(w) }

func TestWhoIsStuckWhileItIsHelped(t *testing.T) {
	for _, tt := range []struct {
		name string
		then func()
	}{
		{"returns", func() {}}, {"panics", fallOver}, {"exits", runtime.Goexit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				var s coro.Helpers
				r := newHelpedRun()
				var tr trace
				release := make(chan struct{})
				r.Go("parked", func(c *coro.Coroutine) {
					defer tr.add("parked ended")
					r.watch.Help(jobFunc(func() { tr.add("parked helped") }))
					c.Park("for ever")
				})
				r.Go("stuck", func(c *coro.Coroutine) {
					defer tr.add("stuck ended")
					callsForHelp(&r.watch, func(w *coro.Watch) {
						w.Help(jobFunc(func() {
							block(release)
							tt.then()
						}))
					})
					c.Park("for ever")
				})
				abandon(t, &r.watch)
				if p := r.activate(&s); p == nil {
					t.Error("a run that was abandoned ended as if nothing were wrong")
				}
				checkStuck(t, r.watch.Left(), "stuck")
				if stack := r.watch.Left().Stack; strings.Count(stack, "coro_test.block(") != 1 ||
					strings.Count(stack, "coro_test.callsForHelp(") != 1 {
					t.Errorf("this is not the stack of the helper and of who asked:\n%s", stack)
				}
				close(release)
				<-r.watch.Left().LetGo()
				r.close()
				if n := r.Live(); n != 0 || len(tr) != 3 {
					t.Errorf("got %d live coroutines and %q", n, tr)
				}
			})
		})
	}
}

func TestWhoBlocksWhileItIsHelped(t *testing.T) {
	for _, woken := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
			var s coro.Helpers
			r := newHelpedRun()
			var tr trace
			first := r.Go("first", func(c *coro.Coroutine) {
				defer tr.add("first ended")
				r.watch.Help(jobFunc(func() { c.Park("in a job") }))
				tr.add("first was helped")
			})
			r.Go("second", func(*coro.Coroutine) { r.watch.Help(jobFunc(func() { tr.add("second was helped") })) })
			if p := r.activate(&s); p != nil {
				t.Fatal(p)
			}
			check(t, tr, "second was helped")
			if !woken {
				r.close()
				check(t, tr, "second was helped", "first ended")
				return
			}
			first.Wake()
			if p := r.activate(&s); p != nil {
				t.Fatal(p)
			}
			r.close()
			check(t, tr, "second was helped", "first was helped", "first ended")
		})
	}
}

// Helpers end with the last run, and caches may be closed where a goroutine is locked to its thread.
func TestTheLastRunEndsOnALockedThread(t *testing.T) {
	var s coro.Helpers
	r := newHelpedRun()
	r.Go("", func(c *coro.Coroutine) {
		r.watch.Help(jobFunc(func() {}))
		c.Park("for ever")
	})
	if p := r.activate(&s); p != nil {
		t.Fatal(p)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r.close()
}
