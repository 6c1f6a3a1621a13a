package shutdown_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// waits is a member that says what it waits for.
func waits(name string, stop func(context.Context) error, left ...string) shutdown.Member {
	return shutdown.Member{Name: name, Stop: stop, Left: func() []string { return left }}
}

func addMember(t *testing.T, c *shutdown.Coordinator, stage string, m shutdown.Member) {
	t.Helper()
	if err := c.AddMember(stage, m); err != nil {
		t.Fatalf("AddMember(%q, %q): %v", stage, m.Name, err)
	}
}

// Who holds up the stop is named in the log as long as it does.
func TestReminders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCoordinator(t, shutdown.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))},
			shutdown.Stage{Name: "drain", Timeout: 25 * time.Second}, shutdown.Stage{Name: "cancel"})
		began := time.Now()
		addMember(t, c, "drain", shutdown.Member{
			Name: "tasks",
			Stop: func(ctx context.Context) error { <-ctx.Done(); return nil },
			Left: func() []string { return []string{fmt.Sprint("a task of ", time.Since(began))} },
		})
		add(t, c, "drain", "quick", takes(time.Second))
		addMember(t, c, "cancel", waits("tasks", takes(15*time.Second), "x", "y"))
		add(t, c, "cancel", "silent", takes(15*time.Second))
		if _, err := c.Shutdown(t.Context(), nil); err != nil {
			t.Error(err)
		}
		var got []string
		for line := range strings.Lines(log.String()) {
			if _, line, found := strings.Cut(line, "level="); found && strings.Contains(line, "still stopping") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		want := []string{
			`INFO msg="a member is still stopping" stage=drain member=tasks waited=10s left="a task of 10s"`,
			`INFO msg="a member is still stopping" stage=drain member=tasks waited=20s left="a task of 20s"`,
			`WARN msg="a member is still stopping" stage=cancel member=tasks waited=10s left="x; y"`,
			`WARN msg="a member is still stopping" stage=cancel member=silent waited=10s`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Whoever stops waiting is told by name for what.
func TestWaitError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "cancel"})
		add(t, c, "cancel", "quick", takes(time.Second))
		add(t, c, "cancel", "silent", takes(time.Hour))
		addMember(t, c, "cancel", waits("tasks", takes(time.Hour), "activity Sleep"))
		gaveUp := errors.New("I am off")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, gaveUp)
		defer cancel()
		report, err := c.Shutdown(ctx, nil)
		var waited *shutdown.WaitError
		if !errors.As(err, &waited) || !errors.Is(err, gaveUp) || !errors.Is(err, context.DeadlineExceeded) ||
			waited.Stage != "cancel" || len(waited.Pending) != 2 {
			t.Fatalf("got %+v", err)
		}
		if want := `shutdown: stopped waiting in stage "cancel": context deadline exceeded (I am off); ` +
			"still stopping: silent; still stopping: tasks (left: activity Sleep)"; err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if got := member(t, report, "cancel", "tasks"); !slices.Equal(got.Left, []string{"activity Sleep"}) {
			t.Errorf("the report so far: %+v", got)
		}
		if !strings.Contains(report.String(), "still stopping: tasks\n      left: activity Sleep") {
			t.Errorf("the report so far:\n%v", report)
		}
		if got := member(t, report, "cancel", "quick"); got.Left != nil {
			t.Errorf("one that has stopped: %+v", got)
		}
		<-c.Done()
		time.Sleep(time.Hour)
	})
}

// What was left when the time was over is in the final report.
func TestWhatIsLeftInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "drain", Timeout: time.Minute})
		many := make([]string, 20)
		for i := range many {
			many[i] = fmt.Sprint("task ", i)
		}
		addMember(t, c, "drain", waits("obeys", obeys, many...))
		addMember(t, c, "drain", waits("content", func(ctx context.Context) error { <-ctx.Done(); return nil }, "b"))
		addMember(t, c, "drain", waits("ignores", takes(time.Hour), "c"))
		addMember(t, c, "drain", waits("drains", takes(time.Second), "d"))
		addMember(t, c, "drain", shutdown.Member{
			Name: "broken", Stop: takes(time.Hour), Left: func() []string { panic("who knows") },
		})
		report, err := c.Shutdown(t.Context(), nil)
		var incomplete *shutdown.IncompleteError
		if !errors.As(err, &incomplete) {
			t.Fatalf("got %v", err)
		}
		want := append(slices.Clone(many[:16]), "and 4 more", "c", "unknown, asking panicked: who knows")
		if !slices.Equal(incomplete.Left, want) || !strings.HasSuffix(err.Error(), "left: "+strings.Join(want, "; ")) {
			t.Errorf("got %q in %q", incomplete.Left, err)
		}
		for name, want := range map[string][]string{
			"obeys": many[:16], "content": {"b"}, "ignores": {"c"}, "drains": nil,
		} {
			if got := member(t, report, "drain", name); !slices.Equal(got.Left, want) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if got := member(t, report, "drain", "obeys"); got.LeftOmitted != 4 {
			t.Errorf("omitted: %+v", got)
		}
		time.Sleep(time.Hour)
	})
}
