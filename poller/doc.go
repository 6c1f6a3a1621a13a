// Package poller keeps the right number of long polls in flight and hands each task they bring
// to a handler.
//
// It knows nothing about what is polled: a [Source] may ask a Temporal task queue, SQS, Kafka or
// a table.
//
// # What it promises
//
//   - A poll holds a [Ticket] before it is sent. An empty or failed poll returns it unspent; a
//     task carries it to the handler, which owns it from then on. Who has the seat to poll but
//     no ticket yet holds nothing.
//   - A task that a poll returned is handed over, whatever the moment of [Poller.Stop].
//   - Waiting for a ticket, or for a back-off, ends at once when the poller stops or pauses.
//   - [Poller.Run] returns when every poll it started has ended; [Poller.Wait] returns when every
//     handler has ended too. No goroutine outlives both.
//   - A panic in the source, the admission, the scaler or the handler is contained and reported;
//     it costs one poll or one task and nothing else.
//   - Of [Options.MaxTasks] tasks exactly so many are taken, never one more.
//   - Errors are retried with a back-off that all polls of the poller share. An error classified
//     as [Fatal] ends the poller only when it persisted for a while. [Poller.Status] tells when
//     the last good round trip was, so that a worker that polls in vain can be found from
//     inside.
//
// All methods of a [Poller] are safe for concurrent use.
//
// # Usage
//
//	p, err := poller.New(poller.Options[Job, poller.NoTicket]{
//		Source: queue,              // Poll(ctx) (Job, poller.Feedback, error)
//		Admit:  poller.Unlimited{}, // or what hands out your slots and rate tokens
//		Handle: func(ctx context.Context, job Job, _ poller.NoTicket) { job.Do(ctx) },
//		Scaler: poller.Fixed(4),
//	})
//	if err != nil {
//		return err
//	}
//	go func() { <-quit; p.Stop(poller.Complete) }()
//	return errors.Join(p.Run(ctx), p.Wait(drainCtx))
//
// # What it will not do
//
// It sets no deadline on a poll (the source knows its long-poll time), cancels no handler
// (stopping work is a decision of its own), acknowledges nothing, and limits nothing but the
// number of polls: how many tasks may run is said by the tickets.
package poller
