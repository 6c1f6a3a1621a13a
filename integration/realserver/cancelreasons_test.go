package realserver_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/integration/activitystories"
)

// TestActivityStories tells the stories of package activitystories to the real server.
func TestActivityStories(t *testing.T) {
	t.Parallel()
	for _, s := range activitystories.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.Run(t, activitystories.Server{Address: server.Address()})
		})
	}
}
