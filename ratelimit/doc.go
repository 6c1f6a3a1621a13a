// Package ratelimit decides how often tasks may start.
//
// A [Limiter] hands out tokens. A worker reserves a [Token] before it asks for a task, so that no
// task waits for one with its clock running, spends it when a task came and refunds it when none
// did:
//
//	limiter, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 50, Burst: 10})
//	if err != nil {
//		return err
//	}
//	token, err := limiter.Reserve(ctx)
//	if err != nil {
//		return err // ctx ended
//	}
//	defer token.Refund() // does nothing once the token is spent
//	task, err := poll(ctx)
//	if err != nil {
//		return err
//	}
//	token.Spend()
//	return run(task)
//
// [Bucket] is the limiter for that; [Unlimited] is the one for no limit. [Keyed] has a bucket for
// each tenant, type or whatever, which is known only when the task has come: it is asked after the
// poll, or by polls for one key each.
//
// What it promises: in any stretch of time no more tokens are spent than its length times the rate,
// plus the burst, however the tokens were held and refunded in between; waiting callers are served
// first come, first served; a caller that gives up waiting takes nothing with it; a token counts
// once, however often it is settled. Everything is safe for concurrent use and starts no goroutine.
//
// What it will not do: it does not spread its limit over several processes, and it does not find
// tokens that were forgotten ([Stats] shows how many are held).
package ratelimit
