package poller_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/mainspring-go/mainspring/poller"
)

// flood answers n polls at once with what it has, and then ends.
type flood struct {
	left  atomic.Int64
	empty bool
}

func newFlood(n int, empty bool) *flood {
	f := &flood{empty: empty}
	f.left.Store(int64(n))
	return f
}

func (f *flood) Poll(context.Context) (int, poller.Feedback, error) {
	if f.left.Add(-1) < 0 {
		return 0, poller.Feedback{}, errClosed
	}
	return 1, poller.Feedback{Empty: f.empty}, nil
}

// freeTicket is a ticket behind a pointer, as real ones are, that costs nothing to make.
type freeTicket struct{ settled bool }

func (k *freeTicket) Return() { k.settled = true }

func benchmark(b *testing.B, polls int, empty bool, observers ...poller.Observer) {
	b.Helper()
	b.ReportAllocs()
	one := new(freeTicket)
	source := newFlood(b.N, empty)
	p, err := poller.New(poller.Options[int, *freeTicket]{
		Source: source,
		Admit: poller.AdmissionFunc[*freeTicket](func(context.Context) (*freeTicket, error) {
			return one, nil
		}),
		Handle:     func(context.Context, int, *freeTicket) {},
		Scaler:     poller.Fixed(polls),
		Classify:   func(error) poller.Class { return poller.Stopped },
		EmptyPause: -1,
		Observers:  observers,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if err := p.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := p.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if s := p.Status(); s.Tasks+s.Empties != uint64(b.N) {
		b.Fatalf("%d tasks and %d empties of %d polls", s.Tasks, s.Empties, b.N)
	}
}

type countPolls struct{ n int }

func (c *countPolls) ObservePoll(poller.PollEvent) { c.n++ }

func BenchmarkPoll(b *testing.B) {
	b.Run("task/1", func(b *testing.B) { benchmark(b, 1, false) })
	b.Run("task/5", func(b *testing.B) { benchmark(b, 5, false) })
	b.Run("task/100", func(b *testing.B) { benchmark(b, 100, false) })
	b.Run("empty/1", func(b *testing.B) { benchmark(b, 1, true) })
	b.Run("observed/1", func(b *testing.B) { benchmark(b, 1, true, &countPolls{}) })
}

// BenchmarkHandOver is the floor of a poll that brings a task: its place goes to a goroutine that
// sleeps, and the one that had it goes to sleep.
func BenchmarkHandOver(b *testing.B) {
	b.ReportAllocs()
	one, other := make(chan bool, 1), make(chan bool, 1)
	go func() {
		defer close(one)
		for range other {
			one <- true
		}
	}()
	for range b.N / 2 { // two in each round
		other <- true
		<-one
	}
	close(other)
	<-one
}

func BenchmarkBalance(b *testing.B) {
	b.ReportAllocs()
	bal := poller.NewBalance(slots(100))
	for b.Loop() {
		pass, err := bal.Enter(b.Context(), poller.Normal)
		if err != nil {
			b.Fatal(err)
		}
		pass.Work()
		pass.Leave()
	}
}

func BenchmarkAuto(b *testing.B) {
	b.ReportAllocs()
	a, err := poller.NewAuto(poller.AutoOptions{})
	if err != nil {
		b.Fatal(err)
	}
	e := hint(1)
	for b.Loop() {
		a.Next(e)
	}
}
