package poller

import (
	"math"
	"time"
)

// failures is the memory of what went wrong since the last good round trip. It is pure: the
// time and the chance are arguments.
type failures struct {
	cfg        Backoff
	fatalAfter time.Duration
	fatalEvery time.Duration

	// round grows with each failure that counts. Polls that fail together were sent in the same
	// round, and only the first of them makes the wait longer.
	round            uint64
	plain, throttled int
	since            time.Time // of the first failure, zero if the last round trip was good
	fatalSince       time.Time // of the first fatal failure
	until            time.Time // polls start no sooner

	last   error
	lastAt time.Time

	logged   string // text of the last error that was logged
	loggedAt time.Time
}

// repeatLog is how long an unchanged error is kept out of the log.
const repeatLog = time.Minute

// fail takes a failure of a poll that was sent in the given round. chance is in [0,1). It reports
// whether the poller has to give up.
func (f *failures) fail(now time.Time, round uint64, class Class, err error, chance float64) bool {
	f.last, f.lastAt = err, now
	if f.since.IsZero() {
		f.since = now
	}
	if class == Fatal {
		if f.fatalSince.IsZero() {
			f.fatalSince = now
		}
		if now.Sub(f.fatalSince) >= f.fatalAfter {
			return true
		}
	}
	if round != f.round {
		return false
	}
	f.round++
	wait := grow(f.cfg.Initial, f.cfg.Factor, f.cfg.Max, f.plain)
	f.plain++
	switch class {
	case Throttled:
		wait = max(wait, grow(f.cfg.Throttled, f.cfg.Factor, f.cfg.Max, f.throttled))
		f.throttled++
	case Fatal:
		wait = f.fatalEvery
	case Retry, Stopped:
	}
	if class != Fatal { // a fatal error is retried on the beat, so that FatalAfter is kept
		wait = time.Duration(float64(wait) * (1 + f.cfg.Jitter*(2*chance-1)))
	}
	f.until = now.Add(wait)
	return false
}

// succeed takes a good round trip and reports how long polling had failed before it.
func (f *failures) succeed(now time.Time) time.Duration {
	if f.since.IsZero() {
		return 0
	}
	failed := now.Sub(f.since)
	f.plain, f.throttled = 0, 0
	f.since, f.fatalSince, f.until = time.Time{}, time.Time{}, time.Time{}
	f.logged = ""
	return failed
}

// worthLogging reports whether err differs from the last one logged, or that was long ago.
func (f *failures) worthLogging(now time.Time, err error) bool {
	text := err.Error()
	if text == f.logged && now.Sub(f.loggedAt) < repeatLog {
		return false
	}
	f.logged, f.loggedAt = text, now
	return true
}

// grow returns initial times factor to the power of n, at most limit.
func grow(initial time.Duration, factor float64, limit time.Duration, n int) time.Duration {
	wait := float64(initial) * math.Pow(factor, float64(n))
	if wait >= float64(limit) { // also when it overflowed to infinity
		return limit
	}
	return time.Duration(wait)
}
