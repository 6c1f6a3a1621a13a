package surface_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/surface.md, and prune missing.txt")

func TestOurPackagesOfferWhatTheSDKOffers(t *testing.T) {
	t.Parallel()
	sdk, ours := load(t)
	var differences []difference
	for _, p := range pairs() {
		differences = append(differences, compare(sdk, ours, p.sdk)...)
	}
	text, err := os.ReadFile("missing.txt")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		text = []byte(prune(string(text), differences))
		if err := os.WriteFile("missing.txt", text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	known, err := parseReasons(string(text))
	if err != nil {
		t.Fatal(err)
	}
	all, complaints := known.excuse(differences)
	for _, complaint := range complaints {
		t.Error(complaint)
	}
	if len(complaints) > 0 {
		return
	}
	wantPage(t, page(sdk, ours, all))
}

// page is docs/surface.md.
func page(sdk, ours library, all []excused) string {
	var b strings.Builder
	b.WriteString(`# The surface, beside that of the Go SDK

What the Go SDK's packages export and ours do not, or not in the same way, and why. Names, kinds,
signatures, fields, method sets and constants are compared; a name that is missing stands for all
that belongs to it. Written by

    go test ./integration/surface -count=1 -update

from ` + "`integration/surface/missing.txt`" + `, and checked by the same test.
`)
	for _, p := range pairs() {
		fmt.Fprintf(&b, "\n## %s\n\n", p.sdk)
		var table, old []string
		for _, e := range all {
			switch {
			case !strings.HasPrefix(e.name, p.sdk+"."):
			case e.why == deprecated:
				old = append(old, "`"+e.name+"`")
			default:
				table = append(table, fmt.Sprintf("| `%s` | %s | %s |\n",
					e.name, strings.ReplaceAll(e.what, "|", "\\|"), e.why))
			}
		}
		fmt.Fprintf(&b, "Of %d names, fields and methods, %d differ and %d more are deprecated.\n",
			len(sdk.surface(p.sdk)), len(table), len(old))
		if len(table) > 0 {
			fmt.Fprintf(&b, "\n| name | there, and here | why |\n|---|---|---|\n%s", strings.Join(table, ""))
		}
		if len(old) > 0 {
			fmt.Fprintf(&b, "\nDeprecated there and left out here: %s.\n", strings.Join(old, ", "))
		}
		b.WriteString(apart(sdk, ours, p))
	}
	return b.String()
}

// apart says which names are not in our first package for the SDK's.
func apart(sdk, ours library, p pair) string {
	theirs := map[string]bool{}
	for _, it := range sdk.surface(p.sdk) {
		theirs[it.name] = true
	}
	names := map[string][]string{}
	for _, it := range ours.surface(p.sdk) {
		if it.parent == "" && theirs[it.name] {
			names[it.from] = append(names[it.from], "`"+it.name+"`")
		}
	}
	var b strings.Builder
	for i, path := range p.ours {
		if i > 0 {
			fmt.Fprintf(&b, "\nIn `%s` here: %s.\n", path, strings.Join(names[ourRoot+path], ", "))
		}
	}
	return b.String()
}

func wantPage(t *testing.T, text string) {
	t.Helper()
	at := filepath.Join("..", "..", "docs", "surface.md")
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
		t.Error("docs/surface.md is not what this test would write: run it with -update")
	}
}
