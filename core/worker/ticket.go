package worker

import (
	"context"

	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// A ticket is what a poll holds before it is sent: a slot for the task it may
// bring, and for activities the right to start it. A poll that brings nothing
// gives both back unspent.
type ticket struct {
	pass   *poller.Pass // nil unless two queues share the slots
	permit slots.Permit
	token  ratelimit.Token // zero unless starts are paced
	late   bool            // nothing else: its task came first, and waits for a ticket
}

// Spend says that the poll brought a task.
func (t ticket) Spend() {
	t.token.Spend()
	t.pass.Work()
}

// Return gives everything back: after a task, what it has used up is gone.
func (t ticket) Return() {
	t.token.Refund()
	t.permit.Release()
	t.pass.Leave()
}

// use tells the permit what it is used for, and waits if the supplier holds the
// task until it may run. The error says that ctx, the context of the worker's
// tasks, ended during a hold: the task has no leave to run.
func (t ticket) use(ctx context.Context, task slots.Task) error {
	err := t.permit.Use(ctx, task)
	if err != nil && ctx.Err() != nil {
		return err
	}
	// A supplier that finds something else wrong with its own permit has not said
	// that the task must not run.
	return nil
}

// An admission joins the modules that bound tasks into one that hands out tickets.
type admission struct {
	slots   slots.Supplier
	rate    ratelimit.Limiter // nil for none
	balance *poller.Balance   // nil for none
	side    poller.Side
	request slots.Request
}

// Admit implements [poller.Admission].
func (a *admission) Admit(ctx context.Context) (t ticket, err error) {
	complete := false
	defer func() {
		if !complete { // an error, or a panic in a part that a user gave
			t.Return()
			t = ticket{}
		}
	}()
	if a.balance != nil {
		if t.pass, err = a.balance.Enter(ctx, a.side); err != nil {
			return t, err
		}
	}
	if t.permit, err = a.slots.Reserve(ctx, a.request); err != nil {
		return t, err
	}
	if a.rate != nil {
		if t.token, err = a.rate.Reserve(ctx); err != nil {
			return t, err
		}
	}
	complete = true
	return t, nil
}

// tryAdmit is Admit for a task that is in sight and need not start here: it does not wait.
func (a *admission) tryAdmit(taskType string) (t ticket, ok bool) {
	defer func() {
		if !ok {
			t.Return()
		}
	}()
	if a.balance != nil {
		if t.pass, ok = a.balance.TryEnter(a.side); !ok {
			return t, false
		}
	}
	r := a.request
	r.TaskType = taskType
	if t.permit, ok = a.slots.TryReserve(r); !ok || a.rate == nil {
		return t, ok
	}
	limiter, ok := a.rate.(ratelimit.TryLimiter)
	if ok {
		t.token, ok = limiter.TryReserve()
	}
	return t, ok
}

// makeUp returns the ticket of a task that came with one, or waits for that.
func (a *admission) makeUp(ctx context.Context, t ticket) (ticket, error) {
	if !t.late {
		return t, nil
	}
	t, err := a.Admit(ctx)
	t.Spend()
	return t, err
}

// ObservePoll tells the balance what the latest poll said of its queue.
func (a *admission) ObservePoll(e poller.PollEvent) {
	if a.balance != nil {
		a.balance.Backlog(a.side, e.Feedback.Backlog)
	}
}

// limitOf is how many slots the supplier has now, if it knows.
func limitOf(s slots.Supplier) (limit int, finite bool) {
	if settings.NilInside(s) {
		return 0, false
	}
	if r, ok := s.(slots.Reporter); ok {
		limit = r.Stats().Limit
	}
	return limit, limit > 0
}
