package activity_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

func newPool(t *testing.T, size int) *activity.Pool {
	t.Helper()
	p, err := activity.NewPool(size)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInPlaceRunsHere(t *testing.T) {
	var executor activity.Executor = activity.InPlace{}
	call := &activity.Call{Definition: define(t, Plain), Input: encode(t, 1)}
	result, err := executor.Execute(t.Context(), call)
	if err != nil || string(result.GetPayloads()[0].GetData()) != `"plain"` {
		t.Errorf("got %v, %v", result, err)
	}
	if executor.Capacity() != 0 || executor.Health() != nil {
		t.Errorf("capacity %d, health %v, want no limit and healthy", executor.Capacity(), executor.Health())
	}
}

func TestPoolBoundsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 2)
		defer p.Close()
		if p.Capacity() != 2 || p.Health() != nil {
			t.Errorf("capacity %d, health %v", p.Capacity(), p.Health())
		}
		var mu sync.Mutex
		running, most := 0, 0
		call := &activity.Call{Definition: define(t, func() error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		})}
		start := time.Now()
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				if _, err := p.Execute(t.Context(), call); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if d := time.Since(start); most != 2 || d != 3*time.Second {
			t.Errorf("at most %d at once for %v, want 2 for 3s", most, d)
		}
	})
}

func TestPoolWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 1)
		defer p.Close()
		slow := &activity.Call{Definition: define(t, func() error { time.Sleep(time.Hour); return nil })}
		go func() { _, _ = p.Execute(t.Context(), slow) }()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(activity.ErrWorkerShutdown) })
		start := time.Now()
		_, err := p.Execute(ctx, slow)
		if !errors.Is(err, activity.ErrWorkerShutdown) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the cause after 1s", err, time.Since(start))
		}
	})
}

func TestPoolClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 1)
		slow := &activity.Call{Definition: define(t, func() error { time.Sleep(time.Minute); return nil })}
		results := make(chan error, 2)
		start := time.Now()
		for range 2 {
			go func() {
				_, err := p.Execute(t.Context(), slow)
				results <- err
			}()
		}
		synctest.Wait()
		p.Close() // waits for the one that runs
		p.Close()
		if d := time.Since(start); d != time.Minute {
			t.Errorf("closed after %v, want 1m", d)
		}
		first, second := <-results, <-results
		if !errors.Is(first, activity.ErrPoolClosed) || second != nil {
			t.Errorf("got %v and %v, want the waiting call refused and the other done", first, second)
		}
		if !errors.Is(p.Health(), activity.ErrPoolClosed) {
			t.Errorf("health is %v", p.Health())
		}
		if _, err := p.Execute(t.Context(), slow); !errors.Is(err, activity.ErrPoolClosed) {
			t.Errorf("a closed pool answered %v", err)
		}
	})
}

func TestPoolSurvivesGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 1)
		defer p.Close()
		exits := &activity.Call{Definition: define(t, func() error { runtime.Goexit(); return nil })}
		for range 3 {
			_, err := p.Execute(t.Context(), exits)
			if err == nil || !strings.Contains(err.Error(), "Goexit") {
				t.Errorf("got %v, want an error about Goexit", err)
			}
		}
		call := &activity.Call{Definition: define(t, Other)}
		if _, err := p.Execute(t.Context(), call); err != nil {
			t.Errorf("the pool lost its goroutine: %v", err)
		}
	})
}

func TestPoolSizeIsChecked(t *testing.T) {
	for _, size := range []int{0, -1} {
		if _, err := activity.NewPool(size); err == nil {
			t.Errorf("size %d was accepted", size)
		}
	}
}

func BenchmarkPool(b *testing.B) {
	p, err := activity.NewPool(2)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	call := &activity.Call{Definition: define(b, Other)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Execute(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
}
