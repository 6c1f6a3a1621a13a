package frontend

import (
	"context"
	"errors"
	"fmt"
)

// room is how many tasks may wait in one queue.
const room = 1 << 13

// queues are the task queues of one kind of task, normal and sticky ones, by name.
type queues[T any] map[string]chan T

// named is called with the lock held that guards the map.
func (q queues[T]) named(name string) chan T {
	tasks, ok := q[name]
	if !ok {
		tasks = make(chan T, room)
		q[name] = tasks
	}
	return tasks
}

var errFull = errors.New("frontend: more tasks wait than there is room for")

// push adds a task where the lock is held.
func (q queues[T]) push(name string, task T) error {
	select {
	case q.named(name) <- task:
		return nil
	default:
		return errFull
	}
}

// A put gives a task to those who poll, when there is room, or nobody when over is closed.
type put func(ctx context.Context, over <-chan struct{}) error

// putter is called with the lock held, what it returns without.
func (q queues[T]) putter(name string, task T) put {
	tasks := q.named(name)
	return func(ctx context.Context, over <-chan struct{}) error {
		select {
		case tasks <- task:
			return nil
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// QueueName is the name of one of the task queues of an [Order], counted from zero.
func QueueName(i int) string {
	if i == 0 {
		return TaskQueue
	}
	return fmt.Sprintf("%s-%d", TaskQueue, i)
}
