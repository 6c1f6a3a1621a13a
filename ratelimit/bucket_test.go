package ratelimit_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

var errStop = errors.New("stop asked for by the test")

func bucket(t testing.TB, perSecond float64, burst int) *ratelimit.Bucket {
	t.Helper()
	b, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: perSecond, Burst: burst})
	if err != nil {
		t.Fatalf("NewBucket(%v, %d): %v", perSecond, burst, err)
	}
	return b
}

func reserve(t testing.TB, l ratelimit.Limiter) ratelimit.Token {
	t.Helper()
	token, err := l.Reserve(t.Context())
	if err != nil {
		t.Fatalf("Reserve: %v", err)
	}
	return token
}

// wantAfter checks that the next token comes after exactly d, but for the nanosecond that the
// limiter may round up.
func wantAfter(t testing.TB, l ratelimit.Limiter, d time.Duration) ratelimit.Token {
	t.Helper()
	start := time.Now()
	token := reserve(t, l)
	if got := time.Since(start); got < d || got > d+10*time.Nanosecond {
		t.Errorf("the token came after %v, want %v", got, d)
	}
	return token
}

func TestOptionsAreChecked(t *testing.T) {
	tests := []struct {
		name    string
		options ratelimit.Options
		field   string // of the OptionError; empty when the options are good
	}{
		{"one", ratelimit.Options{PerSecond: 1}, ""},
		{"fraction", ratelimit.Options{PerSecond: 0.001, Burst: 3}, ""},
		{"most", ratelimit.Options{PerSecond: 1e300, Burst: ratelimit.MaxBurst}, ""},
		{"no rate", ratelimit.Options{Burst: 1}, "PerSecond"},
		{"negative rate", ratelimit.Options{PerSecond: -1}, "PerSecond"},
		{"NaN", ratelimit.Options{PerSecond: math.NaN()}, "PerSecond"},
		{"infinite", ratelimit.Options{PerSecond: math.Inf(1)}, "PerSecond"},
		{"x/time's infinite", ratelimit.Options{PerSecond: math.MaxFloat64}, "PerSecond"},
		{"negative burst", ratelimit.Options{PerSecond: 1, Burst: -1}, "Burst"},
		{"large burst", ratelimit.Options{PerSecond: 1, Burst: ratelimit.MaxBurst + 1}, "Burst"},
		{"negative burst time", ratelimit.Options{PerSecond: 1, BurstTime: -1}, "BurstTime"},
		{"two bursts", ratelimit.Options{PerSecond: 1, Burst: 1, BurstTime: 1}, "BurstTime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ratelimit.NewBucket(tt.options)
			if tt.field == "" {
				if err != nil || b == nil {
					t.Fatalf("NewBucket = %v, %v, want a bucket", b, err)
				}
				if s, want := b.Stats(), max(1, tt.options.Burst); s.Burst != want {
					t.Errorf("Burst = %d, want %d", s.Burst, want)
				}
				return
			}
			checkOptionError(t, err, tt.field)
			if b != nil {
				t.Errorf("NewBucket returned a bucket beside the error %v", err)
			}
		})
	}
}

func checkOptionError(t *testing.T, err error, field string) {
	t.Helper()
	var o *ratelimit.OptionError
	if !errors.As(err, &o) {
		t.Fatalf("error %v is no *OptionError", err)
	}
	if o.Field != field || o.Fix == "" || !strings.Contains(o.Error(), field) {
		t.Errorf("error %#v (%v) does not name field %s and its fix", o, o, field)
	}
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		perSecond float64
		burst     int
		gap       time.Duration
	}{
		{1, 1, time.Second},
		{10, 3, 100 * time.Millisecond},
		{0.01, 2, 100 * time.Second},
		{0.0001, 1, 10_000 * time.Second}, // beyond the longest sleep
		{1e6, 5, time.Microsecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := bucket(t, tt.perSecond, tt.burst)
			for range 2 {
				for range tt.burst {
					wantAfter(t, b, 0).Spend()
				}
				for range 5 {
					wantAfter(t, b, tt.gap).Spend()
				}
				time.Sleep(1000 * tt.gap * time.Duration(tt.burst)) // only the burst is kept
			}
		})
	}
}

func TestHeldTokensSaveNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 3)
		held := []ratelimit.Token{reserve(t, b), reserve(t, b), reserve(t, b)}
		time.Sleep(time.Minute)
		if _, ok := b.TryReserve(); ok {
			t.Error("a full hand earned a token")
		}
		for _, token := range held {
			token.Spend()
		}
		wantAfter(t, b, time.Second).Refund()
	})
}

func TestHalfAHandEarnsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 3)
		held := reserve(t, b)
		reserve(t, b).Spend()
		reserve(t, b).Spend()
		time.Sleep(time.Minute)
		if s := b.Stats(); s.Available != 2 || s.Held != 1 {
			t.Errorf("Stats() = %+v, want 2 available beside 1 held", s)
		}
		reserve(t, b).Spend()
		reserve(t, b).Spend()
		held.Spend()
		wantAfter(t, b, time.Second).Refund()
	})
}

func TestRefundIsThereAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 0.001, 1)
		token := reserve(t, b)
		time.AfterFunc(time.Second, func() { token.Refund() })
		next := wantAfter(t, b, time.Second)
		if s := b.Stats(); s.Held != 1 || s.Refunded != 1 || s.Available != 0 {
			t.Errorf("Stats() = %+v, want 1 held, 1 refunded, none available", s)
		}
		next.Refund()
		wantAfter(t, b, 0).Spend()
	})
}

func TestTokenIsSettledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 2)
		spent, refunded := reserve(t, b), reserve(t, b)
		if !spent.Spend() || !refunded.Refund() {
			t.Fatal("the first settlement reported false")
		}
		copied := spent
		if copied.Spend() || spent.Refund() || refunded.Spend() || refunded.Refund() {
			t.Error("a second settlement reported true")
		}
		want := ratelimit.Stats{
			PerSecond: 1, Burst: 2, Available: 1, Spent: 1, Refunded: 1, DoubleSettles: 4,
		}
		if got := b.Stats(); got != want {
			t.Errorf("Stats() = %+v, want %+v", got, want)
		}
		next := reserve(t, b) // in the place of one of the old ones
		if spent.Refund() || refunded.Refund() {
			t.Error("an old token refunded a new one")
		}
		if !next.Spend() {
			t.Error("the new token was settled by an old one")
		}
	})
}

func TestZeroTokenIsHarmless(t *testing.T) {
	var token ratelimit.Token
	if token.Spend() || token.Refund() {
		t.Error("the zero Token was settled")
	}
}

func TestReserveIsFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 10, 1)
		reserve(t, b).Spend()
		const callers = 10
		order := make(chan int, callers)
		for i := range callers {
			go func() {
				token, err := b.Reserve(t.Context())
				if err != nil {
					t.Errorf("Reserve %d: %v", i, err)
					return
				}
				order <- i
				token.Spend()
			}()
			synctest.Wait() // caller i is in the queue
		}
		if _, ok := b.TryReserve(); ok || b.Stats().Waiting != callers {
			t.Errorf("TryReserve = %t with %d waiting", ok, b.Stats().Waiting)
		}
		start := time.Now()
		for i := range callers {
			if got := <-order; got != i {
				t.Fatalf("token %d went to caller %d, want first come, first served", i, got)
			}
		}
		if d := time.Since(start); d < time.Second || d > time.Second+time.Microsecond {
			t.Errorf("10 tokens took %v, want 1s", d)
		}
	})
}

func TestTryReserveDoesNotOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 1)
		token := reserve(t, b)
		got := make(chan ratelimit.Token)
		go func() { got <- reserve(t, b) }()
		synctest.Wait()
		token.Refund()
		if _, ok := b.TryReserve(); ok {
			t.Error("TryReserve took the token of a caller that waits")
		}
		(<-got).Spend()
	})
}

func TestReserveDoesNotOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 1)
		token := reserve(t, b)
		got := make(chan ratelimit.Token)
		go func() { got <- reserve(t, b) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		token.Refund()
		if _, err := b.Reserve(ctx); err == nil {
			t.Error("Reserve took the token of a caller that came first")
		}
		(<-got).Spend()
	})
}

func TestSpendLetsTheNextBeEarned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 1)
		token := reserve(t, b)
		time.AfterFunc(time.Hour, func() { token.Spend() }) // with a caller waiting all the while
		wantAfter(t, b, time.Hour+time.Second).Spend()
	})
}

func TestReserveEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 0.1, 1)
		reserve(t, b).Spend()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errStop)
		defer cancel()
		start := time.Now()
		_, err := b.Reserve(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errStop) {
			t.Errorf("error %v matches not both ctx.Err() and its cause", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("Reserve returned after %v, want 1s", d)
		}
		time.Sleep(9 * time.Second) // the token that the caller did not wait for
		ended, cancelNow := context.WithCancel(t.Context())
		cancelNow()
		if _, err := b.Reserve(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("Reserve with an ended ctx: error %v, want context.Canceled", err)
		}
		wantAfter(t, b, 0).Spend()
	})
}

// The first in the queue owns the timer: when it leaves, the next must set its own.
func TestNextTakesOverWhenTheFirstLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1, 1)
		reserve(t, b).Spend()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		go func() {
			if _, err := b.Reserve(ctx); err == nil {
				t.Error("the first in the queue got a token before it was due")
			}
		}()
		synctest.Wait()
		wantAfter(t, b, time.Second).Spend()
	})
}

func TestSetLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 0.01, 1)
		reserve(t, b).Spend()
		time.AfterFunc(50*time.Second, func() { // half a token has been earned
			if err := b.SetLimit(1); err != nil {
				t.Errorf("SetLimit: %v", err)
			}
		})
		wantAfter(t, b, 50*time.Second+500*time.Millisecond).Spend()
		time.AfterFunc(500*time.Millisecond, func() {
			if err := b.SetLimit(0.1); err != nil {
				t.Errorf("SetLimit: %v", err)
			}
		})
		wantAfter(t, b, 5500*time.Millisecond).Spend()
		for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64} {
			checkOptionError(t, b.SetLimit(bad), "PerSecond")
		}
		if got := b.Stats().PerSecond; got != 0.1 {
			t.Errorf("PerSecond = %v after refused limits, want 0.1", got)
		}
	})
}

// At rates beyond what nanoseconds can tell apart nothing may be lent.
func TestHugeRateKeepsTheBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 1e12, 2)
		for i := range 5 {
			token, ok := b.TryReserve()
			if want := i < 2; ok != want {
				t.Fatalf("TryReserve %d in one instant = %t, want %t", i, ok, want)
			}
			token.Spend()
		}
		wantAfter(t, b, time.Nanosecond)
	})
}

func TestTinyRateWaitsForRefund(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, math.SmallestNonzeroFloat64, 2)
		reserve(t, b).Spend()
		token := reserve(t, b)
		time.AfterFunc(100*time.Hour, func() { token.Refund() })
		wantAfter(t, b, 100*time.Hour)
	})
}

func TestUnlimited(t *testing.T) {
	var l ratelimit.Unlimited
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Reserve(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Reserve with an ended ctx: error %v, want context.Canceled", err)
	}
	token, ok := l.TryReserve()
	if !ok || !token.Spend() || !reserve(t, l).Refund() {
		t.Error("Unlimited held somebody up")
	}
}
