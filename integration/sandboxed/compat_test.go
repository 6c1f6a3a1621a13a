package sandboxed_test

import (
	"os"
	"testing"

	"github.com/mainspring-go/mainspring/integration/compat"
)

const stored = "../compat/testdata"

func TestStoredHistoriesReplayInASandbox(t *testing.T) {
	r, err := compat.NewReplayerOn(newRunner(t, "compat"))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := os.ReadDir(stored)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, label := range labels {
		for _, c := range compat.All() {
			s, err := compat.Load(stored, label.Name(), c.Name)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range s.Histories {
				n++
				if err := r.Replay(h); err != nil {
					t.Errorf("%s of %s, history %d: %v", c.Name, label.Name(), i+1, err)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d histories are stored", n)
	}
}

func TestSandboxedDoesAsTheSDK(t *testing.T) {
	r := newRunner(t, "compat")
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			if diff := compat.DifferInMemory(t, c, compat.OnRunner(r)); diff != "" {
				t.Errorf("what has happened (-on the SDK +in a sandbox):\n%s", diff)
			}
		})
	}
}
