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
	limit time.Duration
	watch *coro.Watch
	bark  func(after time.Duration)
	timer *time.Timer
	state atomic.Uint64 // number of the piece of work, and whether it is watched
	armed atomic.Bool   // the timer runs, which it may with nothing to watch

	mu        sync.Mutex // of what follows: beats of two pieces may overlap
	work      uint64
	switches  uint32
	code      time.Duration // beats since the last switch
	converted time.Duration // those of them in a conversion
}

// watched is set in the state while a piece of work is watched.
const watched = 1

// New returns a dog that calls bark when the coroutines that w watches have not
// switched for limit, though they could have. Bark is called on a goroutine of
// its own, once at most for each Start.
func New(limit time.Duration, w *coro.Watch, bark func(after time.Duration)) *Dog {
	d := &Dog{limit: limit, watch: w, bark: bark}
	d.timer = time.AfterFunc(time.Hour, d.beat)
	d.timer.Stop()
	return d
}

// Start begins to watch a piece of work. Most is over before the first look.
func (d *Dog) Start() {
	d.state.Store(d.state.Load()&^watched + 2 | watched)
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

// Done ends the watch. It reports whether the dog has kept quiet; if not, bark
// has returned.
func (d *Dog) Done() bool {
	s := d.state.Load()
	if s&watched != 0 && d.state.CompareAndSwap(s, s&^watched) {
		return true
	}
	d.mu.Lock() // it is barking
	defer d.mu.Unlock()
	return false
}

// interval is the time between beats.
func (d *Dog) interval() time.Duration {
	return min(max(d.limit/100, time.Millisecond), 100*time.Millisecond)
}

func (d *Dog) beat() {
	runtime.Gosched() // all that want to run go first
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.state.Load(); s&watched != 0 {
		after := d.count(s)
		if after == 0 {
			d.timer.Reset(d.interval())
			return
		}
		if d.state.CompareAndSwap(s, s&^watched) {
			d.bark(after)
		}
	}
	d.armed.Store(false)
	if d.state.Load()&watched != 0 { // something was started just now
		d.arm()
	}
}

// count adds a beat; it returns the limit that is used up, or zero.
func (d *Dog) count(work uint64) time.Duration {
	if n := d.watch.Switches(); work != d.work || n != d.switches {
		d.work, d.switches, d.code, d.converted = work, n, 0, 0
		d.watch.Ask()
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
