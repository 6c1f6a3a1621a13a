package coro_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// block waits for something that no dispatcher knows.
func block(c chan struct{}) { <-c }

// abandon leaves behind what w sees, once all in the bubble are blocked.
func abandon(t *testing.T, w *coro.Watch) {
	t.Helper()
	go func() {
		time.Sleep(time.Second)
		free, ok := w.Abandon(w.Stint(), time.Minute)
		if !ok {
			t.Error("what is stuck was not left behind")
			return
		}
		free()
	}()
}

func checkStuck(t *testing.T, s *coro.Stuck, name string) {
	t.Helper()
	if s == nil {
		t.Fatal("nothing was left behind")
	}
	top, _, _ := strings.Cut(s.Stack, "coro_test.")
	if s.Name != name || s.After != time.Minute || !strings.Contains(s.Stack, "coro_test.block(") ||
		strings.Contains(top, "coro.") || strings.Contains(s.Stack, ").body(") {
		t.Errorf("got %q after %v with stack\n%s", s.Name, s.After, s.Stack)
	}
	select {
	case <-s.LetGo():
		t.Error("it is said to have let go")
	default:
	}
}

func TestTheCoroutineThatIsStuck(t *testing.T) {
	for _, tt := range []struct {
		name string
		then func(*coro.Coroutine) // what it does when it is not stuck any more
		want []string
	}{
		{"blocks as it should", func(c *coro.Coroutine) { c.Park("for ever") }, []string{"parked ended", "stuck ended"}},
		{"yields", func(c *coro.Coroutine) { c.Yield("once") }, []string{"parked ended", "stuck ended"}},
		{"blocks while it unwinds", func(c *coro.Coroutine) {
			defer c.Park("for ever")
			panic("boom")
		}, []string{"parked ended", "stuck ended"}},
		{"returns", func(*coro.Coroutine) {}, []string{"returned", "stuck ended", "parked ended"}},
		{"panics", func(*coro.Coroutine) { panic("boom") }, []string{"stuck ended", "parked ended"}},
		{"exits", func(*coro.Coroutine) { runtime.Goexit() }, []string{"stuck ended", "parked ended"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				var w coro.Watch
				d := coro.Dispatcher{Watch: &w}
				var tr trace
				release := make(chan struct{})
				for i := range 1000 { // their names must not be in the way
					d.Go("short "+strconv.Itoa(i), func(*coro.Coroutine) {})
				}
				d.Go("parked", func(c *coro.Coroutine) {
					defer tr.add("parked ended")
					c.Park("for ever")
				})
				if p := d.Run(); p != nil {
					t.Fatal(p)
				}
				d.Go("stuck", func(c *coro.Coroutine) {
					defer tr.add("stuck ended")
					block(release)
					tt.then(c)
					tr.add("returned")
				})
				d.Go("after", func(*coro.Coroutine) { t.Error("a run that was abandoned went on") })
				abandon(t, &w)
				if p := d.Run(); p == nil {
					t.Error("a run that was abandoned ended as if nothing were wrong")
				}
				checkStuck(t, w.Left(), "stuck")
				close(release)
				<-w.Left().LetGo()
				if d.Close() != nil || d.Live() != 0 {
					t.Errorf("got %d live coroutines after Close", d.Live())
				}
				check(t, tr, tt.want...)
			})
		})
	}
}

func TestWhatIsStuckAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w coro.Watch
		if p := w.Aside(func(*coro.Coroutine) {}); p != nil || w.Left() != nil {
			t.Fatalf("got %v and %v of code that is in order", p, w.Left())
		}
		if p := w.Aside(func(*coro.Coroutine) { panic("boom") }); p == nil || p.Value != "boom" {
			t.Errorf("got %v, want the panic", p)
		}
		release := make(chan struct{})
		abandon(t, &w)
		if p := w.Aside(func(*coro.Coroutine) { block(release) }); p != nil {
			t.Errorf("got %v", p)
		}
		checkStuck(t, w.Left(), "")
		close(release)
		<-w.Left().LetGo()
	})
}

func TestDeferredFunctionsThatAreStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
		var w coro.Watch
		d := coro.Dispatcher{Watch: &w}
		var tr trace
		release := make(chan struct{})
		d.Go("first", func(c *coro.Coroutine) {
			defer tr.add("first unwound")
			c.Park("for ever")
		})
		d.Go("stuck", func(c *coro.Coroutine) {
			defer tr.add("stuck unwound")
			defer d.Go("late", func(*coro.Coroutine) { t.Error("it started") })
			defer block(release)
			c.Park("for ever")
		})
		d.Go("last", func(c *coro.Coroutine) {
			defer tr.add("last unwound")
			c.Park("for ever")
		})
		if p := d.Run(); p != nil {
			t.Fatal(p)
		}
		abandon(t, &w)
		checkStuck(t, d.Close(), "stuck")
		check(t, tr, "first unwound")
		time.AfterFunc(time.Second, func() { close(release) })
		if s := d.Close(); s != nil {
			t.Errorf("got %+v from the Close that waits", s)
		}
		check(t, tr, "first unwound", "stuck unwound", "last unwound")
	})
}

func TestStints(t *testing.T) {
	var w coro.Watch
	d := coro.Dispatcher{Watch: &w}
	seen := map[uint64]bool{0: true}
	for range 10 {
		d.Go("", func(c *coro.Coroutine) {
			for range 2 {
				if s := w.Stint(); seen[s] || s != w.Stint() {
					t.Errorf("stint %d is not one of its own", s)
				} else {
					seen[s] = true
				}
				c.Yield("once")
			}
		})
	}
	p := d.Run()
	if p != nil || w.Stint() != 0 {
		t.Errorf("got %v, and stint %d goes on", p, w.Stint())
	}
	for s := range seen {
		if _, ok := w.Abandon(s, time.Second); ok {
			t.Errorf("a coroutine was left behind in stint %d, which is over", s)
		}
	}
}

// deep waits at the end of a stack as deep as those of most programs.
func deep(n int, c chan struct{}) {
	if n > 0 {
		deep(n-1, c)
		return
	}
	block(c)
}

// What it costs to leave a coroutine behind in a process of many goroutines: all of it is to
// find its stack.
func BenchmarkAbandon(b *testing.B) {
	for _, others := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(others)+" goroutines", func(b *testing.B) {
			release := make(chan struct{})
			for range others {
				go deep(10, release)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				var w coro.Watch
				d := coro.Dispatcher{Watch: &w}
				stuck, freed, letGo := make(chan struct{}), make(chan struct{}), make(chan struct{})
				d.Go("stuck", func(*coro.Coroutine) { close(stuck); block(letGo) })
				go func() {
					<-stuck
					b.StartTimer()
					free, _ := w.Abandon(w.Stint(), time.Minute)
					b.StopTimer()
					close(freed)
					free()
				}()
				d.Run()
				<-freed
				if s := w.Left(); !strings.Contains(s.Stack, "coro_test.block(") {
					b.Fatalf("got stack %q", s.Stack)
				}
				close(letGo)
				<-w.Left().LetGo()
				d.Close()
				b.StartTimer()
			}
			close(release)
		})
	}
}
