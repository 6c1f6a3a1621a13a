package compat_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mainspring-go/mainspring/integration/compat"
)

const testdata = "testdata"

// labels are those of all that was recorded.
func labels(t *testing.T) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(testdata)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// stored calls f with every story that was recorded.
func stored(t *testing.T, f func(t *testing.T, label string, c compat.Case, s compat.Story)) {
	t.Helper()
	for _, label := range labels(t) {
		for _, c := range compat.All() {
			s, err := compat.Load(testdata, label, c.Name)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Histories) == 0 {
				continue
			}
			t.Run(label+"/"+c.Name, func(t *testing.T) { f(t, label, c, s) })
		}
	}
}

// Every case was recorded on both sides.
func TestEveryCaseIsRecorded(t *testing.T) {
	for _, c := range compat.All() {
		for _, side := range compat.Sides() {
			if s, err := compat.Load(testdata, string(side), c.Name); err != nil || len(s.Histories) == 0 {
				t.Errorf("%s of %s: got %d histories, error %v; see the package comment for how to record", c.Name,
					side, len(s.Histories), err)
			}
		}
	}
}

// What is recorded belongs to a case.
func TestEveryRecordHasItsCase(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	stored(t, func(_ *testing.T, _ string, _ compat.Case, s compat.Story) { n += len(s.Histories) })
	if n != len(files) {
		t.Errorf("%d files hold %d histories of cases", len(files), n)
	}
}

func TestHistoriesReplayOnOurs(t *testing.T) {
	r, err := compat.NewReplayer()
	if err != nil {
		t.Fatal(err)
	}
	stored(t, func(t *testing.T, _ string, _ compat.Case, s compat.Story) {
		for n, h := range s.Histories {
			if err := r.Replay(h); err != nil {
				t.Errorf("history %d: %v", n+1, err)
			}
		}
	})
}

func TestHistoriesReplayOnTheSDK(t *testing.T) {
	stored(t, func(t *testing.T, _ string, _ compat.Case, s compat.Story) {
		for n, h := range s.Histories {
			if err := compat.ReplayOnSDK(h); err != nil {
				t.Errorf("history %d: %v", n+1, err)
			}
		}
	})
}

// The histories of both sides were the same when they were recorded.
func TestHistoriesAreTheSame(t *testing.T) {
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			theirs, err := compat.Load(testdata, string(compat.SDK), c.Name)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := compat.Load(testdata, string(compat.Ours), c.Name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := compat.Differences(theirs, ours); diff != "" && !c.Random {
				t.Errorf("what has happened (-on the SDK +on ours):\n%s", diff)
			}
		})
	}
}

// Every feature has a case, and every case a feature.
func TestEveryFeatureIsCovered(t *testing.T) {
	covered, names := make(map[compat.Feature]bool), make(map[string]bool)
	for _, c := range compat.All() {
		if names[c.Name] {
			t.Errorf("two cases are named %s", c.Name)
		}
		names[c.Name] = true
		if len(c.Covers) == 0 {
			t.Errorf("%s covers nothing", c.Name)
		}
		for _, f := range c.Covers {
			covered[f] = true
		}
	}
	for _, f := range compat.Features() {
		if !covered[f] {
			t.Errorf("no case covers %s", f)
		}
		delete(covered, f)
	}
	for f := range covered {
		t.Errorf("%s is not in the list of features", f)
	}
}
