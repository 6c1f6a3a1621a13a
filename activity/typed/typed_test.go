package typed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/typed"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// all has an activity of each shape, which returns how many arguments it was given.
func all(called *int) []typed.Registrable {
	type (
		c = context.Context
		n = int
	)
	done := func(n int) error { *called = n; return nil } //nolint:unparam // so that each is one line
	return []typed.Registrable{
		typed.Func0("F0", func(c) (n, error) { return 0, done(0) }),
		typed.Func1("F1", func(_ c, a n) (n, error) { return a, done(1) }),
		typed.Func2("F2", func(_ c, a, b n) (n, error) { return a + b, done(2) }),
		typed.Func3("F3", func(_ c, a, b, d n) (n, error) { return a + b + d, done(3) }),
		typed.Func4("F4", func(_ c, a, b, d, e n) (n, error) { return a + b + d + e, done(4) }),
		typed.Func5("F5", func(_ c, a, b, d, e, f n) (n, error) { return a + b + d + e + f, done(5) }),
		typed.Func6("F6", func(_ c, a, b, d, e, f, g n) (n, error) { return a + b + d + e + f + g, done(6) }),
		typed.Do0("D0", func(c) error { return done(0) }),
		typed.Do1("D1", func(c, n) error { return done(1) }),
		typed.Do2("D2", func(c, n, n) error { return done(2) }),
		typed.Do3("D3", func(c, n, n, n) error { return done(3) }),
		typed.Do4("D4", func(c, n, n, n, n) error { return done(4) }),
		typed.Do5("D5", func(c, n, n, n, n, n) error { return done(5) }),
		typed.Do6("D6", func(c, n, n, n, n, n, n) error { return done(6) }),
	}
}

func TestEveryShapeRuns(t *testing.T) {
	var called int
	r := activity.NewRegistry()
	if err := typed.Register(r, all(&called)...); err != nil {
		t.Fatal(err)
	}
	for _, a := range all(&called) {
		d, err := r.Lookup(a.Name())
		if err != nil {
			t.Fatal(err)
		}
		n := int(a.Name()[1] - '0')
		args := []any{1, 2, 3, 4, 5, 6}[:n]
		called = -1
		result, err := (&activity.Call{Definition: d, Args: args}).Run(t.Context())
		if err != nil || called != n {
			t.Errorf("%s: called with %d arguments, %v", a.Name(), called, err)
		}
		want := ""
		if a.Name()[0] == 'F' {
			want = fmt.Sprint(n * (n + 1) / 2)
		}
		if got := strings.Join(converter.GetDefaultDataConverter().ToStrings(result), ","); got != want {
			t.Errorf("%s returned %q, want %q", a.Name(), got, want)
		}
	}
}

// What is wrong is told, all of it; what is right is registered.
func TestRegisterRefuses(t *testing.T) {
	r := activity.NewRegistry()
	fine := func(context.Context) error { return nil }
	err := typed.Register(r,
		typed.Do0("fine", fine), typed.Do0("", fine), typed.Func1[string, int]("Missing", nil),
		typed.Do0("fine", fine), typed.Activity[int]{}, typed.Do0("also", fine))
	for _, want := range []string{"has no name", `"Missing" has no function: register what With returns`, "fine"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want something about %q", err, want)
		}
	}
	if got := r.Types(); !slices.Equal(got, []string{"also", "fine"}) {
		t.Errorf("registered %v", got)
	}
	if err := typed.Register(r, nil); err == nil {
		t.Error("a nil was registered")
	}
}

func TestWithKeepsTheName(t *testing.T) {
	sentinel := errors.New("from the function")
	a := typed.Do1[string]("Ship", nil)
	if a.Function() != nil {
		t.Error("there is a function")
	}
	b := a.With(func(context.Context, string) error { return sentinel })
	if b.Name() != "Ship" || !errors.Is(b.Function()(t.Context(), ""), sentinel) || a.Function() != nil {
		t.Errorf("got %q, and the one without a function has one: %v", b.Name(), a.Function() != nil)
	}
}
