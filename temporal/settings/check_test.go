package settings_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/temporal/settings"
)

func TestCheck(t *testing.T) {
	var (
		count, filled   = 7, 0
		wait, unbounded = time.Second, time.Duration(0)
		nobody          *vault
		nothing         storeFunc
	)
	cases := map[string]struct {
		check func(*settings.Check)
		want  string // empty if nothing is wrong
	}{
		"a count":      {check: func(c *settings.Check) { c.Count("N", &count, 3, 9) }},
		"no count":     {check: func(c *settings.Check) { c.Count("N", &filled, 3, 9) }},
		"negative":     {func(c *settings.Check) { c.Count("N", new(-1), 3, 9) }, "pkg: N is -1: use zero for the default of 3 or a number up to 9"},
		"too many":     {func(c *settings.Check) { c.Count("N", new(10), 3, 9) }, "pkg: N is 10: use zero for the default of 3 or a number up to 9"},
		"a duration":   {check: func(c *settings.Check) { c.Duration("D", &wait, time.Minute) }},
		"no duration":  {check: func(c *settings.Check) { c.Duration("D", &unbounded, time.Minute) }},
		"backwards":    {func(c *settings.Check) { c.Duration("D", new(-time.Second), time.Minute) }, "pkg: D is -1s: use zero, which means 1m0s, or a positive duration"},
		"a rate":       {check: func(c *settings.Check) { c.Rate("R", 0.5, "calls") }},
		"no rate":      {check: func(c *settings.Check) { c.Rate("R", 0, "calls") }},
		"not a number": {func(c *settings.Check) { c.Rate("R", math.NaN(), "calls") }, "pkg: R is NaN: use zero for no limit or a positive number of calls a second"},
		"endless":      {func(c *settings.Check) { c.Rate("R", math.Inf(1), "calls") }, "pkg: R is +Inf: use zero for no limit or a positive number of calls a second"},
		"a part":       {check: func(c *settings.Check) { c.Part("P", &vault{}) }},
		"no part":      {check: func(c *settings.Check) { c.Part("P", nil) }},
		"nil pointer":  {func(c *settings.Check) { c.Part("P", nobody) }, "pkg: P is a nil *settings_test.vault: leave the field out for the default or give one that is made"},
		"nil function": {func(c *settings.Check) { c.Part("P", nothing) }, "pkg: P is a nil settings_test.storeFunc: leave the field out for the default or give one that is made"},
		"an element":   {check: func(c *settings.Check) { c.Element("E[0]", &vault{}) }},
		"no element":   {func(c *settings.Check) { c.Element("E[0]", nil) }, "pkg: E[0] is nil: leave it out or give one that is made"},
		"nil in it":    {func(c *settings.Check) { c.Element("E[0]", nobody) }, "pkg: E[0] is a nil *settings_test.vault: leave it out or give one that is made"},
		"harmless":     {check: func(c *settings.Check) { c.AddCause("F", "/dir", nil) }},
		"with cause":   {func(c *settings.Check) { c.AddCause("F", "/dir", errors.New("locked")) }, "pkg: F is /dir: locked"},
		"accepted":     {check: func(c *settings.Check) { c.Refused("F", &vault{}, nil) }},
		"refused":      {func(c *settings.Check) { c.Refused("F", &vault{}, errors.New("locked")) }, "pkg: F is *settings_test.vault: locked"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			c := settings.Check{Of: "pkg"}
			tt.check(&c)
			var got string
			if err := c.Err(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	want := []any{7, 3, time.Second, time.Minute}
	if diff := cmp.Diff(want, []any{count, filled, wait, unbounded}); diff != "" {
		t.Errorf("after the checks: -want +got:\n%s", diff)
	}
}

func TestCheckTellsAllAtOnce(t *testing.T) {
	var c settings.Check
	cause := errors.New("locked")
	c.Add("A", 1, "use 2")
	c.Refused("B", &vault{}, cause)
	err := c.Err()
	if !errors.Is(err, cause) || len(c.Errors()) != 2 {
		t.Fatalf("found %v: want both, the second with its cause", err)
	}
	var first *settings.Error
	if !errors.As(err, &first) {
		t.Fatalf("%v is no *settings.Error", err)
	}
	if diff := cmp.Diff(settings.Error{Field: "A", Value: "1", Fix: "use 2"}, *first); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func ExampleCheck() {
	options := struct {
		Workers int
		Wait    time.Duration
	}{Workers: -1}
	c := settings.Check{Of: "farm"}
	c.Count("Workers", &options.Workers, 4, 100)
	c.Duration("Wait", &options.Wait, time.Second)
	fmt.Println(c.Err())
	fmt.Println(options.Wait)
	// Output:
	// farm: Workers is -1: use zero for the default of 4 or a number up to 100
	// 1s
}
