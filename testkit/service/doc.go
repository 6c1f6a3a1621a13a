// Package service is a Temporal service in memory: the part of WorkflowService
// that workers and clients use, for tests.
//
// What it promises:
//
//   - Histories are those that the real server writes for the same scenario:
//     the same events with the same ids and attributes. The scenarios of
//     integration/scenarios run on both and are compared, event by event, and so
//     are the errors that clients see.
//   - It lives on the clock of package time and on channels alone. In a bubble of
//     testing/synctest thirty days pass in milliseconds. Outside one they do if
//     its time skips what nobody has to wait for, or is moved by hand: see [Time].
//   - A test decides about faults: [Options.Hook] sees every call and may fail,
//     delay, repeat it or lose its response; [Service.Restart] and [Service.Jump]
//     are a server that restarts and a clock that was wrong.
//   - [Service.Leftovers] tells what a test has left behind.
//   - What is not implemented answers Unimplemented, naming the method, the
//     command or the field; never a made-up success.
//
// Usage:
//
//	s, err := service.New(service.Options{})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	w, err := worker.New(s.Direct(), "orders", worker.Options{Workflows: []any{Order}})
//	...
//	run, err := s.Client().StartWorkflowExecution(ctx, request)
//
// # How it is made
//
// One lock guards everything, so that what happens has one order. A run is a list
// of events with the state that they imply; an operation changes a run and is then
// committed or, if the server would refuse it, undone. Only a commit makes tasks
// visible to pollers, wakes those that wait and sets the run's alarm, which is
// the earliest of all its timers and timeouts. What a run does to another one
// follows its commit, as in the server's transfer queue: one step after the other,
// each committed on its own, all before the operation returns. A run that goes on
// from a point of another one gets its state by replaying the events up to there.
// All alarms are in one queue, served by one time.Timer. Calls are counted in and
// out, and out while they only wait: when none is in progress and no worker has a
// task, a clock that skips goes on to the next alarm. Each task queue holds the
// polls that wait and the tasks that do, by their priority, and within one first
// come first served.
//
// # Known differences
//
//   - A page of history has so many events; the server counts batches of events.
//   - The size of history in WorkflowTaskStarted is that of the messages, not of
//     what the server stores.
//   - A task queue has one partition, and what DescribeTaskQueue tells of it is never
//     old: matching.numTaskqueueReadPartitions is 1, matching.TaskQueueInfoByBuildIdTTL
//     nothing. The limit of 1000 tasks per second that it tells of is not applied.
//   - Fairness is off, as by the server's defaults: keys and weights are checked,
//     kept and inherited, but order nothing.
//   - What one answer does to several workflows, and what becomes of the children of
//     a workflow that closes, has the order of the commands; the server leaves it to
//     chance.
//   - A workflow cannot be reset to a point at which a signal or a cancellation that
//     it has sent is on its way; that answers Unimplemented. So do
//     PostResetOperations.
//   - A signal from another workflow to one that is about to close is delivered at
//     once; the server tries again until that one has closed.
//   - Versions of worker deployments are known to all task queues at once. One that
//     drains does so for good: the server looks from time to time whether workflows
//     of it are open.
//   - A task that waits on a sticky queue stays there if the current version
//     changes, until it times out. An activity that is described while it runs
//     does not tell which version has it.
//   - UpdateWorkflowExecutionOptions changes nothing but the versioning override.
//   - GetSystemInfo and DescribeNamespace promise only what is here.
//   - A history that is too large ends its workflow at about the size at which the
//     server does it, since that counts what it stores. A call that ends a workflow
//     so gets the server's error if it is a signal, a heartbeat, or the report of a
//     task; others are answered as if nothing had happened.
//   - Payloads of updates in flight, buffered events, single transactions, search
//     attributes, and what the server keeps of a run beside its history have no
//     limits of size.
//   - Lists of workflows are never behind, and what is deleted is gone at once. Of
//     SQL the filters have what the server takes, and the rest of what is usual, to
//     refuse it with the same words. A server on SQLite ignores case in STARTS_WITH
//     and in KeywordList, and takes times of whole seconds for others: here they are
//     compared as they are.
//   - BuildIds and StateTransitionCount are never set.
//
// # What it will not do
//
// It keeps nothing on disk, has no limits of the rates of calls, and forgets nothing
// that is not deleted: a service belongs to one test. No command reaches a workflow
// of another namespace, as on a server that was not told otherwise.
package service
