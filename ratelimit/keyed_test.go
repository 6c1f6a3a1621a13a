package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

func keyed(t testing.TB, perSecond float64, burst int) *ratelimit.Keyed {
	t.Helper()
	k, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{
		PerSecond: perSecond, Burst: burst,
		Keys: map[string]ratelimit.Options{"fast": {PerSecond: 10 * perSecond, Burst: burst}},
	})
	if err != nil {
		t.Fatalf("NewKeyed: %v", err)
	}
	return k
}

func TestKeyedOptionsAreChecked(t *testing.T) {
	_, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{})
	checkOptionError(t, err, "PerSecond")
	_, err = ratelimit.NewKeyed(ratelimit.KeyedOptions{PerSecond: 1, Burst: -1})
	checkOptionError(t, err, "Burst")
	_, err = ratelimit.NewKeyed(ratelimit.KeyedOptions{
		PerSecond: 1, Keys: map[string]ratelimit.Options{"a": {PerSecond: math.NaN()}},
	})
	checkOptionError(t, err, "PerSecond")
	k := keyed(t, 1, 1)
	checkOptionError(t, k.SetLimit(0), "PerSecond")
	checkOptionError(t, k.SetKeyLimit("a", -1), "PerSecond")
}

func TestKeysDoNotShareTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 1, 2)
		for range 2 {
			wantAfter(t, k.Of("a"), 0).Spend()
			wantAfter(t, k.Of("b"), 0).Spend()
			wantAfter(t, k.Of("fast"), 0).Spend()
		}
		if _, ok := k.TryReserve("a"); ok {
			t.Error("TryReserve found a third token of 2")
		}
		wantAfter(t, k.Of("fast"), 100*time.Millisecond).Spend()
		wantAfter(t, k.Of("a"), 900*time.Millisecond).Spend()
		if s := k.Stats("a"); s.Spent != 3 || s.Burst != 2 || s.PerSecond != 1 {
			t.Errorf("Stats(a) = %+v, want 3 spent at 1 a second with a burst of 2", s)
		}
		want := ratelimit.Stats{PerSecond: 1, Burst: 2, Available: 2}
		if s := k.Stats("never seen"); s != want || k.Keys() != 3 {
			t.Errorf("Stats of a new key = %+v, %d keys, want %+v and 3", s, k.Keys(), want)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.Reserve(ended, "new"); !errors.Is(err, context.Canceled) || k.Keys() != 3 {
			t.Errorf("Reserve with an ended ctx: error %v, %d keys, want context.Canceled and 3", err, k.Keys())
		}
	})
}

// Its numbers are those of a new bucket, also if its burst goes along with the rate.
func TestStatsOfADroppedKey(t *testing.T) {
	k, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{
		PerSecond: 1, Keys: map[string]ratelimit.Options{"a": {PerSecond: 10, BurstTime: time.Second}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := k.Stats("a")
	token, _ := k.TryReserve("a")
	token.Refund()
	after := k.Stats("a")
	if after.Refunded = 0; before != after || before.Burst != 10 {
		t.Errorf("Stats = %+v without a bucket and %+v with one, want a burst of 10", before, after)
	}
}

func TestLimitsOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 1, 1)
		for _, key := range []string{"a", "b", "fast"} {
			reserve(t, k.Of(key)).Spend()
		}
		if err := k.SetKeyLimit("b", 100); err != nil {
			t.Fatal(err)
		}
		if err := k.SetLimit(2); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]float64{"a": 2, "b": 100, "fast": 10, "new": 2} {
			if got := k.Stats(key).PerSecond; got != want {
				t.Errorf("PerSecond of %q = %v, want %v", key, got, want)
			}
		}
		wantAfter(t, k.Of("b"), 10*time.Millisecond).Spend()
		wantAfter(t, k.Of("a"), 490*time.Millisecond).Spend()
		reserve(t, k.Of("new")).Spend()
		wantAfter(t, k.Of("new"), 500*time.Millisecond).Spend()
	})
}

// A million keys that are used once take the memory of those used lately.
func TestRestedKeysAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 1, 1)
		steady := reserve(t, k.Of("steady"))
		most := 0
		for i := range 20_000 {
			key := fmt.Sprint(i)
			reserve(t, k.Of(key)).Spend()
			if _, ok := k.TryReserve(key); ok {
				t.Fatalf("key %d was forgotten with its token spent", i)
			}
			time.Sleep(10 * time.Millisecond) // 100 keys are not rested at any time
			most = max(most, k.Keys())
		}
		if most < 100 || most > 250 {
			t.Errorf("there were up to %d keys at once, want 100 and as many again", most)
		}
		if s := k.Stats("steady"); s.Held != 1 {
			t.Errorf("Stats = %+v of a key with a token held: it was dropped", s)
		}
		if !steady.Spend() || k.Stats("steady").Spent != 1 {
			t.Error("a token that was held all the while was lost")
		}
	})
}

// Whoever waits for a key, and however keys come and go, no key may spend more than its share.
func TestNoKeyExceedsItsShare(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			const perSecond, burst = 2, 2
			k := keyed(t, perSecond, burst)
			var mu sync.Mutex
			ledgers := map[string]*ledger{}
			of := func(key string) *ledger {
				mu.Lock()
				defer mu.Unlock()
				if ledgers[key] == nil {
					ledgers[key] = &ledger{}
				}
				return ledgers[key]
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			var wg sync.WaitGroup
			for caller := range uint64(20) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, caller))
					for ctx.Err() == nil {
						key := fmt.Sprint(rng.IntN(12))
						patience, cancel := context.WithTimeout(ctx, seconds(rng.ExpFloat64()))
						token, err := k.Reserve(patience, key)
						cancel()
						if err != nil {
							continue
						}
						time.Sleep(seconds(rng.ExpFloat64() / 10))
						if rng.IntN(4) == 0 {
							token.Refund()
						} else {
							of(key).spend(token)
						}
						time.Sleep(seconds(rng.ExpFloat64() * 2))
					}
				})
			}
			wg.Wait()
			for key, l := range ledgers {
				l.check(t, perSecond, burst)
				if len(l.spent) < 10 {
					t.Errorf("key %s spent %d tokens: the world proves nothing", key, len(l.spent))
				}
			}
		})
	}
}
