package realserver_test

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/integration/compat"
)

// record is where histories of the compatibility table are written to.
var (
	record = flag.String("record", "", "write the histories of TestCompat below this directory")
	label  = flag.String("label", "", "record those of the SDK alone, under this label")
)

const (
	// atOnce is how many cases run at once: they wait more than they work.
	atOnce = 8
	// attempts are how often a case may run until both sides have left the same
	// history, or both in turns have come to its end. On a busy machine a timer may
	// fire before a task is done that it else comes after, and a worker may lose a
	// task; a difference of the two sides is there each time.
	attempts = 3
)

// TestCompat runs the table of package compat on the real server: on each side,
// where both must leave the same history, and with both taking turns.
func TestCompat(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, c := range compat.All() {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(c.Name, func(t *testing.T) { runCase(t, c) })
		})
	}
	wg.Wait()
}

func runCase(t *testing.T, c compat.Case) {
	t.Helper()
	on := compat.Server{HostPort: server.Address()}
	if *label != "" {
		store(t, compat.Run(t, on, taskQueue(t), c, compat.On(compat.SDK)), *label, c.Name)
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if *record == "" {
		wg.Go(func() { takeTurns(t, on, c) })
	}
	var err error
	for n := range attempts {
		var theirs, ours compat.Story
		if theirs, ours, err = bothSides(t, on, c, n); err != nil {
			continue
		}
		if *record != "" {
			store(t, theirs, string(compat.SDK), c.Name)
			store(t, ours, string(compat.Ours), c.Name)
		}
		return
	}
	t.Error(err)
}

// bothSides runs the case on both sides, each by itself.
func bothSides(t *testing.T, on compat.Server, c compat.Case, n int) (theirs, ours compat.Story, err error) {
	t.Helper()
	var wg sync.WaitGroup
	tell := func(side compat.Side, into *compat.Story, err *error) {
		queue := fmt.Sprintf("%s-%s-%d", taskQueue(t), side, n)
		wg.Go(func() {
			*err = compat.Attempt(t, func(t testing.TB) {
				t.Helper()
				*into = compat.Run(t, on, queue, c, compat.On(side))
			})
		})
	}
	var theirErr, ourErr error
	tell(compat.SDK, &theirs, &theirErr)
	tell(compat.Ours, &ours, &ourErr)
	wg.Wait()
	if err := errors.Join(theirErr, ourErr); err != nil {
		return theirs, ours, err
	}
	if diff := compat.Differences(theirs, ours); diff != "" && !c.Random {
		return theirs, ours, fmt.Errorf("what has happened (-on the SDK +on ours):\n%s", diff)
	}
	return theirs, ours, nil
}

// takeTurns has both sides take turns, and replays what has come of it on both.
func takeTurns(t *testing.T, on compat.Server, c compat.Case) {
	t.Helper()
	replayer, err := compat.NewReplayer()
	if err != nil {
		t.Error(err)
		return
	}
	seed := fnv.New64()
	if _, err := seed.Write([]byte(c.Name)); err != nil {
		t.Error(err)
		return
	}
	var story compat.Story
	for n := range uint64(attempts) {
		err = compat.Attempt(t, func(t testing.TB) {
			t.Helper()
			story = compat.Run(t, on, fmt.Sprintf("TestCompat-%s-turns-%d", c.Name, n), c, compat.Turns(seed.Sum64()+n))
		})
		if err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("in turns: %v", err)
		return
	}
	for n, h := range story.Histories {
		for _, e := range h.GetEvents() {
			if a := e.GetWorkflowTaskFailedEventAttributes(); a != nil &&
				a.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW {
				t.Errorf("history %d: a workflow task failed: %v", n+1, a)
			}
		}
		if err := compat.ReplayOnSDK(h); err != nil {
			t.Errorf("history %d on the SDK: %v", n+1, err)
		}
		if err := replayer.Replay(h); err != nil {
			t.Errorf("history %d on ours: %v", n+1, err)
		}
	}
}

func store(t *testing.T, s compat.Story, label, name string) {
	t.Helper()
	if t.Failed() {
		return
	}
	if err := s.Store(*record, label, name); err != nil {
		t.Error(err)
	}
}
