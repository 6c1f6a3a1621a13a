package compat_test

import (
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
	cover := runnertest.TestHistories(t, testdata, func(*testing.T, string) runnertest.Cuts {
		return runnertest.Cuts{Runner: r.Runner, Seed: 1}
	})
	t.Logf("%+v", cover)
	if cover.Rebuilt < 400 || cover.Live < 3*cover.Rebuilt || cover.Foreign > 0 {
		t.Errorf("these histories test too little: %+v", cover)
	}
}
