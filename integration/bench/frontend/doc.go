// Package frontend is a Temporal server that hands out work as fast as it is asked for it, without
// matching, queues of its own or a database, so that what a benchmark measures is the worker. It
// checks every answer.
//
// It promises that a unit of work is done when it says so: that every task was answered once, and
// with what the workflow or the activity should answer. It has no deadlines, retries, timers, queries
// or paging, and does not survive a worker that loses a task.
package frontend
