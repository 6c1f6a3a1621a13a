package pollertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// SourceUnderTest is a source and what a test needs to drive it.
type SourceUnderTest[T any] struct {
	// Source is empty at first.
	Source poller.Source[T]
	// Put adds a task with that identity on the other side. It must not wait for a poll.
	Put func(id int)
	// ID returns the identity of a task.
	ID func(task T) int
	// LongPoll is how long a poll of an empty source lasts at most before it says so; at least
	// half of it must pass. Zero: such a poll lasts until its context ends.
	LongPoll time.Duration
	// Prompt is how long the source may take to notice a task or the end of a context. Default 1 s,
	// which is plenty in virtual time.
	Prompt time.Duration
	// Redeliver is after how long the other side offers a task again whose delivery failed.
	// Zero: at once.
	Redeliver time.Duration
}

// MakeSource makes a fresh source.
type MakeSource[T any] func() SourceUnderTest[T]

// TestSource runs every clause of [SourceClauses] against the sources that mk makes.
func TestSource[T any](t *testing.T, mk func(t *testing.T) SourceUnderTest[T]) {
	t.Helper()
	run(t, SourceClauses[T](), func(t *testing.T) MakeSource[T] {
		t.Helper()
		return func() SourceUnderTest[T] { return mk(t) }
	})
}

// SourceClauses returns the contract of a [poller.Source], always in the same order.
func SourceClauses[T any]() []Clause[MakeSource[T]] {
	return []Clause[MakeSource[T]]{
		{"ReturnsTask", "a task that waits is returned at once, without an error", returnsTask[T]},
		{"WaitsForTask", "a poll waits for a task and returns it as soon as it comes", waitsForTask[T]},
		{"LongPollIsLong", "a poll of an empty source does not end at once", longPollIsLong[T]},
		{"EmptyIsFlagged", "a poll that ends without a task says Empty, and is no error", emptyIsFlagged[T]},
		{"ObeysContext", "a poll returns promptly when its context ends", obeysContext[T]},
		{
			"EndedContext", "a poll whose context has ended returns promptly and loses no task",
			endedContext[T],
		},
		{
			"CancelLosesNoTask", "a task that meets the end of the context is returned, or left for a later poll",
			cancelLosesNoTask[T],
		},
		{
			"AbandonedPollTakesNothing", "a poll that has returned takes no task any more",
			abandonedPollTakesNothing[T],
		},
		{"EachTaskOnce", "every task is returned once", eachTaskOnce[T]},
		{
			"ConcurrentPollsGetDistinctTasks", "polls at the same time get different tasks",
			concurrentPollsGetDistinctTasks[T],
		},
		{"OneTaskEndsOnePoll", "one task ends one of several polls", oneTaskEndsOnePoll[T]},
		{
			"FeedbackIsConsistent", "Delta is zero without HasDecision, and Backlog is not negative",
			feedbackIsConsistent[T],
		},
	}
}

// polled is what a poll returned.
type polled[T any] struct {
	task T
	fb   poller.Feedback
	err  error
}

// poll polls in the background.
func (s *SourceUnderTest[T]) poll(ctx context.Context) <-chan polled[T] {
	c := make(chan polled[T], 1)
	go func() {
		var p polled[T]
		defer func() {
			if r := recover(); r != nil {
				p.err = fmt.Errorf("panic: %v", r)
			}
			c <- p
		}()
		p.task, p.fb, p.err = s.Source.Poll(ctx)
	}()
	return c
}

func (s *SourceUnderTest[T]) prompt() time.Duration {
	if s.Prompt > 0 {
		return s.Prompt
	}
	return time.Second
}

// half is a time in which a poll of an empty source must not end.
func (s *SourceUnderTest[T]) half() time.Duration {
	if s.LongPoll > 0 {
		return s.LongPoll/2 - 1
	}
	return time.Hour
}

func (p *polled[T]) isTask() bool { return p.err == nil && !p.fb.Empty }

// manyTasks is more than any clause puts: who returns so many makes them up.
const manyTasks = 200

