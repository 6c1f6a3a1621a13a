package ratelimit

// waiter is one caller blocked in Reserve.
type waiter struct {
	look       chan struct{} // tells it to look again; holds one
	prev, next *waiter
}

// queue is the waiters in order of arrival, linked both ways so that one who gives up in the middle
// leaves in constant time. The zero value is empty.
type queue struct {
	head, tail *waiter
	size       int
}

func (q *queue) push(w *waiter) {
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.size++
}

// remove takes out w, which is in.
func (q *queue) remove(w *waiter) {
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
	w.prev, w.next = nil, nil
	q.size--
}

// lookAgain makes the first in the queue look whether its token is there.
func (q *queue) lookAgain() {
	if q.head == nil {
		return
	}
	select {
	case q.head.look <- struct{}{}:
	default: // it has been told and has not looked yet
	}
}
