package workflow

import "iter"

// A list keeps values in the order in which they were pushed and removes any
// of them in constant time. The zero value is empty. It may be changed while
// it is ranged over: values removed before their turn are not seen, values
// pushed meanwhile are not either.
type list[T any] struct {
	first, last *node[T]
	pushed      uint64
	length      int
}

// A node is the place of a value in a list. It can be used again, in any list,
// once it is out.
type node[T any] struct {
	value      T
	serial     uint64 // zero if it is in no list
	next, prev *node[T]
}

// in reports whether n is in a list.
func (n *node[T]) in() bool { return n.serial != 0 }

// push adds v at the end.
func (l *list[T]) push(v T) *node[T] {
	n := &node[T]{value: v}
	l.add(n)
	return n
}

// add puts n, which is in no list, at the end.
func (l *list[T]) add(n *node[T]) {
	l.pushed++
	l.length++
	n.serial, n.prev, n.next = l.pushed, l.last, nil
	if l.last == nil {
		l.first = n
	} else {
		l.last.next = n
	}
	l.last = n
}

// remove takes n out if it is still in.
func (l *list[T]) remove(n *node[T]) {
	if !n.in() {
		return
	}
	n.serial = 0
	l.length--
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
	n.next, n.prev = nil, nil
	return n.value, true
}

// clear forgets everything.
func (l *list[T]) clear() {
	for n := l.first; n != nil; {
		next := n.next
		n.serial, n.next, n.prev = 0, nil, nil
		n = next
	}
	l.first, l.last, l.length = nil, nil, 0
}

// all ranges over the values that are in the list now.
func (l *list[T]) all() iter.Seq[T] {
	upTo := l.pushed
	return func(yield func(T) bool) {
		for n := l.first; n != nil && n.serial <= upTo; n = n.next {
			if n.in() && !yield(n.value) {
				return
			}
		}
	}
}
