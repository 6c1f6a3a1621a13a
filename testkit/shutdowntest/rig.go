package shutdowntest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// rig is a coordinator under test, with members that note what happens.
type rig struct {
	Coordinator
	began time.Time
	over  chan struct{} // closed at the end: frees members that ignore their context
	free  func()        // closes over

	mu    sync.Mutex
	notes []note
}

// note is something a member did, when.
type note struct {
	at   time.Duration
	what string
}

func (n note) String() string { return fmt.Sprintf("%s at %v", n.what, n.at) }

func newRig(mk New, stages ...shutdown.Stage) *rig {
	r := &rig{Coordinator: mk(stages...), began: time.Now(), over: make(chan struct{})}
	r.free = sync.OnceFunc(func() { close(r.over) })
	time.AfterFunc(6*time.Hour, r.free) // so that a coordinator that waits for ever fails politely
	return r
}

// close ends all that is under way, so that no goroutine outlives the check.
func (r *rig) close() {
	r.free()
	time.Sleep(24 * time.Hour)
	synctest.Wait() // after it, whatever the members wrote may be read
}

func (r *rig) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, note{time.Since(r.began), what})
}

// noted compares what was noted with want, in order of time.
func (r *rig) noted(want ...note) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.notes, func(a, b note) int { return int(a.at - b.at) })
	if !slices.Equal(r.notes, want) {
		return fmt.Errorf("what happened, and when: got %v, want %v", r.notes, want)
	}
	return nil
}

// takes adds a member that stops in d, whatever its context says, and notes begin and end.
func (r *rig) takes(stage, name string, d time.Duration) error {
	return r.Add(stage, name, func(context.Context) error {
		r.note(name + " begins")
		time.Sleep(d)
		r.note(name + " ends")
		return nil
	})
}

// obeys adds a member that goes on until its context ends, and notes when.
func (r *rig) obeys(stage, name string) error {
	return r.Add(stage, name, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			r.note(name + " obeys")
			return ctx.Err()
		case <-r.over:
			return nil
		}
	})
}

// ignores adds a member that ignores its context until the end of the check.
func (r *rig) ignores(stage, name string) error {
	return r.Add(stage, name, func(context.Context) error {
		<-r.over
		return nil
	})
}

// fails adds a member that returns err.
func (r *rig) fails(stage, name string, err error) error {
	return r.Add(stage, name, func(context.Context) error { return err })
}

// shutdown calls Shutdown with two hours of patience, which is more than any clause needs.
func (r *rig) shutdown(ctx context.Context) (shutdown.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Hour)
	defer cancel()
	return r.Shutdown(ctx, nil)
}

// after fails unless so much time has passed since the rig's begin.
func (r *rig) after(least, most time.Duration) error {
	if now := time.Since(r.began); now < least || now > most {
		return fmt.Errorf("it took %v, want %v to %v", now, least, most)
	}
	return nil
}

// became checks a member's outcome in a report.
func became(r shutdown.Report, stage, name string, want shutdown.Outcome) error {
	for _, s := range r.Stages {
		for _, m := range s.Members {
			if s.Name != stage || m.Name != name {
				continue
			}
			if m.Outcome != want {
				return fmt.Errorf("%s/%s is reported as %s, want %s", stage, name, m.Outcome, want)
			}
			return nil
		}
	}
	return fmt.Errorf("%s/%s is not in the report", stage, name)
}

// closed reports whether ch is.
func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// within fails if what an implementation returned does not wrap want.
func within(got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return fmt.Errorf("got error %q, want one that wraps %q", fmt.Sprint(got), want.Error())
}
