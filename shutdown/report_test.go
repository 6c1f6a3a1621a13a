package shutdown_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func TestReportString(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "stop polls", Timeout: 5 * time.Second},
			shutdown.Stage{Name: "drain", Timeout: 10 * time.Second},
			shutdown.Stage{Name: "release"})
		add(t, c, "stop polls", "workflow", takes(1234567*time.Microsecond))
		add(t, c, "stop polls", "activity", takes(0))
		add(t, c, "drain", "activities", takes(time.Minute))
		add(t, c, "drain", "heartbeats", func(context.Context) error {
			time.Sleep(1500 * time.Microsecond)
			return errors.New("connection refused")
		})
		add(t, c, "drain", "obeys", obeys)
		expect := func(want ...string) {
			t.Helper()
			r, _ := c.Report()
			if got := strings.Split(r.String(), "\n"); !slices.Equal(got, want) {
				t.Errorf("got:\n%v\nwant:\n%s", r, strings.Join(want, "\n"))
			}
		}
		expect("not shut down",
			"  stop polls: not begun, 2 members",
			"  drain: not begun, 3 members",
			"  release: not begun, 0 members")
		c.Fatal(errors.New("permission denied"))
		r, _ := c.Report()
		if !strings.HasPrefix(r.String(), "not shut down yet, cause: permission denied\n") {
			t.Errorf("triggered:\n%v", r)
		}
		for i := range 17 {
			c.Fatal(fmt.Errorf("fatal %d", i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, err := c.Shutdown(ctx, nil); err == nil {
			t.Error("the impatient caller got no error")
		}
		<-c.Done()
		want := []string{"shutdown took 2.1s, cause: permission denied"}
		for i := range 16 {
			want = append(want, fmt.Sprintf("  also fatal: fatal %d", i))
		}
		expect(append(want,
			"  also fatal: 1 more",
			"  stop polls: 1.23s of 5s, 2 drained",
			"  drain: 865.433ms of 10s, 1 canceled, 1 failed, 1 abandoned, cut short: context deadline exceeded",
			"    abandoned after 865.433ms: activities",
			"    failed after 1.5ms: heartbeats: connection refused",
			"    canceled after 765.433ms: obeys: "+
				"shutdown: a caller that waited for stage \"drain\" lost patience: context deadline exceeded",
			"  release: 0s, no members")...)
		time.Sleep(time.Minute)
	})
}

// A spy observes, and panics at every call on top.
type spy struct {
	mu   sync.Mutex
	seen []string
}

func (s *spy) see(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
	panic("the observer is broken")
}

func (s *spy) ObserveStage(r shutdown.StageReport) {
	s.see(fmt.Sprint("stage ", r.Name, " ", len(r.Members), " ", r.Took))
}

func (s *spy) ObserveMember(stage string, m shutdown.MemberReport) {
	s.see(fmt.Sprint("member ", stage, "/", m.Name, " ", m.Outcome, " ", m.Took))
}

func TestObserversAndLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s spy
		var log bytes.Buffer
		c := newCoordinator(t, shutdown.Options{
			Logger:         slog.New(slog.NewTextHandler(&log, nil)),
			Linger:         time.Second,
			StageObserver:  &s,
			MemberObserver: &s,
		}, shutdown.Stage{Name: "a", Timeout: 5 * time.Second}, shutdown.Stage{Name: "b"})
		add(t, c, "a", "x", takes(time.Second))
		add(t, c, "a", "y", takes(time.Minute))
		add(t, c, "a", "w", obeys)
		add(t, c, "b", "z", func(context.Context) error { panic("boom") })
		if _, err := c.Shutdown(t.Context(), nil); err == nil {
			t.Error("no error")
		}
		want := []string{
			"member a/x drained 1s", "member a/w canceled 5s", "member a/y abandoned 6s", "stage a 3 6s",
			"member b/z failed 0s", "stage b 1 0s",
		}
		if !slices.Equal(s.seen, want) {
			t.Errorf("got %q, want %q", s.seen, want)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for _, want := range []string{
			"level=INFO msg=\"shutdown begins\" cause=\"shutdown: requested\"",
			"level=WARN msg=\"a member did not stop in time\" stage=a member=y took=6s",
			"level=WARN msg=\"a shutdown stage ended\" stage=a took=6s drained=1 canceled=1 failed=0 abandoned=1",
			"level=WARN msg=\"a member stopped only when its time was over\" stage=a member=w took=5s " +
				"error=\"shutdown: stage \\\"a\\\" reached its deadline of 5s: context deadline exceeded\"",
			"level=WARN msg=\"a member failed to stop\" stage=b member=z took=0s error=\"panic: boom\" stack=",
			"level=WARN msg=\"an abandoned member returned after all\" stage=a member=y took=1m0s",
			"level=ERROR msg=\"a shutdown observer panicked\" panic=\"the observer is broken\"",
			"level=INFO msg=\"shutdown is done\" took=6s",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("not in the log: %s", want)
			}
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
}

// A member observer that hangs costs its stage its time, and no more.
type hanging chan struct{}

func (h hanging) ObserveMember(string, shutdown.MemberReport) { <-h }

func TestHangingMemberObserverIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := make(hanging)
		defer close(h)
		c := newCoordinator(t, shutdown.Options{MemberObserver: h},
			shutdown.Stage{Name: "a", Timeout: time.Second})
		add(t, c, "a", "x", takes(0))
		r, err := c.Shutdown(t.Context(), nil)
		if err != nil || r.Took != time.Second+shutdown.DefaultLinger {
			t.Errorf("%v\n%v", err, r)
		}
	})
}
