package compat_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/integration/compat"
)

var update = flag.Bool("update", false, "write docs/compatibility.md anew")

const document = "../../docs/compatibility.md"

const preface = `# Histories that move between Mainspring and the Go SDK

Each of these workflows is written once and compiled for both, by import path alone (` + "`integration/compat`" + `). On a
real server

- it runs on the SDK and on ours, and both leave **the same history**, event by event with all attributes, but for
  times, ids and names of who worked;
- what either has recorded **replays on both**: on the SDK's replayer, and on ours from the beginning and rebuilt at
  every workflow task, kept in memory from there on;
- a run whose **workers take turns**, an SDK's and one of ours, which stop between its tasks, comes to the same end.

The recorded histories stay in ` + "`integration/compat/testdata`" + ` and are replayed by the tests of that package for
ever. %d histories with %d events are there, recorded as

%s
This page is written by

    go test ./integration/compat -run TestDocument -update

| case | workflow | covers | events |
|---|---|---|--:|
`

// TestDocument keeps the page true.
func TestDocument(t *testing.T) {
	var rows strings.Builder
	for _, c := range compat.All() {
		covers := make([]string, 0, len(c.Covers))
		for _, f := range c.Covers {
			covers = append(covers, string(f))
		}
		s, err := compat.Load(testdata, string(compat.SDK), c.Name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %d |\n", c.Name, c.Workflow, strings.Join(covers, ", "), events(s))
	}
	histories, all, recorded := recorded(t)
	want := fmt.Sprintf(preface, histories, all, recorded) + rows.String()
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run this test with -update: docs/compatibility.md is not what it should be (-want +got):\n%s", diff)
	}
}

// recorded counts what is in testdata and names its labels.
func recorded(t *testing.T) (histories, all int, list string) {
	t.Helper()
	var b strings.Builder
	for _, label := range labels(t) {
		n := 0
		for _, c := range compat.All() {
			s, err := compat.Load(testdata, label, c.Name)
			if err != nil {
				t.Fatal(err)
			}
			n += len(s.Histories)
			all += events(s)
		}
		histories += n
		fmt.Fprintf(&b, "- `%s`: %d\n", label, n)
	}
	return histories, all, b.String()
}

func events(s compat.Story) (n int) {
	for _, h := range s.Histories {
		n += len(h.GetEvents())
	}
	return n
}