// drain polls until nothing came for as long as a redelivery may take, and returns the
// identities.
func (s *SourceUnderTest[T]) drain(ctx context.Context) []int {
	var ids []int
	for quiet := time.Now(); len(ids) < manyTasks && time.Since(quiet) <= s.Redeliver+s.prompt(); {
		short, cancel := context.WithTimeout(ctx, s.Redeliver+2*s.prompt())
		p, ok := after(s.poll(short), s.Redeliver+4*s.prompt())
		cancel()
		switch {
		case !ok:
			return ids
		case p.isTask():
			ids = append(ids, s.ID(p.task))
			quiet = time.Now()
		default:
			time.Sleep(s.prompt()) // a source that errs at once must not hold up the clock
		}
	}
	return ids
}

// want checks that p is the task with that identity.
func (s *SourceUnderTest[T]) want(p polled[T], id int) error {
	switch {
	case p.err != nil:
		return fmt.Errorf("poll: got error %w, want task %d", p.err, id)
	case p.fb.Empty:
		return fmt.Errorf("poll: got Empty, want task %d", id)
	case s.ID(p.task) != id:
		return fmt.Errorf("poll: got task %d, want %d", s.ID(p.task), id)
	}
	return nil
}

func returnsTask[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	s.Put(7)
	p, ok := after(s.poll(ctx), s.prompt())
	if !ok {
		return fmt.Errorf("poll did not return the task that waits within %s", s.prompt())
	}
	return s.want(p, 7)
}

func waitsForTask[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	c := s.poll(ctx)
	if p, ended := after(c, s.half()); ended {
		return fmt.Errorf("poll ended before there was a task: %+v", p)
	}
	s.Put(7)
	p, ok := after(c, s.prompt())
	if !ok {
		return fmt.Errorf("poll did not return the task that came within %s", s.prompt())
	}
	return s.want(p, 7)
}

func longPollIsLong[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	for i := range 3 {
		c := s.poll(ctx)
		if p, ended := after(c, s.half()); ended {
			return fmt.Errorf("poll %d of an empty source ended within %s: %+v", i+1, s.half(), p)
		}
		if s.LongPoll == 0 {
			return nil
		}
		after(c, s.LongPoll)
	}
	return nil
}

func emptyIsFlagged[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	c := s.poll(ctx)
	if s.LongPoll == 0 {
		if p, ended := after(c, 24*time.Hour); ended {
			return fmt.Errorf("poll ended within a day, though LongPoll is 0: %+v", p)
		}
		return nil
	}
	p, ok := after(c, s.LongPoll+s.prompt())
	switch {
	case !ok:
		return fmt.Errorf("poll did not end within LongPoll (%s) and %s", s.LongPoll, s.prompt())
	case p.err != nil:
		return fmt.Errorf("poll: got error %w, want Empty and no error", p.err)
	case !p.fb.Empty:
		return errors.New("poll ended without a task and without Feedback.Empty")
	}
	return nil
}

func obeysContext[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	for range 3 {
		ctx, cancel := context.WithCancel(ctx)
		c := s.poll(ctx)
		synctest.Wait()
		cancel()
		p, ok := after(c, s.prompt())
		if !ok {
			return fmt.Errorf("poll did not return within %s of the end of its context", s.prompt())
		}
		if p.isTask() {
			return errors.New("a cancelled Poll of an empty source returned " +
				"neither an error nor Empty: its zero task would be handled")
		}
	}
	return nil
}

func endedContext[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if p, ok := after(s.poll(ended), s.prompt()); !ok || p.isTask() {
		return fmt.Errorf("poll of an empty source with an ended context: returned %t, %+v", ok, p)
	}
	for id := range 16 {
		s.Put(id)
		p, ok := after(s.poll(ended), s.prompt())
		if !ok {
			return fmt.Errorf("poll with an ended context did not return within %s", s.prompt())
		}
		if err := s.account(ctx, p, id); err != nil {
			return err
		}
	}
	return nil
}

// account checks that the only task there is was returned as p or can still be had, once.
func (s *SourceUnderTest[T]) account(ctx context.Context, p polled[T], id int) error {
	var got []int
	if p.isTask() {
		got = append(got, s.ID(p.task))
	}
	got = append(got, s.drain(ctx)...)
	if len(got) == 1 && got[0] == id {
		return nil
	}
	return fmt.Errorf("task %d met the end of the context: it and later polls returned %v, want [%d]",
		id, got, id)
}

