package poller

import "context"

// A Source is where tasks come from. It is called from several goroutines at once.
type Source[T any] interface {
	// Poll waits for a task, normally for as long as the other side lets it. It returns
	//   - a task, with err nil and Feedback.Empty false;
	//   - no task, with err nil and Feedback.Empty true: the long poll ended without one;
	//   - an error: the task and Feedback.Empty mean nothing then.
	// It returns promptly when ctx ends. A task that arrives at that very moment is either
	// returned (and will be handled) or left where a later poll finds it.
	// The context is shared by many polls and has no deadline: set one if the other side may
	// fail to answer.
	Poll(ctx context.Context) (task T, fb Feedback, err error)
}

// SourceFunc lets a function be a [Source].
type SourceFunc[T any] func(ctx context.Context) (T, Feedback, error)

// Poll calls f.
func (f SourceFunc[T]) Poll(ctx context.Context) (task T, fb Feedback, err error) {
	return f(ctx)
}

// Feedback is what a poll tells beside its task.
type Feedback struct {
	// Empty says that the poll ended without a task.
	Empty bool
	// HasDecision says that the other side suggested how to scale; Delta holds the suggestion.
	HasDecision bool
	// Delta is the suggested change of the number of polls; zero says "stay".
	Delta int
	// Backlog is a hint of how many tasks wait on the other side; zero is "none or unknown".
	Backlog int64
}

// A Ticket is what a poll holds before it is sent: a slot, a rate token, or both.
type Ticket interface {
	// Return gives the ticket back unspent. The poller calls it after a poll that brought no
	// task, and after a handler that panicked: in that case the handler may have settled the
	// ticket already, and Return must do nothing. It must not block, nor panic.
	Return()
}

// A Spender is a [Ticket] that wants to know at once that its poll brought a task: before the next
// poll is admitted, and before the handler is called. A [Balance] needs that: see [Pass.Work].
type Spender interface {
	// Spend must not block, nor panic.
	Spend()
}

// An Admission hands out tickets. It is called from several goroutines at once.
type Admission[K Ticket] interface {
	// Admit waits for a ticket. It returns ctx's error as soon as ctx ends. Any other error is
	// treated like the failure of a poll and reaches [Options.Classify] as an [*AdmissionError].
	Admit(ctx context.Context) (K, error)
}

// AdmissionFunc lets a function be an [Admission].
type AdmissionFunc[K Ticket] func(ctx context.Context) (K, error)

// Admit calls f.
func (f AdmissionFunc[K]) Admit(ctx context.Context) (K, error) { return f(ctx) }

// NoTicket is the [Ticket] of those who limit nothing.
type NoTicket struct{}

// Return does nothing.
func (NoTicket) Return() {}

// Unlimited is an [Admission] that admits every poll at once.
type Unlimited struct{}

// Admit returns at once, without an error.
func (Unlimited) Admit(context.Context) (NoTicket, error) { return NoTicket{}, nil }
