package compat_test

import (
	"path/filepath"
	"testing"

	"github.com/mainspring-go/mainspring/integration/compat"
	"github.com/mainspring-go/mainspring/testkit/runnertest"
)

// Every stored history is replayed in pages of all sizes, and runs are rebuilt
// and kept in every way in which workers might have.
func TestStoredHistoriesCutAnywhere(t *testing.T) {
	r, err := compat.NewReplayer()
	if err != nil {
		t.Fatal(err)
	}
	var cover runnertest.Coverage
	for _, label := range labels(t) {
		of := runnertest.TestHistories(t, filepath.Join(testdata, label), func(*testing.T, string) runnertest.Cuts {
			return runnertest.Cuts{Runner: r.Runner, Seed: 1}
		})
		// What goes on live goes on by the rules of today.
		if today := label == string(compat.Ours) || label == string(compat.SDK); today && of.Foreign > 0 {
			t.Errorf("%s: code uses other flags than these histories have: %+v", label, of)
		}
		cover.Add(of)
	}
	t.Logf("%+v", cover)
	if cover.Rebuilt < 400 || cover.Live < 3*cover.Rebuilt {
		t.Errorf("these histories test too little: %+v", cover)
	}
}
