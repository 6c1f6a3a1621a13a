package coro_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// A trace is what coroutines did, in order.
type trace []string

func (tr *trace) add(s string) { *tr = append(*tr, s) }

func check(t *testing.T, got trace, want ...string) {
	t.Helper()
	if !slices.Equal(got, trace(want)) {
		t.Errorf("got order  %q\nwant order %q", got, want)
	}
}

func TestChildRunsLaterInTheSamePass(t *testing.T) {
	var d coro.Dispatcher
	var tr trace
	d.Go("root", func(*coro.Coroutine) {
		d.Go("child", func(*coro.Coroutine) { tr.add("child") })
		tr.add("root")
	})
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	check(t, tr, "root", "child")
	if n := d.Live(); n != 0 {
		t.Errorf("got %d live coroutines, want 0", n)
	}
}

func TestEagerRunsRightAfterItsMaker(t *testing.T) {
	var d coro.Dispatcher
	var tr trace
	d.Go("a", func(*coro.Coroutine) {
		d.Go("later", func(*coro.Coroutine) { tr.add("later") })
		d.GoEager("eager", func(*coro.Coroutine) { tr.add("eager") })
		tr.add("a")
	})
	d.Go("b", func(*coro.Coroutine) { tr.add("b") })
	d.GoEager("first", func(*coro.Coroutine) { tr.add("first") })
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	check(t, tr, "first", "a", "eager", "b", "later")
}

func TestWokenBefore(t *testing.T) {
	for _, tt := range []struct {
		name         string
		sleeperFirst bool
		want         []string
	}{
		{
			"earlier in the list runs in the next pass", true,
			[]string{"sleep", "wake", "other", "woken"},
		},
		{
			"later in the list runs in the same pass", false,
			[]string{"wake", "other", "sleep", "woken"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d coro.Dispatcher
			var tr trace
			var sleeper *coro.Coroutine
			ready := false
			sleep := func(c *coro.Coroutine) {
				tr.add("sleep")
				for !ready {
					c.Park("sleeping")
				}
				c.Advance()
				tr.add("woken")
			}
			wake := func(*coro.Coroutine) {
				tr.add("wake")
				ready = true
				sleeper.Wake()
			}
			if tt.sleeperFirst {
				sleeper = d.Go("sleeper", sleep)
			}
			d.Go("waker", wake)
			d.Go("other", func(*coro.Coroutine) { tr.add("other") })
			if !tt.sleeperFirst {
				sleeper = d.Go("sleeper", sleep)
			}
			if p := d.Run(); p != nil {
				t.Fatal(p)
			}
			check(t, tr, tt.want...)
		})
	}
}

func TestPollersAreAskedAgainAfterProgress(t *testing.T) {
	var d coro.Dispatcher
	n, asked := 0, 0
	d.Go("poller", func(c *coro.Coroutine) {
		for asked++; n < 1; asked++ {
			c.Poll("await")
		}
		c.Advance()
		n++
	})
	d.Go("setter", func(*coro.Coroutine) { n = 1 })
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	if n != 2 || asked != 2 {
		t.Errorf("got n=%d after %d checks, want 2 after 2", n, asked)
	}
}

func TestBlockedPollersEndTheRun(t *testing.T) {
	var d coro.Dispatcher
	asked := 0
	d.Go("poller", func(c *coro.Coroutine) {
		for {
			asked++
			c.Poll("await")
		}
	})
	for run := 1; run <= 2; run++ {
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
	}
	if asked != 3 { // first pass, the pass that its start asked for, second run
		t.Errorf("condition checked %d times in two runs, want 3", asked)
	}
	d.Close()
}

func TestStacksShowWhereCoroutinesWait(t *testing.T) {
	var d coro.Dispatcher
	woken := false
	c := d.Go("first", func(c *coro.Coroutine) {
		waitDeepDown(c)
		woken = true
	})
	d.Go("second", func(c *coro.Coroutine) { c.Park("other") })
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	got := d.Stacks()
	for _, want := range []string{"coroutine first [deep]:\n", "waitDeepDown", "\n\ncoroutine second [other]:\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("stacks lack %q:\n%s", want, got)
		}
	}
	if woken {
		t.Error("describing a coroutine woke it")
	}
	c.Wake()
	if p := d.Run(); p != nil || !woken {
		t.Errorf("after the description: got %v and woken=%t, want it to run on", p, woken)
	}
	d.Close()
}

func waitDeepDown(c *coro.Coroutine) { c.Park("deep") }

func TestIdleMakesMoreWork(t *testing.T) {
	var d coro.Dispatcher
	var tr trace
	calls := 0
	d.Idle = func() bool {
		calls++
		if calls == 1 {
			d.GoEager("queued", func(*coro.Coroutine) { tr.add("queued") })
			return true
		}
		return false
	}
	d.Go("root", func(*coro.Coroutine) { tr.add("root") })
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	check(t, tr, "root", "queued")
}

