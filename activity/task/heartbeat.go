package task

import (
	"context"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
)

const (
	// throttleShare is the part of a heartbeat timeout that passes between two heartbeats.
	throttleShare = 0.8
	// minHeartbeatCall is the least time that one heartbeat call is given.
	minHeartbeatCall = time.Second
	// firstRepeat is the pause after a call that failed; it doubles with each failure in a row.
	// The throttle is to spare a server that listens. One that does not may end the attempt
	// before a whole pause is over.
	firstRepeat = time.Second
	// lapseMargin is how long after the heartbeat timeout we take the attempt for timed out:
	// the server's timers are not exact, and its answer takes a while to reach us.
	lapseMargin = 5 * time.Second
)

// throttleOf is the pause between two heartbeats of an activity with that heartbeat timeout.
func throttleOf(timeout, longest, byDefault time.Duration) time.Duration {
	if timeout <= 0 {
		return min(longest, byDefault)
	}
	return min(longest, time.Duration(throttleShare*float64(timeout)))
}

type phase int

const (
	idle      phase = iota // nothing sent for a whole pause: the next heartbeat goes out at once
	sending                // a call is due or in flight
	throttled              // the pause after a call
)

// caller makes the calls of heartbeats.
type caller interface {
	// lifetime makes the context of all calls.
	lifetime() (context.Context, context.CancelFunc)
	// heartbeat sends details and acts on the answer.
	heartbeat(ctx context.Context, details *commonpb.Payloads, timeout time.Duration) error
	// beaten hears of each call, and when the next one may be made.
	beaten(err error, next time.Time)
}

// heartbeats is what one activity has to say to the server, as one state machine under one
// lock: idle -> sending -> throttled -> sending | idle. One goroutine makes all calls, without
// the lock; it runs from the first heartbeat on, or from the beginning if they are automatic.
type heartbeats struct {
	interval   time.Duration
	auto       bool // what was sent last is sent again rather than nothing for a pause
	workerStop <-chan struct{}
	caller     caller
	// lapse, if not nil, fires when the server has heard nothing for too long.
	lapse    *time.Timer
	lapseFor time.Duration

	mu      sync.Mutex
	phase   phase
	closed  bool
	newest  *commonpb.Payloads // what was recorded last, at first by an earlier attempt
	fresh   bool               // the server does not have newest
	failed  int                // calls in a row
	sent    time.Time          // when the last call was made
	lastErr error              // of the last call that is over
	next    time.Time          // when the next call may be made
	settled chan struct{}      // closed when the call that is due or in flight is over
	wake    chan struct{}      // a call is due
	pause   *time.Timer        // nil until there is a loop
	quit    chan struct{}
	looped  chan struct{}
	abandon context.CancelFunc // ends the call in flight
}

// record takes details for sending. If that is due it waits until they are sent, or ctx is done.
func (b *heartbeats) record(ctx context.Context, details *commonpb.Payloads) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.newest, b.fresh = details, true
	if b.phase != idle {
		b.mu.Unlock()
		return
	}
	b.start()
	b.begin()
	settled := b.settled
	b.mu.Unlock()
	b.wake <- struct{}{} // never blocks: it has room, and nobody else is in this phase
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// automate has the loop send what was recorded last whenever a pause is over.
func (b *heartbeats) automate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.auto = true
	b.start()
	b.pause.Reset(b.interval)
}

// start starts the loop if there is none. The caller holds the lock.
func (b *heartbeats) start() {
	if b.pause != nil {
		return
	}
	b.pause = time.NewTimer(b.interval)
	b.pause.Stop()
	b.wake = make(chan struct{}, 1)
	b.quit, b.looped = make(chan struct{}), make(chan struct{})
	var ctx context.Context
	ctx, b.abandon = b.caller.lifetime()
	go b.loop(ctx)
}

// begin enters the phase sending. The caller holds the lock and has the loop call send.
func (b *heartbeats) begin() {
	b.phase = sending
	b.settled = make(chan struct{})
}

