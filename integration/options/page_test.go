package options_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/options.md and the tables of docs/migrating-from-the-go-sdk.md")

// wantPage checks a page of docs, or writes it.
func wantPage(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join("..", "..", "docs", name)
	if *update {
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("docs/%s is not what this test would write: run it with -update", name)
	}
}

func TestOptionsPage(t *testing.T) {
	all := read(t)
	values := defaults(t, all)
	spec, sdk := map[string]wish{}, map[string][]string{}
	for _, w := range wishes(t) {
		spec[w.name] = w
	}
	for _, c := range counterparts(t) {
		sdk[c.ours] = append(sdk[c.ours], "`"+c.theirs+"`")
	}
	var b strings.Builder
	b.WriteString(`# Options of a worker

Every field of ` + "`worker.Options`" + ` in ` + "`core/worker`" + `: what it means, its default, what is refused, and
beside it the words of the specification and the name in the Go SDK's ` + "`worker.Options`" + `. A
worker prints what it was given and what is in force with ` + "`w.Config()`" + `. Written by

    go test ./integration/options -count=1 -update

from the code, and checked by the same test.

| option | type | default | unit | the specification's default | Go SDK |
|---|---|---|---|---|---|
`)
	for _, o := range all {
		name := ""
		if w, ok := spec[o.name]; ok {
			name = w.fallback
		}
		top, _, _ := strings.Cut(o.name, ".")
		if len(sdk[o.name]) == 0 {
			sdk[o.name] = sdk[top]
		}
		fmt.Fprintf(&b, "| [%s](#%s) | `%s` | %s | %s | %s | %s |\n", o.name, anchor(o.name), o.typ,
			values[o.name], unit(o), name, strings.Join(sdk[o.name], ", "))
	}
	none := "\nNames of the specification that are no options:\n\n| name | its words | why |\n|---|---|---|\n"
	ours := map[string]bool{}
	for _, o := range all {
		ours[o.name] = true
	}
	for _, w := range wishes(t) {
		if !ours[w.name] {
			fmt.Fprintf(&b, "%s| %s | %s | %s |\n", none, w.name, w.words, w.missing)
			none = ""
		}
	}
	if none != "" {
		b.WriteString("\nEvery name of the specification is an option.\n")
	}
	for _, o := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", o.name, unlinked(o.doc))
		if w, ok := spec[o.name]; ok {
			fmt.Fprintf(&b, "\n- Specification: %s\n", w.words)
		} else if names := sdk[o.name]; len(names) == 0 {
			b.WriteString("\n- Not in the specification, and not in the SDK.\n")
		} else {
			b.WriteString("\n- Not in the specification.\n")
		}
		for _, m := range mistakes(t, o) {
			fmt.Fprintf(&b, "- Refused: %s.\n", m)
		}
		if slices.Contains(interfaces(), o.typ) {
			b.WriteString("- Refused: a nil pointer in the interface.\n")
		}
	}
	wantPage(t, "options.md", b.String())
}

// interfaces are the types of options that may hold a nil pointer.
func interfaces() []string {
	return []string{
		"runner.Runner", "task.Executor", "activity.Executor", "slots.Supplier", "ratelimit.Limiter",
		"poller.Scaler", "converter.DataConverter", "converter.FailureConverter", "metrics.Handler",
	}
}

// anchor is how a page links to a heading.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), ".", "") }