func TestPanicKeepsItsStack(t *testing.T) {
	var d coro.Dispatcher
	d.Go("root", func(*coro.Coroutine) { explode() })
	p := d.Run()
	if p == nil {
		t.Fatal("the panic was lost")
	}
	if p.Value != "boom" || p.Coroutine != "root" || !strings.Contains(p.Stack, "explode") {
		t.Errorf("got value %v of %q with stack\n%s\nwant boom of root, in explode",
			p.Value, p.Coroutine, p.Stack)
	}
}

func explode() { panic("boom") }

func TestGoexitIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a coroutine stays
		var d coro.Dispatcher
		var tr trace
		d.Go("root", func(*coro.Coroutine) {
			defer tr.add("root unwound")
			runtime.Goexit()
		})
		d.Go("other", func(*coro.Coroutine) { tr.add("other") })
		if p := d.Run(); p == nil || !p.Goexit || !strings.Contains(p.Stack, "TestGoexitIsReported") {
			t.Errorf("got %+v, want a report of Goexit", p)
		}
		d.Close()
		check(t, tr, "root unwound")
		var w coro.Watch
		if p := w.Aside(func(*coro.Coroutine) { runtime.Goexit() }); p == nil || !p.Goexit {
			t.Errorf("got %+v, want a report of Goexit", p)
		}
	})
}

func TestCloseRunsDeferredFunctionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a coroutine stays
		var d coro.Dispatcher
		var tr trace
		for _, name := range []string{"a", "b"} {
			d.Go(name, func(c *coro.Coroutine) {
				defer tr.add(name + " unwound")
				defer func() { c.Park("blocking while it unwinds") }()
				defer func() {
					if recover() != nil {
						tr.add("eviction looked like a panic")
					}
				}()
				c.Park("for ever")
				tr.add("ran on")
			})
		}
		d.Go("c", func(c *coro.Coroutine) {
			defer func() { panic("in a deferred function") }()
			c.Park("for ever")
		})
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		d.Go("never started", func(*coro.Coroutine) { tr.add("started") })
		d.Close()
		d.Close()
		check(t, tr, "a unwound", "b unwound")
		if p := d.Run(); p == nil {
			t.Error("a closed dispatcher ran")
		}
	})
}

func TestBlockingFromOutsidePanics(t *testing.T) {
	var d coro.Dispatcher
	c := d.Go("root", func(c *coro.Coroutine) { c.Park("for ever") })
	if p := d.Run(); p != nil {
		t.Fatal(p)
	}
	defer d.Close()
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "wrong Context") {
			t.Errorf("got panic %q, want one about the wrong context", v)
		}
	}()
	c.Park("from outside")
}

func BenchmarkSwitch(b *testing.B) {
	var d coro.Dispatcher
	var ping, pong *coro.Coroutine
	left := b.N
	other := func(c **coro.Coroutine) func(*coro.Coroutine) {
		return func(me *coro.Coroutine) {
			for left > 0 {
				left--
				me.Advance()
				(*c).Wake()
				me.Park("ping-pong")
			}
			(*c).Wake()
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	ping = d.Go("ping", other(&pong))
	pong = d.Go("pong", other(&ping))
	if p := d.Run(); p != nil {
		b.Fatal(p)
	}
}

func TestCoroutinesMadeWhileClosingNeverStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if one stays
		var d coro.Dispatcher
		d.Go("root", func(c *coro.Coroutine) {
			defer d.Go("late", func(*coro.Coroutine) { t.Error("it started") })
			c.Park("for ever")
		})
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		d.Close()
		if n := d.Live(); n != 0 {
			t.Errorf("got %d live coroutines after Close, want 0", n)
		}
	})
}

// Fan-out: many coroutines that end in one pass, and many that stay blocked
// while one goes on.
func BenchmarkManyCoroutines(b *testing.B) {
	const n = 10_000
	b.ReportAllocs()
	for b.Loop() {
		var d coro.Dispatcher
		for range n {
			d.Go("", func(c *coro.Coroutine) { c.Yield("once") })
		}
		if p := d.Run(); p != nil || d.Live() != 0 {
			b.Fatal(p, d.Live())
		}
	}
}

// Runs wait for long: what their coroutines had goes when they end.
func TestWhatHasEndedIsNotKept(t *testing.T) {
	for name, add := range map[string]func(*coro.Dispatcher, func(*coro.Coroutine)){
		"in turn": func(d *coro.Dispatcher, f func(*coro.Coroutine)) { d.Go("", f) },
		"eager":   func(d *coro.Dispatcher, f func(*coro.Coroutine)) { d.GoEager("", f) },
	} {
		t.Run(name, func(t *testing.T) {
			var w coro.Watch
			d := coro.Dispatcher{Watch: &w}
			had := make([]weak.Pointer[[1 << 10]byte], 3)
			d.Go("waits", func(c *coro.Coroutine) {
				for i := range had {
					large := new([1 << 10]byte)
					had[i] = weak.Make(large)
					add(&d, func(*coro.Coroutine) { large[0]++ })
				}
				c.Park("for ever")
			})
			if p := d.Run(); p != nil {
				t.Fatal(p)
			}
			runtime.GC()
			for i := range had {
				if had[i].Value() != nil {
					t.Errorf("that of coroutine %d is still there", i)
				}
			}
			d.Close()
		})
	}
}
