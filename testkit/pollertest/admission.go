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

// MakeAdmission makes a fresh admission with that many tickets.
type MakeAdmission[K poller.Ticket] func(limit int) poller.Admission[K]

// TestAdmission runs every clause of [AdmissionClauses] against the admissions that mk makes.
func TestAdmission[K poller.Ticket](
	t *testing.T, mk func(t *testing.T, limit int) poller.Admission[K],
) {
	t.Helper()
	run(t, AdmissionClauses[K](), func(t *testing.T) MakeAdmission[K] {
		t.Helper()
		return func(limit int) poller.Admission[K] { return mk(t, limit) }
	})
}

// AdmissionClauses returns the contract of a [poller.Admission] that has a limit, always in the
// same order.
func AdmissionClauses[K poller.Ticket]() []Clause[MakeAdmission[K]] {
	return []Clause[MakeAdmission[K]]{
		{"LimitIsHard", "no more than limit tickets are out at once", limitIsHard[K]},
		{"ReturnMakesRoom", "a returned ticket goes to one who waits", returnMakesRoom[K]},
		{"SecondReturnIsHarmless", "a ticket that is returned twice counts once", secondReturn[K]},
		{"AdmitObeysContext", "Admit returns an error as soon as its context ends", admitObeysContext[K]},
		{"GivingUpTakesNothing", "an Admit that returned an error holds no ticket", givingUp[K]},
		{
			"CancelLosesNoTicket",
			"a ticket that meets the end of the context is returned by Admit, or stays free",
			cancelLosesNoTicket[K],
		},
	}
}

// admitted is what an Admit returned.
type admitted[K poller.Ticket] struct {
	ticket K
	err    error
}

// admit asks for a ticket in the background.
func admit[K poller.Ticket](ctx context.Context, a poller.Admission[K]) <-chan admitted[K] {
	c := make(chan admitted[K], 1)
	go func() {
		ticket, err := a.Admit(ctx)
		c <- admitted[K]{ticket, err}
	}()
	return c
}

// brief is how long an admission may take for what needs no waiting.
const brief = time.Second

// take gets n tickets that should be free.
func take[K poller.Ticket](ctx context.Context, a poller.Admission[K], n int) ([]K, error) {
	var tickets []K
	for i := range n {
		got, ok := after(admit(ctx, a), brief)
		if !ok {
			return nil, fmt.Errorf("ticket %d of %d was not to be had within %s", i+1, n, brief)
		}
		if got.err != nil {
			return nil, fmt.Errorf("ticket %d of %d: %w", i+1, n, got.err)
		}
		tickets = append(tickets, got.ticket)
	}
	return tickets, nil
}

// full checks that no ticket is free.
func full[K poller.Ticket](ctx context.Context, a poller.Admission[K], limit int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := admit(ctx, a)
	if got, ok := after(c, time.Hour); ok && got.err == nil {
		return fmt.Errorf("ticket %d was given out with a limit of %d", limit+1, limit)
	} else if ok {
		return fmt.Errorf("admit without a free ticket: got error %w, want it to wait", got.err)
	}
	cancel()
	after(c, brief)
	return nil
}

func limitIsHard[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	for _, limit := range []int{1, 3} {
		a := mk(limit)
		if _, err := take(ctx, a, limit); err != nil {
			return err
		}
		if err := full(ctx, a, limit); err != nil {
			return err
		}
	}
	return nil
}

func returnMakesRoom[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	a := mk(2)
	tickets, err := take(ctx, a, 2)
	if err != nil {
		return err
	}
	c := admit(ctx, a)
	synctest.Wait()
	tickets[0].Return()
	got, ok := after(c, brief)
	if !ok {
		return errors.New("a ticket was returned, and who waits for one still waits")
	}
	if got.err != nil {
		return fmt.Errorf("a ticket was returned, and who waited got an error: %w", got.err)
	}
	return full(ctx, a, 2)
}

func secondReturn[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	a := mk(2)
	tickets, err := take(ctx, a, 2)
	if err != nil {
		return err
	}
	tickets[0].Return()
	tickets[0].Return()
	if _, err := take(ctx, a, 1); err != nil {
		return err
	}
	tickets[0].Return() // and now that somebody else has it
	return full(ctx, a, 2)
}

func admitObeysContext[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	a := mk(1)
	if _, err := take(ctx, a, 1); err != nil {
		return err
	}
	short, cancel := context.WithCancel(ctx)
	c := admit(short, a)
	synctest.Wait()
	cancel()
	got, ok := after(c, 0)
	if !ok {
		return errors.New("admit did not return when its context ended")
	}
	if got.err == nil {
		return errors.New("admit gave a ticket that was not free")
	}
	return nil
}

func givingUp[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	a := mk(1)
	tickets, err := take(ctx, a, 1)
	if err != nil {
		return err
	}
	short, cancel := context.WithCancel(ctx)
	c := admit(short, a)
	synctest.Wait()
	cancel()
	after(c, brief)
	tickets[0].Return()
	if tickets, err = take(ctx, a, 1); err != nil {
		return fmt.Errorf("after an Admit that gave up: %w", err)
	}
	tickets[0].Return()
	if got, ok := after(admit(short, a), brief); ok && got.err == nil {
		got.ticket.Return()
	}
	_, err = take(ctx, a, 1)
	return err
}

func cancelLosesNoTicket[K poller.Ticket](ctx context.Context, mk MakeAdmission[K]) error {
	a := mk(1)
	for i := range 64 {
		tickets, err := take(ctx, a, 1)
		if err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
		short, cancel := context.WithCancel(ctx)
		c := admit(short, a)
		synctest.Wait()
		switch i % 4 {
		case 0:
			tickets[0].Return()
			cancel()
		case 1:
			cancel()
			tickets[0].Return()
		case 2:
			go tickets[0].Return()
			go cancel()
		case 3:
			go cancel()
			go tickets[0].Return()
		}
		got, ok := after(c, brief)
		cancel()
		if !ok {
			return fmt.Errorf("round %d: Admit did not return", i+1)
		}
		if got.err == nil {
			got.ticket.Return()
		}
	}
	if _, err := take(ctx, a, 1); err != nil {
		return err
	}
	return full(ctx, a, 1)
}
