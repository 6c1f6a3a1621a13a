package ratelimit

import "sync"

// A lock is a mutex for sections of some ten nanoseconds, each of them shorter than to put a
// goroutine to sleep and wake it. A sync.Mutex does that as soon as other goroutines could run, and
// then hands itself to the sleeper while all others queue up behind: a crowd pays for a switch with
// each token. So who finds it locked first looks again for about as long as a few sections last.
type lock struct{ mu sync.Mutex }

// looks is how often: some 150 ns in all.
const looks = 100

func (l *lock) Lock() {
	for range looks {
		if l.mu.TryLock() {
			return
		}
	}
	l.mu.Lock()
}

func (l *lock) Unlock() { l.mu.Unlock() }
