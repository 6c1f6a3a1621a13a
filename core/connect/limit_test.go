package connect_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/core/connect"
)

// endsIn is how long it is until the deadline of a context.
func endsIn(ctx context.Context, t *testing.T) time.Duration {
	t.Helper()
	until, ok := ctx.Deadline()
	if !ok {
		t.Fatal("there is no deadline")
	}
	return time.Until(until)
}

func TestCallsShareADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := connect.NewLimit(20 * time.Second)
		first, leave := l.Bound(t.Context())
		if d := endsIn(first, t); d != 20*time.Second {
			t.Errorf("the first call ends in %v", d)
		}
		time.Sleep(time.Second)
		second, leaveSecond := l.Bound(t.Context())
		if d := endsIn(second, t); d != 19*time.Second || second != first {
			t.Errorf("a call that begins shortly after the first ends in %v", d)
		}
		time.Sleep(time.Nanosecond)
		third, leaveThird := l.Bound(t.Context())
		if d := endsIn(third, t); d != 20*time.Second {
			t.Errorf("a later call ends in %v", d)
		}
		leave()
		if first.Err() != nil {
			t.Errorf("a call under way was ended: %v", first.Err())
		}
		leaveSecond()
		if first.Err() == nil {
			t.Error("a context without calls was kept")
		}
		leaveThird()
		if again, _ := l.Bound(t.Context()); again != third || again.Err() != nil {
			t.Error("the deadline of the last moment is not used any more")
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if !errors.Is(third.Err(), context.DeadlineExceeded) {
			t.Errorf("at the deadline: %v", third.Err())
		}
	})
}

func TestALimitTakesCallsOfAllContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := connect.NewLimit(20 * time.Second)
		l.Bound(t.Context())
		near, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if ctx, _ := l.Bound(near); ctx != near {
			t.Errorf("a call that ends in a second ends in %v", endsIn(ctx, t))
		}
		other, cancel := context.WithCancel(t.Context())
		ctx, leave := l.Bound(other)
		if d := endsIn(ctx, t); d != 20*time.Second {
			t.Errorf("a call in another context ends in %v", d)
		}
		cancel()
		if ctx.Err() == nil {
			t.Error("a call outlives its context")
		}
		leave()
	})
}

func TestCallsThatShareEndWithTheirContext(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	ctx, leave := connect.NewLimit(time.Hour).Bound(parent)
	defer leave()
	cancel()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("the context is at %v", ctx.Err())
	}
}

// incomparable contexts must not be compared.
type incomparable struct {
	context.Context
	_ []int
}

func TestALimitOfContextsThatCannotBeCompared(t *testing.T) {
	l := connect.NewLimit(time.Hour)
	parent := incomparable{Context: t.Context()}
	first, leave := l.Bound(parent)
	second, leaveSecond := l.Bound(parent)
	leave()
	if first.Err() == nil || second.Err() != nil {
		t.Errorf("after the first call: %v and %v", first.Err(), second.Err())
	}
	leaveSecond()
}

func TestNoLimit(t *testing.T) {
	var none *connect.Limit
	ctx, leave := none.Bound(t.Context())
	leave()
	if ctx != t.Context() || ctx.Err() != nil {
		t.Error("no limit made another context")
	}
}

func TestALimitIsForMany(t *testing.T) {
	l := connect.NewLimit(time.Millisecond) // which is renewed all the time
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				ctx, leave := l.Bound(t.Context())
				if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a call begins with %v", err)
				}
				leave()
			}
		})
	}
	all.Wait()
}

// The server learns of the deadline whether the context is shared or not.
func TestTheServerIsToldOfALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.dial(t, connect.Options{})
		l := connect.NewLimit(30 * time.Second)
		for i, want := range []time.Duration{30 * time.Second, 29 * time.Second} {
			ctx, leave := l.Bound(t.Context())
			if err := askWithin(ctx, c); err != nil {
				t.Fatal(err)
			}
			leave()
			if got := s.left(i); got != want {
				t.Errorf("call %d: the server has %v, want %v", i, got, want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestASharedLimitAllocatesNothing(t *testing.T) {
	l := connect.NewLimit(time.Hour)
	_, leave := l.Bound(t.Context())
	leave()
	if n := testing.AllocsPerRun(100, func() {
		_, leave := l.Bound(t.Context())
		leave()
	}); n != 0 {
		t.Errorf("a call takes %v allocations", n)
	}
}
