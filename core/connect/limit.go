package connect

import (
	"context"
	"reflect"
	"sync"
	"time"
)

// A Limit bounds how long calls take that are made again and again in one context. Those that begin
// shortly one after the other share a context with a deadline, so that a busy client does not make
// one, and a timer, for each of them: a call may be cut short by a twentieth of the limit too early. A
// Limit is safe for concurrent use. Make one with [NewLimit]; nil bounds nothing.
type Limit struct {
	within time.Duration

	mu     sync.Mutex
	parent context.Context //nolint:containedctx // of the calls that share; nil until there was one
	alone  bool            // none do: their context cannot be compared
	latest *deadline       // nil until there was one
}

// A deadline is that of the calls of one moment.
type deadline struct {
	context.Context //nolint:containedctx // what they share
	cancel          context.CancelFunc
	leave           context.CancelFunc // the end of a call
	fresh           time.Time          // how long new calls may have it
	calls           int                // under way; guarded by the limit's lock
}

// NewLimit returns a limit, which must be greater than zero. The calls that share are those of the
// context that it is asked for first.
func NewLimit(within time.Duration) *Limit { return &Limit{within: within} }

// Bound returns the context for a call in ctx, and what to do once, when the call is over. The context
// ends when ctx does, or when the time is up.
func (l *Limit) Bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if l == nil {
		return ctx, func() {}
	}
	now := time.Now()
	if until, bounded := ctx.Deadline(); bounded && until.Sub(now) <= l.within {
		return ctx, func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.parent == nil && !l.alone {
		l.parent, l.alone = ctx, !reflect.ValueOf(ctx).Comparable()
	}
	if l.alone || l.parent != ctx {
		return context.WithDeadline(ctx, now.Add(l.within))
	}
	if l.latest == nil || now.After(l.latest.fresh) {
		l.renew(ctx, now)
	}
	l.latest.calls++
	return l.latest.Context, l.latest.leave
}

// renew makes the deadline of the calls from now on. It is called with the lock held.
func (l *Limit) renew(ctx context.Context, now time.Time) {
	was, d := l.latest, &deadline{fresh: now.Add(l.within / 20)}
	d.Context, d.cancel = context.WithDeadline(ctx, now.Add(l.within))
	d.leave = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		d.calls--
		l.drop(d)
	}
	l.latest = d
	l.drop(was)
}

// drop lets go of a deadline that no call has or will have. It is called with the lock held.
func (l *Limit) drop(d *deadline) {
	if d != nil && d != l.latest && d.calls == 0 {
		d.cancel()
	}
}
