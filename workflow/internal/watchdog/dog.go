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

// A Kennel has dogs for the pieces of work of many runs: as many as there are at
// once, since most runs wait. It is safe for concurrent use.
type Kennel struct {
	limit time.Duration

	mu   sync.Mutex
	idle []*Dog
}

// New returns a kennel whose dogs abandon a coroutine that has not let go for
// limit, though it could have.
func New(limit time.Duration) *Kennel { return &Kennel{limit: limit} }

// A Dog watches a piece of work.
type Dog struct {
	kennel *Kennel
	timer  *time.Timer
	armed  atomic.Bool // the timer runs, which it may with nothing to watch

	mu        sync.Mutex  // of what follows: two beats may overlap
	watch     *coro.Watch // nil if there is nothing to watch
	stint     uint64
	code      time.Duration // beats in the stint
	converted time.Duration // those of them in a conversion
}

// Watch begins to watch a piece of work on the coroutines of w. Call Done when it
// is over. Most is over before the first look.
func (k *Kennel) Watch(w *coro.Watch) *Dog {
	d := k.take()
	d.mu.Lock()
	d.watch, d.stint = w, 0
	d.mu.Unlock()
	d.arm()
	return d
}

// take returns a dog that has nothing to do.
func (k *Kennel) take() *Dog {
	k.mu.Lock()
	defer k.mu.Unlock()
	if last := len(k.idle) - 1; last >= 0 {
		d := k.idle[last]
		k.idle = k.idle[:last]
		return d
	}
	d := &Dog{kennel: k}
	d.timer = time.AfterFunc(time.Hour, d.beat)
	d.timer.Stop()
	return d
}

// Done ends the watch. The dog is not to be used any more.
func (d *Dog) Done() {
	d.mu.Lock()
	d.watch = nil
	d.mu.Unlock()
	d.kennel.mu.Lock()
	d.kennel.idle = append(d.kennel.idle, d)
	d.kennel.mu.Unlock()
}

// arm starts the timer if it is at rest. It goes on from one piece of work to
// the next, since to set it for each would cost more than all else here.
func (d *Dog) arm() {
	if d.armed.Load() || !d.armed.CompareAndSwap(false, true) {
		return
	}
	d.timer.Reset(d.kennel.limit / 10)
}

// interval is the time between beats.
func (d *Dog) interval() time.Duration {
	return min(max(d.kennel.limit/100, time.Millisecond), 100*time.Millisecond)
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
	if d.watch != nil {
		s := d.watch.Stint()
		if after := d.count(s); after > 0 {
			free, stuck = d.watch.Abandon(s, after)
		}
		if !stuck {
			d.timer.Reset(d.interval())
			return nil, false
		}
		d.watch = nil
	}
	d.armed.Store(false)
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
	limit := d.kennel.limit
	switch {
	case d.code >= limit:
		return limit
	case d.converted >= conversionFactor*limit:
		return conversionFactor * limit
	default:
		return 0
	}
}
