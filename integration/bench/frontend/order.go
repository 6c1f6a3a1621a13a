package frontend

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
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
}

// An Outcome is what became of an order.
type Outcome struct {
	// Wrong is what was wrong, empty if all units are done.
	Wrong string `json:"wrong,omitempty"`
}

// Serve is the life of the frontend's process: it writes its address as the first line, then answers
// each line, an [Order], with an [Outcome] when the order is done or something was wrong. It returns
// at the end of in.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := New()
	server := grpc.NewServer()
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

// complete fills in what is left to us, and says what cannot be.
func (o *Order) complete() error {
	if o.Text == 0 {
		o.Text = len(Text) + len(`""`)
	}
	o.Queues = max(o.Queues, 1)
	switch {
	case o.Units <= 0:
		return fmt.Errorf("frontend: %d units of %s: give one or more", o.Units, o.Work)
	case o.Work == Signals && o.Units%SignalsPerFlow != 0:
		return fmt.Errorf("frontend: %d units of %s: give a multiple of %d", o.Units, o.Work, SignalsPerFlow)
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
	if err := o.complete(); err != nil {
		return Outcome{}, err
	}
	done, puts := f.open(o)
	for _, put := range puts {
		if err := put(ctx, done); err != nil {
			return Outcome{}, err
		}
	}
	select {
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	case <-done:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return Outcome{}, f.wrong
}

// open opens the runs of an order. Their first tasks are to be put then.
func (f *Frontend) open(o Order) (done <-chan struct{}, puts []put) {
	text := textPayload(o.Text)
	f.mu.Lock()
	defer f.mu.Unlock()
	n := o.runs()
	f.left, f.done = n, make(chan struct{})
	for i := range n {
		r := &run{number: f.next, work: o.Work, home: QueueName(i % o.Queues), text: text}
		f.next++
		f.running[r.number] = r
		if o.Work == Activity {
			puts = append(puts, f.activities.putter(r.home, r.activityTask()))
		} else {
			puts = append(puts, f.workflows.putter(r.home, r.firstTask()))
		}
	}
	return f.done, puts
}
