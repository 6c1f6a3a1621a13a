package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// ledger notes when tokens were spent.
type ledger struct {
	mu    sync.Mutex
	spent []time.Time
}

func (l *ledger) spend(token ratelimit.Token) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spent = append(l.spent, time.Now())
	return token.Spend()
}

// check looks at every window that starts and ends with a spent token: if those keep the limit,
// all do.
func (l *ledger) check(t *testing.T, perSecond float64, burst int) {
	t.Helper()
	for i, from := range l.spent {
		for j := i; j < len(l.spent); j++ {
			window := l.spent[j].Sub(from)
			if n := j - i + 1; float64(n) > perSecond*window.Seconds()+float64(burst)+1e-6 {
				t.Fatalf("%d tokens were spent in %v at %v a second with a burst of %d",
					n, window, perSecond, burst)
			}
		}
	}
}

// Whatever callers do with their tokens and however long they hold them, no window may show more
// than its share. A dumb twin of the rule, over random worlds.
func TestNoWindowExceedsItsShare(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			perSecond := []float64{0.5, 3, 20, 1000}[rng.IntN(4)]
			burst := 1 + rng.IntN(6)
			b := bucket(t, perSecond, burst)
			ctx, cancel := context.WithTimeout(t.Context(), seconds(200/perSecond))
			defer cancel()
			var l ledger
			var wg sync.WaitGroup
			for caller := range uint64(1 + rng.IntN(8)) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, 100+caller))
					for ctx.Err() == nil {
						liveOnce(ctx, t, b, &l, rng, perSecond)
					}
				})
			}
			wg.Wait()
			if len(l.spent) == 0 {
				t.Error("no token was spent: the world proves nothing")
			}
			l.check(t, perSecond, burst)
			if s := b.Stats(); s.Held != 0 || s.Waiting != 0 || s.Spent != uint64(len(l.spent)) {
				t.Errorf("Stats() at the end = %+v, want all settled and %d spent", s, len(l.spent))
			}
		})
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func liveOnce(
	ctx context.Context, t *testing.T, b *ratelimit.Bucket, l *ledger, rng *rand.Rand, rate float64,
) {
	patience, cancel := context.WithTimeout(ctx, seconds(rng.ExpFloat64()*20/rate))
	defer cancel()
	token, err := b.Reserve(patience)
	if err != nil {
		return
	}
	if rng.IntN(2) == 0 {
		time.Sleep(seconds(rng.ExpFloat64() * 5 / rate))
	}
	if s := b.Stats(); s.Available+float64(s.Held) > float64(s.Burst)+1e-9 || s.Available < 0 {
		t.Errorf("Stats() = %+v: more than the burst is out and available", s)
	}
	var settled bool
	if rng.IntN(3) == 0 {
		settled = token.Refund()
	} else {
		settled = l.spend(token)
	}
	if !settled {
		t.Error("a token that was held could not be settled")
	}
	if rng.IntN(8) == 0 && (token.Refund() || token.Spend()) {
		t.Error("a second settlement reported true")
	}
	if rng.IntN(10) == 0 {
		time.Sleep(seconds(rng.ExpFloat64() * 30 / rate))
	}
}

// A limiter that is too slow keeps the bound too, so the other side is tested as well: eager
// spenders get all that the rate allows.
func TestNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket(t, 100, 5)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second+time.Millisecond)
		defer cancel()
		var l ledger
		var wg sync.WaitGroup
		for caller := range uint64(5) {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(caller, 3))
				for {
					token, err := b.Reserve(ctx)
					if err != nil {
						return
					}
					if rng.IntN(2) == 0 {
						token.Refund()
					} else {
						l.spend(token)
					}
				}
			})
		}
		wg.Wait()
		if got, want := len(l.spent), 100*100+5; got < want-1 || got > want {
			t.Errorf("%d tokens were spent in 100s at 100 a second with a burst of 5, want %d", got, want)
		}
	})
}
