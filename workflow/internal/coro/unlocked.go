package coro

import "runtime"

// Unlocked runs f on a goroutine of its own and waits for it. Coroutines are
// handed from thread to thread, which those of a goroutine cannot be that was
// locked to its thread: whoever may be called on one runs them so. A panic of f
// and the end of its goroutine are the caller's.
func Unlocked(f func()) {
	done := make(chan struct{})
	returned := false
	var died any
	go func() {
		defer close(done)
		defer func() {
			if !returned {
				died = recover()
			}
		}()
		f()
		returned = true
	}()
	<-done
	switch {
	case died != nil:
		panic(died) //nolint:forbidigo // it is not ours: it goes on its way
	case !returned:
		runtime.Goexit()
	}
}
