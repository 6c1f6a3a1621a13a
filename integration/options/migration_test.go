package options_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const migrationPage = "migrating-from-the-go-sdk.md"

// The page has the table of the SDK's options, and shows code that is built and run elsewhere.
func TestMigrationPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", migrationPage))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- options: written by integration/options -->\n", "<!-- end of options -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("docs/%s has no place for the options, between %q and %q", migrationPage, begin, end)
	}
	var b strings.Builder
	b.WriteString("| `worker.Options` of the SDK | here | what differs |\n|---|---|---|\n")
	for _, c := range counterparts(t) {
		ours := "none"
		if c.ours != "" {
			ours = "[" + c.ours + "](options.md#" + anchor(c.ours) + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.theirs, ours, c.words)
	}
	wantPage(t, migrationPage, withCode(t, before+begin+b.String()+end+after))
}

// withCode is a page with the files that it names above its blocks of code inside of these.
func withCode(t *testing.T, page string) string {
	t.Helper()
	blocks := 0
	page = regexp.MustCompile("(?s)<!-- (before|after): (\\S+) -->\n```go\n.*?```").ReplaceAllStringFunc(page,
		func(block string) string {
			blocks++
			heading, _, _ := strings.Cut(block, "\n")
			name := strings.Fields(heading)[2]
			code, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			return heading + "\n```go\n" + strings.TrimPrefix(string(code), "package main\n\n") + "```"
		})
	if blocks != 2 {
		t.Errorf("docs/%s shows %d files, want the worker before and after", migrationPage, blocks)
	}
	return page
}

// The script that rewrites programs knows every option that only has another name.
func TestTheScriptRenamesOptions(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "scripts", "from-the-go-sdk"))
	if err != nil {
		t.Fatal(err)
	}
	renames := map[string]string{}
	for _, m := range regexp.MustCompile(`\)(\w+):/\\1(\w+):/`).FindAllStringSubmatch(string(script), -1) {
		renames[m[1]] = m[2]
	}
	for _, c := range counterparts(t) {
		if c.ours == "" || c.ours == c.theirs || strings.Contains(c.ours, ".") {
			continue
		}
		if renames[c.theirs] != c.ours {
			t.Errorf("scripts/from-the-go-sdk makes %q of %s, want %s", renames[c.theirs], c.theirs, c.ours)
		}
		delete(renames, c.theirs)
	}
	for theirs, ours := range renames {
		t.Errorf("scripts/from-the-go-sdk makes %s of %s, of which sdk.txt knows nothing", ours, theirs)
	}
}
