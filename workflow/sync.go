package workflow

// A WaitGroup waits for coroutines to end.
type WaitGroup interface {
	// Add changes the counter. One below zero panics.
	Add(delta int)
	// Done is Add(-1).
	Done()
	// Wait blocks until the counter is zero. One coroutine at a time may wait.
	Wait(ctx Context)
	// Go runs f in a coroutine that is counted.
	Go(ctx Context, f func(ctx Context))
}

// NewWaitGroup returns a wait group whose counter is zero.
func NewWaitGroup(ctx Context) WaitGroup {
	r := runOf(ctx)
	r.mustMutate()
	return &waitGroup{}
}

type waitGroup struct {
	n       int
	waiting *future
}

func (w *waitGroup) Add(delta int) {
	w.n += delta
	switch {
	case w.n < 0:
		mistake("negative WaitGroup counter")
	case w.n == 0 && w.waiting != nil:
		w.waiting.settle(nil, nil)
		w.waiting = nil
	}
}

func (w *waitGroup) Done() { w.Add(-1) }

func (w *waitGroup) Wait(ctx Context) {
	if w.n <= 0 {
		return
	}
	if w.waiting != nil {
		mistake("WaitGroup is reused before previous Wait has returned")
	}
	w.waiting = &future{run: runOf(ctx)}
	// A wait group's future holds no error.
	_ = w.waiting.Get(ctx, nil)
}

func (w *waitGroup) Go(ctx Context, f func(ctx Context)) {
	w.Add(1)
	Go(ctx, func(ctx Context) {
		defer w.Done()
		f(ctx)
	})
}

// A Mutex is held by one coroutine at a time, across blocking calls too.
type Mutex interface {
	// Lock blocks until the mutex is free. A canceled ctx ends the wait.
	Lock(ctx Context) error
	// TryLock locks if that is possible without blocking.
	TryLock(ctx Context) bool
	// Unlock frees the mutex. One that is not locked panics.
	Unlock()
	// IsLocked reports whether the mutex is held.
	IsLocked() bool
}

// NewMutex returns an unlocked mutex.
func NewMutex(ctx Context) Mutex {
	runOf(ctx).mustMutate()
	return &mutex{}
}

type mutex struct{ locked bool }

func (m *mutex) Lock(ctx Context) error {
	if err := Await(ctx, func() bool { return !m.locked }); err != nil {
		return err
	}
	m.locked = true
	return nil
}

func (m *mutex) TryLock(ctx Context) bool {
	runOf(ctx).mustMutate()
	if m.locked {
		return false
	}
	m.locked = true
	return true
}

func (m *mutex) Unlock() {
	if !m.locked {
		mistake("Mutex.Unlock() was called on an unlocked mutex")
	}
	m.locked = false
}

func (m *mutex) IsLocked() bool { return m.locked }

// A Semaphore holds permits that coroutines take and give back.
type Semaphore interface {
	// Acquire blocks until n permits are free. A canceled ctx ends the wait.
	Acquire(ctx Context, n int64) error
	// TryAcquire takes n permits if that is possible without blocking.
	TryAcquire(ctx Context, n int64) bool
	// Release gives n permits back. More than were taken panics.
	Release(n int64)
}

// NewSemaphore returns a semaphore with n permits.
func NewSemaphore(ctx Context, n int64) Semaphore {
	runOf(ctx).mustMutate()
	return &semaphore{size: n}
}

type semaphore struct{ size, taken int64 }

func (s *semaphore) Acquire(ctx Context, n int64) error {
	if err := Await(ctx, func() bool { return s.size-s.taken >= n }); err != nil {
		return err
	}
	s.taken += n
	return nil
}

func (s *semaphore) TryAcquire(ctx Context, n int64) bool {
	runOf(ctx).mustMutate()
	if s.size-s.taken < n {
		return false
	}
	s.taken += n
	return true
}

func (s *semaphore) Release(n int64) {
	s.taken -= n
	if s.taken < 0 {
		mistake("Semaphore.Release() released more than held")
	}
}
