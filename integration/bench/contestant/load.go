package contestant

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// How the worker is set up that has slow activities.
const (
	// Slots is how many of them may run at once.
	Slots = 20
	// SlowTime is how long the first one takes. Each takes Later longer than the one before, so
	// that the last of those that run ends alone, however fast they were begun.
	SlowTime = 50 * time.Millisecond
	Later    = 2 * time.Millisecond
	// grace is how long the worker lets them end when it stops.
	grace = 10 * time.Second
)

// A load counts slow activities.
type load struct {
	mu      sync.Mutex
	running int
	begun   int
	ended   time.Time     // the latest
	enough  int           // that have begun, which somebody waits for; 0 if nobody does
	reached chan struct{} // closed when enough have
}

func newLoad() *load { return &load{reached: make(chan struct{})} }

// slow is the activity. It fails if the worker does not let it end by itself.
func (l *load) slow(ctx context.Context, text string) (string, error) {
	number := l.count(+1)
	defer l.count(-1)
	if frontend.Pause(ctx, SlowTime+time.Duration((number-1)%Slots)*Later) != nil {
		return "", fmt.Errorf("an activity was canceled that had time to end: %w", context.Cause(ctx))
	}
	return strings.Clone(text), nil
}

// count takes note that one begins or ends, and returns how many have begun.
func (l *load) count(change int) (begun int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running += change
	if change < 0 {
		l.ended = time.Now()
		return l.begun
	}
	l.begun++
	if l.begun == l.enough {
		close(l.reached)
	}
	return l.begun
}

// Stopped is how a worker stopped that had activities to end.
type Stopped struct {
	// Took is from the call to its return, and After from the return of the last activity.
	Took  time.Duration `json:"took"`
	After time.Duration `json:"after"`
	// Begun is how many activities have begun in the life of the worker.
	Begun int `json:"begun"`
}

// stop stops a worker as soon as so many activities have begun in its life as number says.
func (l *load) stop(ctx context.Context, number string, stop func(context.Context) error) (s Stopped, err error) {
	enough, err := strconv.Atoi(number)
	if err != nil || enough < 1 {
		return s, fmt.Errorf("contestant: stop when %q activities have begun: give a number", number)
	}
	l.await(enough)
	select {
	case <-l.reached:
	case <-ctx.Done():
		return s, ctx.Err()
	}
	began := time.Now()
	if err := stop(ctx); err != nil {
		return s, err
	}
	end := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running > 0 {
		return s, fmt.Errorf("contestant: the worker has stopped, and %d activities still run", l.running)
	}
	return Stopped{Took: end.Sub(began), After: end.Sub(l.ended), Begun: l.begun}, nil
}

// await has reached be closed when so many activities have begun, which may be so already.
func (l *load) await(enough int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enough = enough
	if l.begun >= enough {
		close(l.reached)
	}
}
