package slots

// waiter is one caller blocked in Reserve.
type waiter struct {
	request    Request
	granted    chan struct{} // closed once id is set
	id         uint64
	queued     bool
	prev, next *waiter
}

// queue is the waiters in order of arrival, linked both ways so that one who gives up in the
// middle leaves in constant time. The zero value is empty.
type queue struct {
	head, tail *waiter
	size       int
}

func (q *queue) push(w *waiter) {
	w.queued, w.prev = true, q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.size++
}

// remove takes w out and reports whether it was still in.
func (q *queue) remove(w *waiter) bool {
	if !w.queued {
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
	w.queued, w.prev, w.next = false, nil, nil
	q.size--
	return true
}
