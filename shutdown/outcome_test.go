package shutdown_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// Whoever returns only after its context has ended was canceled, whatever it returns. Nil says that
// all is well; a panic is a failure at any time.
func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a", Timeout: time.Second})
		oops := errors.New("oops")
		after := func(do func() error) func(context.Context) error {
			return func(ctx context.Context) error {
				<-ctx.Done()
				return do()
			}
		}
		add(t, c, "a", "well", after(func() error { return nil }))
		add(t, c, "a", "badly", after(func() error { return oops }))
		add(t, c, "a", "panics", after(func() error { panic("boom") }))
		add(t, c, "a", "exits", after(func() error { runtime.Goexit(); return nil }))
		add(t, c, "a", "early", func(context.Context) error { return context.Canceled })
		r, err := c.Shutdown(t.Context(), nil)
		for name, want := range map[string]shutdown.Outcome{
			"well": shutdown.Canceled, "badly": shutdown.Canceled, "panics": shutdown.Failed,
			"exits": shutdown.Failed, "early": shutdown.Failed,
		} {
			if m := member(t, r, "a", name); m.Outcome != want {
				t.Errorf("%s: %+v, want %s", name, m, want)
			}
		}
		var incomplete *shutdown.IncompleteError
		if !errors.As(err, &incomplete) || !errors.Is(err, oops) ||
			!slices.Equal(incomplete.Canceled, []string{"a/badly"}) || len(incomplete.Failed) != 3 {
			t.Errorf("error: %v", err)
		}
		if want := "3 failed (a/panics, a/exits, a/early), 1 canceled (a/badly)"; !strings.HasSuffix(
			err.Error(), want) {
			t.Errorf("error: %v, want it to end in %q", err, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{}, shutdown.Stage{Name: "a", Timeout: time.Second})
		add(t, c, "a", "well", func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})
		if r, err := c.Shutdown(t.Context(), nil); err != nil {
			t.Errorf("%v\n%v", err, r)
		}
	})
}

func TestFailuresArePartOfTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCoordinator(t, shutdown.Options{},
			shutdown.Stage{Name: "a", Timeout: time.Minute}, shutdown.Stage{Name: "b"})
		boom, oops := errors.New("boom"), errors.New("oops")
		add(t, c, "a", "fails", func(context.Context) error { return oops })
		add(t, c, "a", "panics", func(context.Context) error { panic(boom) })
		add(t, c, "a", "panics oddly", func(context.Context) error { panic("text") })
		add(t, c, "a", "exits", func(context.Context) error { runtime.Goexit(); return nil })
		add(t, c, "b", "fine", takes(0))
		r, err := c.Shutdown(t.Context(), nil)
		if r.Took != 0 {
			t.Errorf("took %v", r.Took)
		}
		for _, want := range []error{oops, boom, shutdown.ErrExited} {
			if !errors.Is(err, want) {
				t.Errorf("%v is not in %v", want, err)
			}
		}
		var p *shutdown.PanicError
		if m := member(t, r, "a", "panics"); m.Outcome != shutdown.Failed || !errors.As(m.Err, &p) ||
			!strings.Contains(string(p.Stack), "TestFailuresArePartOfTheReport") {
			t.Errorf("panics: %+v", m)
		}
		if m := member(t, r, "a", "panics oddly"); !errors.As(m.Err, &p) || p.Value != "text" ||
			errors.Unwrap(p) != nil {
			t.Errorf("panics oddly: %+v", m)
		}
		if m := member(t, r, "b", "fine"); m.Outcome != shutdown.Drained {
			t.Errorf("fine: %+v", m)
		}
		if got, want := err.Error(),
			"shutdown: of 5 members 4 failed (a/fails, a/panics, a/panics oddly, a/exits)"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
