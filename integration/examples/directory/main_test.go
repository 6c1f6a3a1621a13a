package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// A watch is a directory, and one program that watches it.
type watch struct {
	in              inbox
	began           time.Time
	interrupt, kill context.CancelCauseFunc // the first and the second Ctrl-C
	done            chan struct{}
	report          shutdown.Report
	err             error
}

var errInterrupt = errors.New("signal: interrupt")

func start(t *testing.T, in inbox, atOnce int, rate float64) *watch {
	t.Helper()
	w := &watch{in: in, began: time.Now(), done: make(chan struct{})}
	var ctx, hurry context.Context
	ctx, w.interrupt = context.WithCancelCause(t.Context())
	hurry, w.kill = context.WithCancelCause(context.WithoutCancel(t.Context()))
	go func() {
		defer close(w.done)
		w.report, w.err = run(ctx, hurry, in, atOnce, rate, time.Minute)
	}()
	t.Cleanup(func() {
		w.interrupt(errInterrupt)
		<-w.done
	})
	return w
}

// newInbox returns a directory with n jobs that take d.
func newInbox(t *testing.T, n int, d time.Duration) inbox {
	t.Helper()
	in := inbox(t.TempDir())
	for i := range n {
		in.put(t, fmt.Sprintf("job%02d", i), d.String())
	}
	return in
}

func (in inbox) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(in.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// has checks how many files there are in the directory and in those that the program made.
func (in inbox) has(t *testing.T, inbox, taken, done, failed int) {
	t.Helper()
	synctest.Wait()
	var got []int
	for _, sub := range []string{"", "taken", "done", "failed"} {
		files, err := os.ReadDir(in.path(sub))
		if err != nil {
			t.Fatal(err)
		}
		if sub == "" {
			files = slices.DeleteFunc(files, fs.DirEntry.IsDir)
		}
		got = append(got, len(files))
	}
	if want := []int{inbox, taken, done, failed}; !slices.Equal(got, want) {
		t.Errorf("files in the inbox, taken, done, failed: %v, want %v", got, want)
	}
}

func TestAtMostNAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 6, time.Minute)
		start(t, in, 2, 1000)
		time.Sleep(time.Second)
		in.has(t, 4, 2, 0, 0)
		time.Sleep(time.Minute)
		in.has(t, 2, 2, 2, 0)
		time.Sleep(2 * time.Minute)
		in.has(t, 0, 0, 6, 0)
	})
}

func TestAtMostRateASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 5, 0)
		start(t, in, 10, 0.5)
		for i := range 5 { // one at once, then one every two seconds
			time.Sleep(time.Second)
			in.has(t, 4-i, 0, i+1, 0)
			time.Sleep(time.Second)
		}
	})
}

func TestInterruptFinishesWhatHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 5, 10*time.Second)
		w := start(t, in, 2, 1000)
		time.Sleep(time.Second)
		w.interrupt(errInterrupt)
		<-w.done
		in.has(t, 3, 0, 2, 0)
		if took := time.Since(w.began).Round(time.Second); took != 10*time.Second || w.err != nil {
			t.Errorf("took %v, error %v", took, w.err)
		}
		if !errors.Is(w.report.Cause, errInterrupt) || !strings.Contains(w.report.String(), "finish: 9s of 1m0s, 1 drained") {
			t.Errorf("report:\n%v", w.report)
		}
	})
}

func TestSecondInterruptPutsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 5, time.Hour)
		w := start(t, in, 2, 1000)
		time.Sleep(time.Second)
		w.interrupt(errInterrupt)
		time.Sleep(time.Second)
		in.has(t, 3, 2, 0, 0)
		w.kill(errInterrupt)
		<-w.done
		in.has(t, 5, 0, 0, 0)
		if took := time.Since(w.began); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		finish := w.report.Stages[1]
		if w.err == nil || finish.Cut == nil || finish.Members[0].Outcome != shutdown.Canceled {
			t.Errorf("error %v, report:\n%v", w.err, w.report)
		}
	})
}

func TestGraceIsAnHourTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 1, time.Hour)
		w := start(t, in, 2, 1000)
		time.Sleep(time.Second)
		w.interrupt(errInterrupt)
		<-w.done
		in.has(t, 1, 0, 0, 0)
		if took := time.Since(w.began).Round(time.Second); took != time.Minute+time.Second {
			t.Errorf("took %v, want the grace of a minute", took)
		}
	})
}

func TestTakesWhatComesAndLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 0, 0)
		start(t, in, 2, 1000)
		time.Sleep(time.Hour)
		in.put(t, ".hidden", "0s")
		in.put(t, "good", " 1s\n")
		in.put(t, "bad", "soon")
		time.Sleep(500 * time.Millisecond)
		in.put(t, "again", "1s")
		in.put(t, "good", "0s") // another one while the first runs
		time.Sleep(200 * time.Millisecond)
		in.has(t, 2, 2, 0, 1)
		time.Sleep(time.Minute)
		in.has(t, 1, 0, 2, 1)
	})
}

func TestTwoProgramsShareADirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 20, time.Second)
		one, other := start(t, in, 1, 1000), start(t, in, 1, 1000)
		time.Sleep(9500 * time.Millisecond)
		one.interrupt(errInterrupt)
		other.interrupt(errInterrupt)
		<-one.done
		<-other.done
		if err := errors.Join(one.err, other.err); err != nil {
			t.Error(err)
		}
		in.has(t, 0, 0, 20, 0) // ten seconds for each: no job was done twice
	})
}

func TestStopsWhenTheDirectoryIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, 0, 0)
		w := start(t, in, 2, 1000)
		time.Sleep(time.Second)
		if err := os.RemoveAll(in.path()); err != nil {
			t.Fatal(err)
		}
		<-w.done
		if !errors.Is(w.err, fs.ErrNotExist) || !errors.Is(w.report.Cause, fs.ErrNotExist) {
			t.Errorf("error %v, report:\n%v", w.err, w.report)
		}
		if took := time.Since(w.began); took < time.Minute || took > 2*time.Minute {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestRefusesBadOptions(t *testing.T) {
	for _, c := range []struct {
		in     inbox
		atOnce int
		rate   float64
	}{
		{newInbox(t, 0, 0), -1, 1},
		{newInbox(t, 0, 0), 1, -1},
		{inbox("main.go"), 1, 1},
	} {
		if _, err := run(t.Context(), t.Context(), c.in, c.atOnce, c.rate, time.Minute); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
