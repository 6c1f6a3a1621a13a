package settings_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal/settings"
)

type options struct {
	Name      string
	Types     []any
	Most      *int
	Ratio     *float64
	Safe      *bool
	PerSecond float64
	Share     float64
	Wait      time.Duration
	Then      func(context.Context) error
	Store     store
	Vault     *vault
	Limits    limits
	private   int
}

type limits struct{ Bytes, Words int }

type store interface{ Get() }

type vault struct{ secret string }

func (*vault) Get() {}

type storeFunc func()

func (storeFunc) Get() {}

func greet(context.Context) error { return nil }

func TestCompare(t *testing.T) {
	given := options{Name: "n", Wait: time.Minute, Types: []any{greet, &vault{"hush"}, "x"}}
	holds := options{
		Name: "n", Types: given.Types, Most: new(7), Ratio: new(0.5), Safe: new(true), Share: 0.1, Wait: -1,
		Then: greet, Store: &vault{"hush"}, Vault: &vault{"hush"}, Limits: limits{Bytes: 3, Words: -1}, private: 1,
	}
	var b strings.Builder
	for _, a := range settings.Compare(given, holds) {
		fmt.Fprintln(&b, a)
	}
	const us = "github.com/mainspring-go/mainspring/temporal/settings_test"
	want := `Name="n"
Types=[` + us + `.greet *settings_test.vault string]
Most=7 (not given)
Ratio=0.5 (not given)
Safe=true (not given)
PerSecond=no limit (not given)
Share=0.1 (not given)
Wait=off (given 1m0s)
Then=` + us + `.greet (not given)
Store=*settings_test.vault (not given)
Vault=*settings_test.vault (not given)
Limits.Bytes=3 (not given)
Limits.Words=off (not given)
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCompareNothing(t *testing.T) {
	for _, a := range settings.Compare(options{}, options{}) {
		if !strings.HasSuffix(a.Value.String(), "(not given)") {
			t.Errorf("%s", a)
		}
	}
	o := options{Store: storeFunc(func() {})}
	for _, a := range settings.Compare(o, o) {
		if a.Key == "Store" && !strings.Contains(a.Value.String(), "TestCompareNothing.func1") {
			t.Errorf("%s", a)
		}
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	o := options{Types: []any{1, 2}, Most: new(7), Ratio: new(0.5), Safe: new(true), Vault: &vault{}, private: 3}
	c := settings.Clone(o)
	c.Types[0], *c.Most, *c.Ratio, *c.Safe = 9, 9, 9, false
	if o.Types[0] != 1 || *o.Most != 7 || *o.Ratio != 0.5 || !*o.Safe {
		t.Errorf("the original is now %+v", o)
	}
	if c.Vault != o.Vault || c.private != 3 || c.Name != o.Name {
		t.Errorf("got %+v of %+v", c, o)
	}
	if e := settings.Clone(options{}); e.Types != nil || e.Most != nil {
		t.Errorf("nothing became %+v", e)
	}
}
