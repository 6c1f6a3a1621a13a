package ratelimit_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

func TestBurstTimeFollowsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 20, BurstTime: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			perSecond float64
			burst     int
		}{{20, 2}, {50, 5}, {0.1, 1}, {1e12, ratelimit.MaxBurst}, {29, 2}} {
			setLimit(t, b, step.perSecond)
			if got := b.Stats().Burst; got != step.burst {
				t.Errorf("at %v a second the burst is %d, want %d", step.perSecond, got, step.burst)
			}
		}
	})
}

func setLimit(t *testing.T, l ratelimit.Adjuster, perSecond float64) {
	t.Helper()
	if err := l.SetLimit(perSecond); err != nil {
		t.Fatal(err)
	}
}

// With a smaller burst what was saved up is gone, and what is held counts first.
func TestASmallerBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 5, BurstTime: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		held := []ratelimit.Token{reserve(t, b), reserve(t, b), reserve(t, b)}
		setLimit(t, b, 2)
		if s := b.Stats(); s.Held != 3 || s.Burst != 2 || s.Available != 0 {
			t.Errorf("Stats() = %+v", s)
		}
		if _, ok := b.TryReserve(); ok {
			t.Error("there was a token beside three that are held, with a burst of 2")
		}
		if !held[0].Refund() || !held[1].Refund() {
			t.Error("tokens that are held could not be settled")
		}
		// One of two refunds found room.
		if s := b.Stats(); s.Held != 1 || s.Available != 1 {
			t.Errorf("Stats() = %+v after two refunds", s)
		}
		reserve(t, b).Spend()
		held[2].Spend()
		wantAfter(t, b, time.Second/2)
	})
}

// Who waits when the limit is lifted goes on, all of them; who holds a token when it is put back
// may spend it, and then the new rate holds.
func TestLift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 2)
		reserve(t, b).Spend()
		reserve(t, b).Spend()
		tokens := make(chan ratelimit.Token, 10)
		began := time.Now()
		for range 10 {
			go func() { tokens <- reserve(t, b) }()
		}
		synctest.Wait()
		b.Lift()
		synctest.Wait()
		if len(tokens) != 10 || time.Since(began) != 0 {
			t.Fatalf("%d of 10 callers went on after %v", len(tokens), time.Since(began))
		}
		if s := b.Stats(); s.PerSecond != 0 || s.Burst != 0 || s.Available != 0 || s.Held != 10 {
			t.Errorf("Stats() = %+v without a limit", s)
		}
		if token, ok := b.TryReserve(); !ok || !token.Refund() || token.Refund() {
			t.Error("TryReserve without a limit gave no token that can be settled once")
		}
		setLimit(t, b, 4)
		if _, ok := b.TryReserve(); ok {
			t.Error("a token beside ten that are held")
		}
		for range 10 {
			if token := <-tokens; !token.Spend() {
				t.Error("a token from before the limit could not be spent")
			}
		}
		wantAfter(t, b, time.Second/4).Spend()
		wantAfter(t, b, time.Second/4).Spend()
		b.Lift()
		setLimit(t, b, 1) // full
		reserve(t, b).Spend()
		reserve(t, b).Spend()
		wantAfter(t, b, time.Second)
	})
}

// Nobody who waits for room waits any longer than that.
func TestLiftWhileAllIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 1)
		held := reserve(t, b)
		time.AfterFunc(time.Hour, b.Lift)
		wantAfter(t, b, time.Hour).Refund()
		held.Refund()
		setLimit(t, b, 1)
		if s := b.Stats(); s.Available != 1 || s.Held != 0 || s.Refunded != 2 {
			t.Errorf("Stats() = %+v", s)
		}
	})
}

// fixed is a limiter that can only limit, and bounded one whose limit cannot be lifted.
type (
	fixed   struct{ ratelimit.Limiter }
	bounded struct {
		ratelimit.Limiter
		ratelimit.Adjuster
	}
)

func TestSetRate(t *testing.T) {
	b := bucket(t, 5, 1)
	for _, tt := range []struct {
		name      string
		limiter   ratelimit.Limiter
		perSecond float64
		says      string // of the error; empty for none
		now       float64
	}{
		{"set", b, 7, "", 7},
		{"lifted", b, 0, "", 0},
		{"put back", b, 3, "", 3},
		{"no rate", b, -1, "PerSecond is -1", 3},
		{"cannot be set", fixed{b}, 1, "ratelimit_test.fixed cannot be set", 3},
		{"cannot be lifted", bounded{b, b}, 0, "PerSecond is 0", 3},
		{"can be set", bounded{b, b}, 9, "", 9},
	} {
		err := ratelimit.SetRate(tt.limiter, tt.perSecond)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.says)
		}
		if got := b.Stats().PerSecond; got != tt.now {
			t.Errorf("%s: the rate is %v, want %v", tt.name, got, tt.now)
		}
	}
}
