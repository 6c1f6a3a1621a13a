package local_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/local"
)

// An activity that takes no notice of its cancellation runs on when its attempt is over, and is
// known to.
func TestRunningKnowsWhoGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := new(activity.Running)
		r := newRunner(t, local.Options{Running: running})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Run(ctx, attempt(t, func() error { time.Sleep(time.Minute); return nil }))
		if err == nil {
			t.Error("the attempt was not canceled")
		}
		if all := running.List(); len(all) != 1 || !all[0].Info.IsLocalActivity || all[0].Info.ActivityID != "7" {
			t.Errorf("%+v run", all)
		}
		time.Sleep(time.Hour)
		if left := running.List(); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	})
}