func (b *heartbeats) loop(ctx context.Context) {
	defer close(b.looped)
	stop := b.workerStop
	for {
		select {
		case <-b.quit:
			b.unblock()
			return
		case <-b.wake:
			b.send(ctx)
		case <-b.pause.C:
			b.due(ctx)
		case <-stop:
			stop = nil
			b.flushSoon(ctx)
		}
	}
}

// send makes the call of the phase sending.
func (b *heartbeats) send(ctx context.Context) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock() // what is fresh is for a flush
		return
	}
	details, fresh := b.newest, b.fresh
	b.fresh = false
	b.sent = time.Now()
	b.next = b.sent.Add(b.interval)
	b.mu.Unlock()
	err := b.caller.heartbeat(ctx, details, max(b.interval, minHeartbeatCall))
	if err == nil && b.lapse != nil {
		b.lapse.Reset(b.lapseFor)
	}
	b.mu.Lock()
	b.lastErr = err
	if isTooLarge(err) {
		fresh, b.auto = false, false // it must not be sent again
	}
	if err != nil {
		b.fresh = b.fresh || fresh // these are still what the server should know, or newer ones
		b.next = time.Now().Add(min(b.interval, firstRepeat<<min(b.failed, 10)))
		b.failed++
	} else {
		b.failed = 0
	}
	next := b.next
	b.mu.Unlock()
	b.caller.beaten(err, next)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.phase = throttled
	b.pause.Reset(max(0, time.Until(next)))
	close(b.settled)
}

// due ends the pause.
func (b *heartbeats) due(ctx context.Context) {
	b.mu.Lock()
	if b.closed || b.phase == sending {
		b.mu.Unlock()
		return
	}
	if !b.fresh && !b.auto {
		b.phase = idle
		b.mu.Unlock()
		return
	}
	b.begin()
	b.mu.Unlock()
	b.send(ctx)
}

// flushSoon sends what the server does not have: the worker stops, and the next attempt
// elsewhere should find the newest details.
func (b *heartbeats) flushSoon(ctx context.Context) {
	b.mu.Lock()
	if b.closed || b.phase != throttled || !b.fresh {
		b.mu.Unlock()
		return
	}
	b.begin()
	b.mu.Unlock()
	b.send(ctx)
}

// unblock lets those go on that wait for a call that will not be made any more.
func (b *heartbeats) unblock() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pause.Stop()
	if b.phase == sending {
		b.phase = throttled
		close(b.settled)
	}
}

// close takes no more heartbeats and waits for a call in flight. If the server has ended the
// attempt there is nothing to wait for: that call is given up.
func (b *heartbeats) close(timedOut bool) {
	if b.lapse != nil {
		b.lapse.Stop()
	}
	b.mu.Lock()
	b.closed = true
	looping := b.pause != nil
	b.mu.Unlock()
	if !looping {
		return
	}
	if timedOut {
		b.abandon()
	}
	close(b.quit)
	<-b.looped
	b.abandon()
	if b.lapse != nil {
		b.lapse.Stop() // the call in flight may have set it again
	}
}

// take returns what the server does not have, after close, and false if there is nothing.
func (b *heartbeats) take() (*commonpb.Payloads, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.fresh
	b.fresh = false
	return b.newest, fresh
}

// flush sends details after close, in one last call.
func (b *heartbeats) flush(details *commonpb.Payloads, timeout time.Duration) {
	ctx, cancel := b.caller.lifetime()
	defer cancel()
	// A failure was dealt with in call, and there is no later chance.
	b.caller.beaten(b.caller.heartbeat(ctx, details, min(timeout, max(b.interval, minHeartbeatCall))), time.Time{})
}

// status is what the activity may know.
func (b *heartbeats) status() activity.HeartbeatStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := activity.HeartbeatStatus{Sent: b.sent, Err: b.lastErr, Waiting: b.fresh}
	if b.phase != idle {
		s.Next = b.next
	}
	return s
}
