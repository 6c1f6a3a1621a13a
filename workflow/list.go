package workflow

import "iter"

// A list keeps values in the order in which they were pushed and removes any
// of them in constant time. The zero value is empty. It may be changed while
// it is ranged over: values removed before their turn are not seen, values
// pushed meanwhile are not either.
type list[T any] struct {
	first, last *node[T]
	pushed      uint64
}

type node[T any] struct {
	value      T
	serial     uint64
	next, prev *node[T]
	gone       bool
}

// push adds v at the end and returns what removes it again, as often as it is called.
func (l *list[T]) push(v T) (remove func()) {
	l.pushed++
	n := &node[T]{value: v, serial: l.pushed, prev: l.last}
	if l.last == nil {
		l.first = n
	} else {
		l.last.next = n
	}
	l.last = n
	return func() { l.remove(n) }
}

func (l *list[T]) remove(n *node[T]) {
	if n.gone {
		return
	}
	n.gone = true
	if n.prev == nil {
		l.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	// n.next stays: an iteration that stands on n still finds its way.
}

// pop removes the first value and returns it.
func (l *list[T]) pop() (v T, ok bool) {
	if l.first == nil {
		return v, false
	}
	n := l.first
	l.remove(n)
	return n.value, true
}

// empty reports whether nothing is in the list.
func (l *list[T]) empty() bool { return l.first == nil }

// clear forgets everything.
func (l *list[T]) clear() {
	for n := l.first; n != nil; n = n.next {
		n.gone = true
	}
	l.first, l.last = nil, nil
}

// all ranges over the values that are in the list now.
func (l *list[T]) all() iter.Seq[T] {
	upTo := l.pushed
	return func(yield func(T) bool) {
		for n := l.first; n != nil && n.serial <= upTo; n = n.next {
			if !n.gone && !yield(n.value) {
				return
			}
		}
	}
}
