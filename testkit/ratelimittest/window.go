package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// world is a limiter and callers that hold, spend and refund tokens at random.
type world struct {
	limiter ratelimit.Limiter
	gap     time.Duration
	burst   int

	mu    sync.Mutex
	spent []time.Time
	err   error // the first that went wrong
}

// note notes a token that is being spent, or what went wrong.
func (w *world) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.spent = append(w.spent, time.Now())
	} else if w.err == nil {
		w.err = err
	}
}

// some returns a random time of n gaps on average.
func (w *world) some(rng *rand.Rand, n float64) time.Duration {
	return time.Duration(rng.ExpFloat64() * n * float64(w.gap))
}

func (w *world) turn(ctx context.Context, rng *rand.Rand) {
	patience, cancel := context.WithTimeout(ctx, w.some(rng, 10))
	defer cancel()
	token, err := w.limiter.Reserve(patience)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			w.note(fmt.Errorf("a Reserve: error %w, want a token or context.DeadlineExceeded", err))
		}
		// A limiter may know at once that no token will come in time.
		time.Sleep(w.gap / 4)
		return
	}
	if rng.IntN(2) == 0 {
		time.Sleep(w.some(rng, 4))
	}
	settle := token.Refund
	if rng.IntN(3) > 0 {
		w.note(nil)
		settle = token.Spend
	}
	if !settle() {
		w.note(errors.New("a token that is held could not be settled"))
	}
	if rng.IntN(4) == 0 && (token.Refund() || token.Spend()) {
		w.note(errors.New("a second Spend or Refund = true"))
	}
	if rng.IntN(10) == 0 {
		time.Sleep(w.some(rng, 30))
	}
}

// check looks at every window that begins and ends with a spent token: the rest follows.
func (w *world) check() error {
	for i, from := range w.spent {
		for j := i; j < len(w.spent); j++ {
			window := w.spent[j].Sub(from) + slack
			if n := j - i + 1; float64(n) > window.Seconds()/w.gap.Seconds()+float64(w.burst) {
				return fmt.Errorf("%d tokens were spent within %v, at one each %v with a burst of %d",
					n, window, w.gap, w.burst)
			}
		}
	}
	return nil
}

func windows(ctx context.Context, mk New) error {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		gap := time.Duration(1+rng.IntN(1000)) * time.Millisecond
		burst := 1 + rng.IntN(5)
		w := &world{limiter: mk(1/gap.Seconds(), burst), gap: gap, burst: burst}
		ctx, cancel := context.WithTimeout(ctx, 300*gap)
		var wg sync.WaitGroup
		for caller := range uint64(1 + rng.IntN(7)) {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 100+caller))
				for ctx.Err() == nil {
					w.turn(ctx, rng)
				}
			})
		}
		wg.Wait()
		cancel()
		if err := errors.Join(w.err, w.check()); err != nil {
			return fmt.Errorf("world %d: %w", seed, err)
		}
	}
	return nil
}

func nothingIsLost(ctx context.Context, mk New) error {
	const gap, burst, length = 10 * time.Millisecond, 5, 1000
	l := mk(1/gap.Seconds(), burst)
	ctx, cancel := context.WithTimeout(ctx, length*gap+gap/2)
	defer cancel()
	var mu sync.Mutex
	spent := 0
	var wg sync.WaitGroup
	for caller := range uint64(burst) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(caller, 1))
			for {
				token, err := l.Reserve(ctx)
				if err != nil {
					return
				}
				if rng.IntN(2) == 0 {
					token.Refund()
					continue
				}
				token.Spend()
				mu.Lock()
				spent++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	// The last token may have come too late to be spent, and another may have been on its way.
	if most := length + burst; spent < most-2 || spent > most {
		return fmt.Errorf("%d tokens were spent within %v, at one each %v with a burst of %d, want %d",
			spent, length*gap, gap, burst, most)
	}
	return nil
}
