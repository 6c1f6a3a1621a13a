package frontend

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	grpckeepalive "google.golang.org/grpc/keepalive"
)

// An Order is what is to be handed out.
type Order struct {
	// Work is the kind of all units.
	Work Work `json:"work"`
	// Units is how many there are.
	Units int `json:"units"`
	// Text is how many bytes the argument has as JSON; default 100.
	Text int `json:"text,omitempty"`
	// Queues is on how many task queues the units are, in turn; default 1.
	Queues int `json:"queues,omitempty"`
	// Coroutines is in how many coroutines each workflow waits that is parked; default 1.
	Coroutines int `json:"coroutines,omitempty"`
	// Events is about how many events it has when it begins; default: the first one.
	Events int `json:"events,omitempty"`
	// Rate is how many units arrive a second, at random; default: all at once.
	Rate float64 `json:"rate,omitempty"`
	// Seed makes them arrive at other moments.
	Seed uint64 `json:"seed,omitempty"`
	// Leave does not wait until all is done.
	Leave bool `json:"leave,omitempty"`
}

// An Outcome is what became of an order.
type Outcome struct {
	// Wrong is what was wrong, empty if all units are done.
	Wrong string `json:"wrong,omitempty"`
	// Arrived is how many units arrived a second, if the order has a rate.
	Arrived float64 `json:"arrived,omitempty"`
	// P50 and P99 are the time from when a task was available to when its activity began that a half
	// of the tasks of [Latency] did not exceed, and all but a hundredth.
	P50, P99 time.Duration
	// Handed is how many activities were handed out so far, and Completed how many of them the worker
	// has completed.
	Handed    int `json:"handed"`
	Completed int `json:"completed"`
	// Polls is how many wait now.
	Polls int `json:"polls"`
}

// Serve is the life of the frontend's process: it writes its address as the first line, then answers
// each line, an [Order], with an [Outcome] when the order is done or something was wrong. It returns
// at the end of in. Drains says whether it ends the polls of a worker that tells it that it stops, as
// servers do if they are told to.
func Serve(ctx context.Context, drains bool, in io.Reader, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := New()
	f.polls.drains = drains
	server := grpc.NewServer(keepalive())
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }() // until Stop
	defer server.Stop()
	fmt.Fprintln(out, listener.Addr())
	lines := bufio.NewScanner(in)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var o Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("frontend: %q is no order: %w", lines.Text(), err)
		}
		outcome, err := f.HandOut(ctx, o)
		if err != nil {
			outcome.Wrong = err.Error()
		}
		if err := encoder.Encode(outcome); err != nil {
			return err
		}
	}
	return lines.Err()
}

// keepalive lets clients ask whether the connection works as often as Temporal's servers let them. By
// default one that waits for its turn for minutes would be cut off.
func keepalive() grpc.ServerOption {
	return grpc.KeepaliveEnforcementPolicy(grpckeepalive.EnforcementPolicy{
		MinTime: 10 * time.Second, PermitWithoutStream: true,
	})
}

// complete fills in what is left to us, and says what cannot be.
func (o *Order) complete() error {
	if o.Text == 0 {
		o.Text = len(Text) + len(`""`)
	}
	o.Queues, o.Coroutines = max(o.Queues, 1), max(o.Coroutines, 1)
	switch {
	case o.Work == Nothing:
		return nil
	case o.Units <= 0:
		return fmt.Errorf("frontend: %d units of %s: give one or more", o.Units, o.Work)
	case o.Work == Signals && o.Units%SignalsPerFlow != 0:
		return fmt.Errorf("frontend: %d units of %s: give a multiple of %d", o.Units, o.Work, SignalsPerFlow)
	case o.Rate < 0:
		return fmt.Errorf("frontend: %v units a second: give more than zero, or zero for all at once", o.Rate)
	case o.Text < len(`""`):
		return fmt.Errorf("frontend: a text of %d bytes: give two or more, the quotes", o.Text)
	}
	return nil
}

// runs are how many of them the order has.
func (o *Order) runs() int {
	if o.Work == Signals {
		return o.Units / SignalsPerFlow
	}
	return o.Units
}

// HandOut hands out an order and returns when all is done, or something was wrong.
func (f *Frontend) HandOut(ctx context.Context, o Order) (Outcome, error) {
	for o.Work == Parked && o.Units > room/2 { // their tasks may all be in one queue
		part := o
		part.Units = room / 2
		if outcome, err := f.handOut(ctx, part); err != nil {
			return outcome, err
		}
		o.Units -= part.Units
	}
	return f.handOut(ctx, o)
}

func (f *Frontend) handOut(ctx context.Context, o Order) (Outcome, error) {
	if err := o.complete(); err != nil {
		return Outcome{}, err
	}
	done, puts, err := f.open(o)
	if err != nil {
		return Outcome{}, err
	}
	began := time.Now()
	if err := o.arrive(ctx, puts, done); err != nil {
		return Outcome{}, err
	}
	var outcome Outcome
	if o.Rate > 0 {
		outcome.Arrived = float64(len(puts)) / time.Since(began).Seconds()
	}
	if !o.Leave && o.Work != Nothing {
		select {
		case <-ctx.Done():
			return Outcome{}, ctx.Err()
		case <-done:
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	outcome.P50, outcome.P99 = percentile(f.latencies, 50), percentile(f.latencies, 99)
	outcome.Handed, outcome.Completed, outcome.Polls = f.handed, f.completed, f.polls.waiting
	return outcome, f.wrong
}

// arrive puts the first tasks of all runs, at the pace of the order, or until done is closed.
func (o *Order) arrive(ctx context.Context, puts []put, done <-chan struct{}) error {
	pace := newPace(o.Rate, o.Seed)
	for _, put := range puts {
		if o.Rate > 0 {
			if err := pace.wait(ctx); err != nil {
				return err
			}
		}
		if err := put(ctx, done); err != nil {
			return err
		}
	}
	return nil
}

// open opens the runs of an order. Their first tasks are to be put then.
func (f *Frontend) open(o Order) (done <-chan struct{}, puts []put, err error) {
	text := textPayload(o.Text)
	f.mu.Lock()
	defer f.mu.Unlock()
	n := o.runs()
	f.left, f.done, f.latencies = n, make(chan struct{}), nil
	switch o.Work {
	case Parked:
		puts, err = f.send(n)
		return f.done, puts, err
	case Release:
		puts, err = f.release(n)
		f.left = len(puts)
		return f.done, puts, err
	default:
	}
	for i := range n {
		r := &run{number: f.next, work: o.Work, home: QueueName(i % o.Queues), text: text}
		if o.Work == Park {
			r.parking = &parking{coroutines: o.Coroutines, events: o.Events}
		}
		f.next++
		f.running[r.number] = r
		switch o.Work {
		case Activity, Slow:
			puts = append(puts, f.activities.putter(r.home, r.activityTask()))
		case Latency:
			puts = append(puts, r.stamped(f.activities.putter(r.home, r.activityTask())))
		default:
			puts = append(puts, f.workflows.putter(r.home, r.firstTask()))
		}
	}
	return f.done, puts, nil
}
