package service

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

const (
	// rateBurst is how much of its rate a queue may use at once.
	rateBurst = time.Second
	// A rate below that is none.
	leastRate = 1e-9
	// systemRate is the rate that the server's own configuration allows a queue. It
	// is told, but not applied.
	systemRate = 1000
)

// rateLimit is how many tasks a queue hands out in a second, on the service's
// clock. The zero value has no limit.
type rateLimit struct {
	worker, api *float64      // tasks per second: what the last poll asked for, what was configured
	interval    time.Duration // between two tasks; zero without a limit
	never       bool          // no task at all
	ready       time.Time     // when the next may go
}

// effective is the limit that counts, and where it comes from.
func (l *rateLimit) effective() (float64, enumspb.RateLimitSource) {
	for _, by := range []struct {
		rate   *float64
		source enumspb.RateLimitSource
	}{{l.api, enumspb.RATE_LIMIT_SOURCE_API}, {l.worker, enumspb.RATE_LIMIT_SOURCE_WORKER}} {
		if by.rate == nil {
			continue
		}
		if *by.rate < systemRate {
			return *by.rate, by.source
		}
		break
	}
	return systemRate, enumspb.RATE_LIMIT_SOURCE_SYSTEM
}

// apply makes the rates count from now on.
func (l *rateLimit) apply(at time.Time) {
	rate, source := l.effective()
	never, interval := false, time.Duration(0)
	switch {
	case source == enumspb.RATE_LIMIT_SOURCE_SYSTEM:
	case rate <= leastRate:
		never = true
	default:
		interval = time.Duration(float64(time.Second) / rate)
	}
	if never == l.never && interval == l.interval {
		return
	}
	l.never, l.interval = never, interval
	if latest := at.Add(interval + rateBurst); l.ready.After(latest) {
		l.ready = latest
	}
}

// holdsBack reports whether no task may go yet.
func (l *rateLimit) holdsBack(at time.Time) bool { return l.never || l.ready.After(at) }

// take counts a task that goes now.
func (l *rateLimit) take(at time.Time) {
	if l.interval == 0 {
		return
	}
	if earliest := at.Add(-rateBurst); l.ready.Before(earliest) {
		l.ready = earliest
	}
	l.ready = l.ready.Add(l.interval)
}
