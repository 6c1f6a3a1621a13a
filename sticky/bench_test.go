package sticky_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// BenchmarkHit is the hot path: pin a key that is there and let go. "spread" goes through all
// keys, so that with many of them every access misses the processor's caches: BenchmarkMapLookup
// beside it is the price of finding the key alone.
func BenchmarkHit(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		for _, tt := range []struct {
			name   string
			stride int
			idle   time.Duration
		}{{"same", 0, 0}, {"same-idle-timeout", 0, time.Hour}, {"spread", stride, 0}} {
			b.Run(fmt.Sprintf("entries=%d/%s", n, tt.name), func(b *testing.B) {
				c, keys := filled(b, n, tt.idle)
				ctx := b.Context()
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					l, err := c.Acquire(ctx, keys[i])
					if err != nil {
						b.Fatal(err)
					}
					l.Release()
					if i += tt.stride; i >= n {
						i %= n
					}
				}
				if s := c.Stats(); s.Misses != uint64(n) {
					b.Fatalf("%d misses", s.Misses)
				}
			})
		}
	}
}

// stride is a prime, so that steps of it visit all keys, in no order of theirs.
const stride = 7919

// BenchmarkMapLookup is the floor of BenchmarkHit's "spread".
func BenchmarkMapLookup(b *testing.B) {
	const n = 100_000
	_, keys := filled(b, n, 0)
	m := make(map[string]*int, n)
	for i, k := range keys {
		m[k] = &i
	}
	i := 0
	for b.Loop() {
		if *m[keys[i]] != i {
			b.Fatal("wrong value")
		}
		i = (i + stride) % n
	}
}

// BenchmarkTurnover evicts one value for each that comes.
func BenchmarkTurnover(b *testing.B) {
	c, keys := filled(b, 1000, 0)
	if err := c.Resize(500); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l, err := c.Acquire(b.Context(), keys[i])
		if err != nil {
			b.Fatal(err)
		}
		l.Put(i)
		l.Release()
		i = (i + 1) % len(keys)
	}
	if s := c.Stats(); s.Entries != 500 || s.Hits != 0 {
		b.Fatalf("%+v", s)
	}
}

func filled(b *testing.B, n int, idle time.Duration) (*sticky.Cache[string, int], []string) {
	b.Helper()
	c, err := sticky.New(sticky.Options[string, int]{MaxEntries: n, IdleTimeout: idle})
	if err != nil {
		b.Fatal(err)
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%08x-8a3c-4b7e-9f00-0123456789ab", i)
		l, err := c.Acquire(b.Context(), keys[i])
		if err != nil {
			b.Fatal(err)
		}
		l.Put(i)
		l.Release()
	}
	return c, keys
}
