package slots

import "sync"

// waiter is one caller blocked in Reserve, or in Use.
type waiter struct {
	request Request
	demand  demand
	wake    chan struct{} // tells it that something below has changed; holds one
	id      uint64        // of the permit: granted in Reserve, held in Use
	ended   error         // why a hold is over without the task being allowed to run

	in         *queue // the one it stands in; nil when it stands in none
	prev, next *waiter
}

// tell wakes the caller. The signal is kept until it looks.
func (w *waiter) tell() {
	select {
	case w.wake <- struct{}{}:
	default: // told already
	}
}

// queue is the waiters in order of arrival, linked both ways so that one who gives up in the
// middle leaves in constant time. The zero value is empty.
type queue struct {
	head, tail *waiter
	size       int
}

func (q *queue) push(w *waiter) {
	w.in, w.prev = q, q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.size++
}

// pushFirst puts back one that had been first.
func (q *queue) pushFirst(w *waiter) {
	w.in, w.next = q, q.head
	if q.head == nil {
		q.tail = w
	} else {
		q.head.prev = w
	}
	q.head = w
	q.size++
}

// leave takes w out of its queue and reports whether it was still in one.
func (w *waiter) leave() bool {
	q := w.in
	if q == nil {
		return false
	}
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.in, w.prev, w.next = nil, nil, nil
	q.size--
	return true
}

// spares are waiters that stand in no queue, for reuse. The zero value is ready.
type spares struct{ pool sync.Pool }

func (s *spares) get() *waiter {
	w, ok := s.pool.Get().(*waiter)
	if !ok {
		w = &waiter{wake: make(chan struct{}, 1)}
	}
	return w
}

// put keeps w, which stands in no queue, for the next who waits.
func (s *spares) put(w *waiter) {
	select {
	case <-w.wake: // a nudge too many
	default:
	}
	*w = waiter{wake: w.wake}
	s.pool.Put(w)
}
