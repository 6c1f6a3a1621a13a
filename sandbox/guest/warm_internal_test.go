package guest

import "testing"

func TestWhatWarmsRunsToItsEnd(t *testing.T) {
	for range 2 {
		if err := newWarmer().live(); err != nil {
			t.Error(err)
		}
	}
}
