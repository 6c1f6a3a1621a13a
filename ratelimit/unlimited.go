package ratelimit

import "context"

// Unlimited is a [Limiter] that never makes anybody wait and keeps no accounts, so it costs next
// to nothing. Its zero value is ready for use. Since nothing is counted, its tokens report true
// each time they are settled.
type Unlimited struct{}

// Reserve implements [Limiter]. It fails only when ctx has ended.
func (Unlimited) Reserve(ctx context.Context) (Token, error) {
	if ctx.Err() != nil {
		return Token{}, ended(ctx)
	}
	return NewToken(unlimitedHolder{}, 0), nil
}

// TryReserve implements [TryLimiter].
func (Unlimited) TryReserve() (Token, bool) { return NewToken(unlimitedHolder{}, 0), true }

type unlimitedHolder struct{}

func (unlimitedHolder) Spend(uint64) bool { return true }

func (unlimitedHolder) Refund(uint64) bool { return true }
