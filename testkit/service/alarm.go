package service

import (
	"container/heap"
	"time"
)

// alarms wake runs and queues at their times: one heap, served by one timer. The service's
// lock guards them.
type alarms struct {
	ring    func()
	until   func(at time.Time) (d time.Duration, comes bool) // see clock
	heap    alarmHeap
	timer   *time.Timer
	next    time.Time
	seq     int64
	stopped bool
}

// alarm is the time at which one run has something to do, or a queue that may hand
// out no task before. Each has one.
type alarm struct {
	run   *run
	queue *queue
	at    time.Time
	seq   int64 // alarms of one time ring in the order in which they were set
	index int   // in the heap; -1 if it is not there
}

// set makes the alarm ring at the time; the zero time takes it away.
func (a *alarms) set(one *alarm, at time.Time) {
	if one.index >= 0 {
		if one.at.Equal(at) {
			return
		}
		heap.Remove(&a.heap, one.index)
	}
	if !at.IsZero() {
		a.seq++
		one.at, one.seq = at, a.seq
		heap.Push(&a.heap, one)
	}
	a.arm()
}

// due takes the first alarm whose time has come; nil if there is none.
func (a *alarms) due(at time.Time) *alarm {
	if len(a.heap) == 0 || a.heap[0].at.After(at) {
		return nil
	}
	first, ok := heap.Pop(&a.heap).(*alarm)
	if !ok {
		return nil
	}
	return first
}

// arm sets the timer to the earliest alarm.
func (a *alarms) arm() {
	if a.stopped || len(a.heap) == 0 {
		if a.timer != nil {
			a.timer.Stop()
		}
		a.next = time.Time{}
		return
	}
	at := a.heap[0].at
	if a.next.Equal(at) {
		return
	}
	a.next = at
	d, comes := a.until(at)
	switch {
	case a.timer == nil && comes:
		a.timer = time.AfterFunc(d, a.ring)
	case comes:
		a.timer.Reset(d)
	case a.timer != nil:
		a.timer.Stop()
	}
}

// first is the time of the earliest alarm; false if there is none.
func (a *alarms) first() (time.Time, bool) {
	if len(a.heap) == 0 {
		return time.Time{}, false
	}
	return a.heap[0].at, true
}

func (a *alarms) stop() {
	a.stopped = true
	a.arm()
}

// ring lets every run and queue do what is due.
func (s *Service) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alarms.stopped {
		return
	}
	s.ringDue()
	s.skip()
}

// ringDue is ring for one who has the lock.
func (s *Service) ringDue() {
	s.alarms.next = time.Time{}
	at := s.now()
	for a := s.alarms.due(at); a != nil; a = s.alarms.due(at) {
		if a.run != nil {
			a.run.expire(at)
		} else {
			s.match(a.queue)
		}
	}
	s.alarms.arm()
}

type alarmHeap []*alarm

func (h *alarmHeap) Len() int { return len(*h) }

func (h *alarmHeap) Less(i, j int) bool {
	a, b := (*h)[i], (*h)[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.seq < b.seq
}

func (h *alarmHeap) Swap(i, j int) {
	a := *h
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

func (h *alarmHeap) Push(x any) {
	a, ok := x.(*alarm)
	if !ok {
		return
	}
	a.index = len(*h)
	*h = append(*h, a)
}

func (h *alarmHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	last.index = -1
	return last
}
