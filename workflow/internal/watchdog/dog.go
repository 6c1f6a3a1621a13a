package watchdog

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// conversionFactor is how much longer than code a conversion may take.
const conversionFactor = 30

// A Dog watches pieces of work, one at a time.
type Dog struct {
	limit   time.Duration
	watch   *coro.Watch
	timer   *time.Timer
	working atomic.Bool // there is something to watch
	armed   atomic.Bool // the timer runs, which it may with nothing to watch

	mu        sync.Mutex // of what follows: two beats may overlap
	stint     uint64
	code      time.Duration // beats in the stint
	converted time.Duration // those of them in a conversion
}

// New returns a dog that abandons a coroutine that w watches when it has not let
// go for limit, though it could have.
func New(limit time.Duration, w *coro.Watch) *Dog {
	d := &Dog{limit: limit, watch: w}
	d.timer = time.AfterFunc(time.Hour, d.beat)
	d.timer.Stop()
	return d
}

// Start begins to watch a piece of work. Most is over before the first look.
func (d *Dog) Start() {
	d.working.Store(true)
	d.arm()
}

// arm starts the timer if it is at rest. It goes on from one piece of work to
// the next, since to set it for each would cost more than all else here.
func (d *Dog) arm() {
	if d.armed.Load() || !d.armed.CompareAndSwap(false, true) {
		return
	}
	d.timer.Reset(d.limit / 10)
}

// Done ends the watch.
func (d *Dog) Done() { d.working.Store(false) }

// interval is the time between beats.
func (d *Dog) interval() time.Duration {
	return min(max(d.limit/100, time.Millisecond), 100*time.Millisecond)
}

func (d *Dog) beat() {
	runtime.Gosched() // all that want to run go first
	if free, stuck := d.look(); stuck {
		free()
	}
}

// look counts a beat, and abandons what does not let go.
func (d *Dog) look() (free func(), stuck bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.working.Load() {
		s := d.watch.Stint()
		if after := d.count(s); after > 0 {
			free, stuck = d.watch.Abandon(s, after)
		}
		if !stuck {
			d.timer.Reset(d.interval())
			return nil, false
		}
		d.working.Store(false)
	}
	d.armed.Store(false)
	if d.working.Load() { // something was started just now
		d.arm()
	}
	return free, stuck
}

// count adds a beat; it returns the limit that is used up, or zero.
func (d *Dog) count(stint uint64) time.Duration {
	if stint == 0 || stint != d.stint {
		d.stint, d.code, d.converted = stint, 0, 0
		return 0
	}
	switch {
	case d.watch.Exempt.Load() > 0:
	case d.watch.Converting.Load() > 0:
		d.converted += d.interval()
	default:
		d.code += d.interval()
	}
	switch {
	case d.code >= d.limit:
		return d.limit
	case d.converted >= conversionFactor*d.limit:
		return conversionFactor * d.limit
	default:
		return 0
	}
}
