package settings_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/integration/quickstart/settings"
)

func TestFlagsAreRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want settings.Settings
	}{
		{nil, settings.Settings{Namespace: "default"}},
		{
			[]string{"-address", "localhost:7233", "-namespace", "shop", "-serve"},
			settings.Settings{Address: "localhost:7233", Namespace: "shop", Serve: true},
		},
		{[]string{"-address=[::1]:1"}, settings.Settings{Address: "[::1]:1", Namespace: "default"}},
	}
	for _, tt := range tests {
		got, err := settings.Parse(tt.args, io.Discard)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", tt.args, got, err, tt.want)
		}
	}
}

func TestMistakesAreToldOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"-addr", "x:1"}, "-addr"},
		{[]string{"-address", "localhost"}, "host:port"},
		{[]string{"-address", "localhost:"}, "host:port"},
		{[]string{"-namespace", ""}, "-namespace is empty"},
		{[]string{"now"}, `unknown argument "now"`},
	}
	for _, tt := range tests {
		var told strings.Builder
		_, err := settings.Parse(tt.args, &told)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): error %v, want one that says %q", tt.args, err, tt.want)
		}
		if n := strings.Count(told.String(), tt.want); n == 0 {
			t.Errorf("Parse(%q) told %q, want it to say %q", tt.args, told.String(), tt.want)
		}
	}
	var told strings.Builder
	if _, err := settings.Parse([]string{"-h"}, &told); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("Parse(-h): %v, want flag.ErrHelp", err)
	}
	if !strings.Contains(told.String(), "-serve") {
		t.Errorf("the help does not mention -serve: %q", told.String())
	}
}

func ExampleParse() {
	s, err := settings.Parse([]string{"-address", "localhost:7233"}, os.Stderr)
	if err != nil {
		return
	}
	fmt.Println(s.Address, s.Namespace, s.Serve)
	// Output: localhost:7233 default false
}