func cancelLosesNoTask[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	for id := range 96 {
		short, cancel := context.WithCancel(ctx)
		c := s.poll(short)
		if id%2 == 0 {
			synctest.Wait() // else the poll is on its way as well
		}
		switch id / 2 % 4 {
		case 0:
			s.Put(id)
			cancel()
		case 1:
			cancel()
			s.Put(id)
		case 2:
			go s.Put(id)
			go cancel()
		case 3:
			go cancel()
			go s.Put(id)
		}
		p, ok := after(c, s.prompt())
		cancel()
		if !ok {
			return fmt.Errorf("poll did not return within %s of the end of its context", s.prompt())
		}
		if err := s.account(ctx, p, id); err != nil {
			return err
		}
	}
	return nil
}

func abandonedPollTakesNothing[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	for id := range 8 {
		short, cancel := context.WithCancel(ctx)
		c := s.poll(short)
		synctest.Wait()
		cancel()
		if _, ok := after(c, s.prompt()); !ok {
			return fmt.Errorf("poll did not return within %s of the end of its context", s.prompt())
		}
		s.Put(id)
		p, ok := after(s.poll(ctx), s.prompt())
		if !ok {
			return fmt.Errorf("task %d, put after a poll was cancelled, did not reach the next poll", id)
		}
		if err := s.want(p, id); err != nil {
			return err
		}
	}
	return nil
}

func eachTaskOnce[T any](ctx context.Context, mk MakeSource[T]) error {
	const n = 50
	s := mk()
	for id := range n {
		s.Put(id)
	}
	return once(s.drain(ctx), n)
}

// once checks that ids are 0 to n-1 in any order.
func once(ids []int, n int) error {
	seen := make(map[int]int)
	for _, id := range ids {
		seen[id]++
	}
	for id := range n {
		if seen[id] != 1 {
			return fmt.Errorf("task %d of %d was returned %d times", id, n, seen[id])
		}
	}
	if len(seen) != n {
		return fmt.Errorf("polls returned %d different tasks of %d: %v", len(seen), n, ids)
	}
	return nil
}

func concurrentPollsGetDistinctTasks[T any](ctx context.Context, mk MakeSource[T]) error {
	const n = 8
	s := mk()
	var polls []<-chan polled[T]
	for range n {
		polls = append(polls, s.poll(ctx))
	}
	synctest.Wait()
	for id := range n {
		go s.Put(id)
	}
	var ids []int
	for i, c := range polls {
		p, ok := after(c, s.prompt())
		switch {
		case !ok:
			return fmt.Errorf("poll %d of %d with %d tasks did not return", i+1, n, n)
		case p.err != nil:
			return fmt.Errorf("poll %d of %d with %d tasks: %w", i+1, n, n, p.err)
		case p.fb.Empty:
			return fmt.Errorf("poll %d of %d with %d tasks was empty", i+1, n, n)
		}
		ids = append(ids, s.ID(p.task))
	}
	return once(ids, n)
}

func oneTaskEndsOnePoll[T any](ctx context.Context, mk MakeSource[T]) error {
	const n = 4
	s := mk()
	var polls []<-chan polled[T]
	for range n {
		polls = append(polls, s.poll(ctx))
	}
	synctest.Wait()
	s.Put(3)
	time.Sleep(min(s.prompt(), s.half()))
	synctest.Wait()
	tasks, ended := 0, 0
	for _, c := range polls {
		select {
		case p := <-c:
			ended++
			if p.isTask() {
				tasks++
			}
		default:
		}
	}
	if tasks != 1 || ended != 1 {
		return fmt.Errorf("one task ended %d of %d polls, %d with a task", ended, n, tasks)
	}
	return nil
}

func feedbackIsConsistent[T any](ctx context.Context, mk MakeSource[T]) error {
	s := mk()
	for id := range 20 {
		s.Put(id)
	}
	for i := range 22 {
		c := s.poll(ctx)
		p, ok := after(c, max(s.LongPoll, 0)+s.prompt())
		if !ok {
			return nil // an empty source whose polls do not end
		}
		if p.fb.Delta != 0 && !p.fb.HasDecision {
			return fmt.Errorf("poll %d: Delta is %d without HasDecision", i+1, p.fb.Delta)
		}
		if p.fb.Backlog < 0 {
			return fmt.Errorf("poll %d: Backlog is %d", i+1, p.fb.Backlog)
		}
	}
	return nil
}
