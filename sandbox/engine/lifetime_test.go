package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine"
)

func TestManyInstancesAtOnce(t *testing.T) {
	for name, s := range starts {
		t.Run(name, func(t *testing.T) {
			m := compile(t, engine.Options{Start: s.start})
			var wg sync.WaitGroup
			for n := range 8 {
				wg.Go(func() {
					for range 5 {
						if err := count(t, m, n+1); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// count has an instance count to n, and then fail.
func count(t *testing.T, m *engine.Module, n int) error {
	i, err := m.Start(t.Context(), engine.Host{})
	if err != nil {
		return err
	}
	defer i.Close()
	for want := 1; want <= n; want++ {
		answer, err := i.Call(t.Context(), []byte("count"))
		if err != nil {
			return err
		}
		if string(answer) != fmt.Sprint(want) {
			return fmt.Errorf("it counted %s, want %d", answer, want)
		}
	}
	if _, err = i.Call(t.Context(), []byte("exit 1")); err == nil {
		return errors.New("it went on after os.Exit")
	}
	return nil
}

func TestOneInstanceTakesOneCallAfterAnother(t *testing.T) {
	m := compile(t, engine.Options{})
	i := start(t, m, engine.Host{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if _, err := i.Call(t.Context(), []byte("count")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := ask(t, i, "count"); got != "41" {
		t.Errorf("it counted to %s, want 41", got)
	}
}

// A logger that panics does so where a call has ended, and must not take with it what calls run in.
func TestAHostThatPanicsTakesNothing(t *testing.T) {
	m := compile(t, engine.Options{})
	for range runtime.GOMAXPROCS(0) {
		i := start(t, m, engine.Host{Log: func(line string) {
			if line == "half a line" {
				panic("no log")
			}
		}})
		func() {
			defer func() {
				if p := recover(); p != "no log" {
					t.Errorf("it panicked with %v", p)
				}
			}()
			_, _ = i.Call(t.Context(), []byte("print x"))
		}()
		if _, err := i.Call(t.Context(), []byte("count")); !errors.As(err, new(*engine.DeadError)) {
			t.Errorf("called again: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := start(t, m, engine.Host{}).Call(ctx, []byte("count")); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsClosedSaysSo(t *testing.T) {
	m := compile(t, engine.Options{})
	closed, open := start(t, m, engine.Host{}), start(t, m, engine.Host{})
	closed.Close()
	closed.Close()
	if _, err := closed.Call(t.Context(), nil); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("an instance that is closed: %v", err)
	}
	running := make(chan error)
	go func() {
		_, err := open.Call(t.Context(), []byte("busy 100000"))
		running <- err
	}()
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := <-running; err != nil && !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a call as the module closed: %v", err)
	}
	if _, err := open.Call(t.Context(), nil); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a call of a module that is closed: %v", err)
	}
	if _, err := m.Start(t.Context(), engine.Host{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a start of a module that is closed: %v", err)
	}
}

// holds counts what the process has of the engine: mappings of snapshots, open files, and
// goroutines.
func holds(t *testing.T) [3]int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("no /proc")
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return [3]int{strings.Count(string(maps), "memfd:sandbox"), len(files), runtime.NumGoroutine()}
}

func TestNothingIsLeftBehind(t *testing.T) {
	compile(t, engine.Options{}) // so that guest and cache are there
	before := holds(t)
	m := compile(t, engine.Options{MaxCallTime: time.Second})
	for _, request := range []string{"count", "park", "panic", "exit", "open x", "lock", "eat 100", ""} {
		i := start(t, m, engine.Host{})
		// What it answers is the business of other tests.
		_, _ = i.Call(t.Context(), []byte(request))
		i.Close()
	}
	kept := start(t, m, engine.Host{})
	ask(t, kept, "count")
	want := before[0]
	if mode, _ := m.Mode(); mode == engine.Mapped {
		want += 2 // this one, and one that is as they begin
	}
	if got := holds(t)[0]; got != want {
		t.Errorf("there are %d mappings, want %d", got, want)
	}
	kept.Close()
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if after := holds(t); after != before {
		t.Errorf("mappings, files and goroutines are %v, were %v", after, before)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for says, o := range map[string]engine.Options{
		"Options.MemoryLimit": {MemoryLimit: 1000},
		"4 GiB":               {MemoryLimit: 1 << 33},
		"Options.MaxCallTime": {MaxCallTime: -1},
		"Options.Start":       {Start: 7},
		"Options.CacheDir":    {CacheDir: "/dev/null/x"},
	} {
		file, err := guest()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Compile(t.Context(), file, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
}

func TestWhatIsNoGuestIsRefused(t *testing.T) {
	file, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	for says, file := range map[string]string{
		"not a WebAssembly module":        "#!/bin/sh",
		"ends in the middle":              string(file[:len(file)/2]),
		"does not export mainspring_call": strings.Replace(string(file), "mainspring_call", "mainspring_cull", 1),
		"may import of wasi_snapshot":     strings.Replace(string(file), "wasi_snapshot_preview1\x09proc_exit", "wasi_snapshot_preview2\x09proc_exit", 1),
	} {
		_, err := engine.Compile(t.Context(), []byte(file), engine.Options{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	small := engine.Options{MemoryLimit: 1 << 20}
	if _, err := engine.Compile(t.Context(), file, small); err == nil ||
		!strings.Contains(err.Error(), "Options.MemoryLimit") {
		t.Errorf("got %v, want an error that says that the memory is too small", err)
	}
}
