package options_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	sdkworker "go.temporal.io/sdk/worker"
)

// A wish is a name of the specification.
type wish struct {
	name, fallback, words string
	// missing is why there is no such option.
	missing string
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// wishes reads spec.txt.
func wishes(t *testing.T) []wish {
	t.Helper()
	var all []wish
	for _, line := range lines(t, "spec.txt") {
		parts := strings.Split(line, "|")
		if len(parts) != 4 {
			t.Fatalf("spec.txt: %q has %d parts, want 4", line, len(parts))
		}
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		all = append(all, wish{parts[0], parts[1], parts[2], parts[3]})
	}
	return all
}

// A counterpart says what becomes of an option of the SDK.
type counterpart struct {
	theirs string
	ours   string // empty if there is none
	words  string
}

// counterparts reads sdk.txt, in the order of the SDK's fields. Each has one line.
func counterparts(t *testing.T) []counterpart {
	t.Helper()
	has := map[string]counterpart{}
	for _, line := range lines(t, "sdk.txt") {
		names, words, _ := strings.Cut(line, ": ")
		theirs, ours, _ := strings.Cut(names, " = ")
		if _, twice := has[theirs]; twice || words == "" {
			t.Fatalf("sdk.txt: %q has no words, or is the second line of its name", line)
		}
		has[theirs] = counterpart{theirs, ours, words}
	}
	var all []counterpart
	typ := reflect.TypeFor[sdkworker.Options]()
	for f := range typ.Fields() {
		name := f.Name
		c, ok := has[name]
		if !ok {
			t.Errorf("sdk.txt has no line for the SDK's option %s: say what becomes of it", name)
		}
		delete(has, name)
		all = append(all, c)
	}
	for name := range has {
		t.Errorf("sdk.txt has a line for %s, which is no option of the SDK", name)
	}
	return all
}

func TestNamesInTheTablesExist(t *testing.T) {
	ours := map[string]bool{}
	for _, o := range read(t) {
		ours[o.name] = true
		top, _, _ := strings.Cut(o.name, ".")
		ours[top] = true
	}
	for _, c := range counterparts(t) {
		if c.ours != "" && !ours[c.ours] {
			t.Errorf("sdk.txt: %s is to be %s, which is no option", c.theirs, c.ours)
		}
	}
	for _, w := range wishes(t) {
		switch {
		case w.words == "" || w.fallback == "":
			t.Errorf("spec.txt: %s has no words or no default", w.name)
		case !ours[w.name] && w.missing == "":
			t.Errorf("spec.txt: %s is no option: make it one, or say why not", w.name)
		}
	}
}
