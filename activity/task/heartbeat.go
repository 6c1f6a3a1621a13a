package task

import (
	"context"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
)

const (
	// throttleShare is the part of a heartbeat timeout that passes between two heartbeats.
	throttleShare = 0.8
	// minHeartbeatCall is the least time that one heartbeat call is given.
	minHeartbeatCall = time.Second
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
	sending                // a call is in flight
	throttled              // the pause after a call
)

// heartbeats is what one activity has to say to the server, as one state machine under one
// lock: idle -> sending -> throttled -> sending | idle. The lock is never held during a call.
type heartbeats struct {
	interval   time.Duration
	workerStop <-chan struct{}
	// call sends details. It runs without the lock, one at a time, and acts on the answer.
	// next is when the pause after it ends.
	call func(details *commonpb.Payloads, timeout time.Duration, next time.Time) error
	// lapse, if not nil, fires when the server has heard nothing for too long.
	lapse    *time.Timer
	lapseFor time.Duration

	mu      sync.Mutex
	phase   phase
	closed  bool
	unsent  bool               // details waits to be sent
	details *commonpb.Payloads // the newest, if unsent
	hurry   bool               // the worker stopped while a call was in flight
	settled chan struct{}      // closed when the call in flight is over
	pause   *time.Timer        // nil until the first heartbeat, as is the goroutine
	quit    chan struct{}
	looped  chan struct{}
}

// record takes details for sending. It sends them itself if that is due.
func (b *heartbeats) record(details *commonpb.Payloads) {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return
	case b.phase != idle:
		b.details, b.unsent = details, true
		b.mu.Unlock()
		return
	}
	if b.pause == nil {
		b.pause = time.NewTimer(b.interval)
		b.pause.Stop()
		b.quit, b.looped = make(chan struct{}), make(chan struct{})
		go b.loop()
	}
	b.begin()
	b.mu.Unlock()
	b.send(details)
}

// begin enters the phase sending. The caller holds the lock and calls send without it.
func (b *heartbeats) begin() {
	b.phase = sending
	b.settled = make(chan struct{})
}

func (b *heartbeats) send(details *commonpb.Payloads) {
	sent := time.Now()
	next := sent.Add(b.interval)
	err := b.call(details, max(b.interval, minHeartbeatCall), next)
	if err == nil && b.lapse != nil {
		b.lapse.Reset(b.lapseFor)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil && !b.unsent {
		// Nothing newer came meanwhile: these are still what the server should know.
		b.details, b.unsent = details, true
	}
	b.phase = throttled
	if b.hurry && b.unsent {
		next = time.Now()
	}
	b.hurry = false
	if !b.closed {
		b.pause.Reset(max(0, time.Until(next)))
	}
	close(b.settled)
}

// loop sends what was throttled when its time has come. It runs from the first heartbeat to
// the end of the activity.
func (b *heartbeats) loop() {
	defer close(b.looped)
	stop := b.workerStop
	for {
		select {
		case <-b.quit:
			b.pause.Stop()
			return
		case <-b.pause.C:
			b.due()
		case <-stop:
			stop = nil
			b.flushSoon()
		}
	}
}

// due ends the pause.
func (b *heartbeats) due() {
	b.mu.Lock()
	if b.closed || b.phase != throttled {
		b.mu.Unlock()
		return
	}
	if !b.unsent {
		b.phase = idle
		b.mu.Unlock()
		return
	}
	b.sendUnsent()
}

// flushSoon sends what is unsent now, or after the call in flight: the worker stops, and the
// next attempt elsewhere should find the newest details.
func (b *heartbeats) flushSoon() {
	b.mu.Lock()
	if b.phase == sending {
		b.hurry = true
	}
	if b.closed || b.phase != throttled || !b.unsent {
		b.mu.Unlock()
		return
	}
	b.sendUnsent()
}

// sendUnsent sends the details that wait. The caller holds the lock, which is released.
func (b *heartbeats) sendUnsent() {
	details := b.details
	b.details, b.unsent = nil, false
	b.begin()
	b.mu.Unlock()
	b.send(details)
}

// close takes no more heartbeats and waits for a call in flight.
func (b *heartbeats) close() {
	if b.lapse != nil {
		b.lapse.Stop()
	}
	b.mu.Lock()
	b.closed = true
	settled, looped := b.settled, b.looped
	if b.quit != nil {
		close(b.quit)
	}
	b.mu.Unlock()
	if settled != nil {
		<-settled
	}
	if looped != nil {
		<-looped
	}
	if b.lapse != nil {
		b.lapse.Stop() // the call in flight may have set it again
	}
}

// flush sends what is still unsent after close, in one last call.
func (b *heartbeats) flush(timeout time.Duration) {
	b.mu.Lock()
	details, unsent := b.details, b.unsent
	b.details, b.unsent = nil, false
	b.mu.Unlock()
	if !unsent {
		return
	}
	// A failure was dealt with in call, and there is no later chance.
	_ = b.call(details, min(timeout, max(b.interval, minHeartbeatCall)), time.Time{})
}

// withTimeout bounds one call to the server. It leaves the cancellation of ctx behind: what an
// activity has to say matters most when it was cancelled.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}
