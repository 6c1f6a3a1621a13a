package compat

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// Attempt calls f with a test that can be given up without failing t, and returns
// what f has complained of.
func Attempt(t testing.TB, f func(testing.TB)) error {
	t.Helper()
	a := &attempt{TB: t}
	var wg sync.WaitGroup
	wg.Go(func() { f(a) }) // which may end with Goexit
	wg.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.errs...)
}

// attempt keeps what a test would fail with.
type attempt struct {
	testing.TB

	mu   sync.Mutex // guards errs
	errs []error
}

// Error implements testing.TB.
func (a *attempt) Error(args ...any) { a.keep(fmt.Sprint(args...)) }

// Errorf implements testing.TB.
func (a *attempt) Errorf(format string, args ...any) { a.keep(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (a *attempt) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

func (a *attempt) keep(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errs = append(a.errs, errors.New(text))
}
